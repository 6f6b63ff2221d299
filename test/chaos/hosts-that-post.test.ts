import { expect, it } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { postingOutages } from './posting-outages.js';

describeWith(
  ['asterisk-22'],
  'hosts that only post, while the daemon, the way to it, the database or the CRM is away',
  () => {
    it(
      'have, once recovered, one right record of each of their calls, and no card of those that were missed',
      { timeout: 300_000 },
      async () => {
        const { violations, tallies, counted } = await postingOutages({ short: true });
        expect(violations, violations.join('\n').slice(0, 6_000)).toEqual([]);
        for (const { what, good, of } of tallies) {
          expect(of, what).toBeGreaterThan(5);
          expect(good, what).toBe(of);
        }
        expect(counted['eventsLost']).toBeGreaterThan(20);
      },
    );
  },
);
