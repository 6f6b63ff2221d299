import { expect } from 'vitest';
import { describeTrial } from './short.js';

describeTrial(
  'a daemon killed again and again under calls',
  'leaves one record of every call it had heard of, and lists when it heard nothing',
  {
    trial: 'kill',
    versions: [22, 16],
    look({ accounts }) {
      for (const { calls, records, inGaps } of Object.values(accounts)) expect(records + inGaps).toBe(calls);
    },
  },
);
