import { expect } from 'vitest';
import { describeTrial } from './short.js';

describeTrial(
  'a daemon, a line, a database or a CRM that was away',
  "leaves, once recovered, one record of each of the PBX's calls, and no card of those that were missed",
  {
    trial: 'outage',
    versions: [22, 16],
    look({ accounts }) {
      for (const { calls, records, inGaps, recovered } of Object.values(accounts)) {
        expect(records).toBe(calls);
        expect(inGaps).toBe(0);
        expect(recovered).toBeGreaterThan(3);
      }
    },
  },
);
