import { expect } from 'vitest';
import { describeTrial } from './short.js';

describeTrial(
  'a CRM that refuses, hangs, talks nonsense or closes',
  'has one record of each call afterwards, no card left open and none opened late',
  {
    trial: 'crm',
    versions: [22],
    look({ accounts, counted }) {
      // Which fault meets which request is left to chance; that they met some is not.
      expect(counted['met']).toBeGreaterThan(0);
      for (const { calls, records } of Object.values(accounts)) expect(records).toBe(calls);
    },
  },
);
