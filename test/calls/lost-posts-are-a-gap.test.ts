import { expect, test } from 'vitest';
import { createLosses } from '../../src/calls/losses.js';
import { saveGap } from '../../src/calls/store.js';
import { withDb } from '../support/db.js';
import { until } from '../support/until.js';

test('posts that could be kept nowhere are listed as one gap when posts are stored again', async () => {
  await withDb(async ({ pool }) => {
    const refused = [new Error('still away')];
    let set = 0;
    const losses = createLosses({
      // Our clock is set by an hour while posts are refused.
      clock: { now: () => 90_000 + set, monotonic: () => 90_000 },
      save: (pbx, from, to) =>
        refused.length > 0 ? Promise.reject(refused.pop() as Error) : saveGap(pool, pbx, 'webhook', from, to),
    });
    losses.began('webhook/0367', 30_000);
    losses.began('webhook/0367', 60_000);
    set = 3_600_000;
    losses.over('webhook/0368');
    losses.over('webhook/0367');
    // The first try was refused, so the next stored post tries again.
    const gaps = await until('the gap', async () => {
      losses.over('webhook/0367');
      const { rows } = await pool.query('SELECT pbx, reason, started_at, ended_at FROM pbx_gaps');
      return rows.length > 0 && rows;
    });
    expect(gaps).toEqual([
      { pbx: 'webhook/0367', reason: 'webhook', started_at: new Date(3_630_000), ended_at: new Date(3_690_000) },
    ]);
  });
});
