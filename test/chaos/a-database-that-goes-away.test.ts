import { expect } from 'vitest';
import { describeTrial } from './short.js';

describeTrial('a database that goes away under calls and posts', 'costs no post, no call and no second of either', {
  trial: 'database',
  versions: [22],
  look({ accounts, counted }) {
    expect(counted['posts']).toBeGreaterThan(100);
    expect(counted['refused']).toBe(0);
    for (const { calls, records, gaps } of Object.values(accounts)) {
      expect(records).toBe(calls);
      expect(gaps).toBe(0);
    }
  },
});
