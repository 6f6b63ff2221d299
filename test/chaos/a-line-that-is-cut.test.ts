import { expect } from 'vitest';
import { describeTrial } from './short.js';

describeTrial(
  'a line to the PBX that is cut or falls silent',
  'leaves one record of every call that was up before or after, and lists the time between',
  {
    trial: 'link',
    versions: [22, 16],
    look({ accounts, rounds }) {
      for (const { calls, records, inGaps, gaps } of Object.values(accounts)) {
        expect(records + inGaps).toBe(calls);
        expect(gaps).toBe(rounds);
      }
    },
  },
);
