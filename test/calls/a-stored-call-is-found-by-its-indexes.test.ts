import { expect, it } from 'vitest';
import { recallUids } from '../../src/calls/store.js';
import { findCalls, readCall, readFacts, readGaps, readNotes } from '../../src/calls/timeline-store.js';
import { listAttempts, listDeliveries } from '../../src/delivery/inspect.js';
import { withDb } from '../support/db.js';

const ID = '00000000-0000-4000-8000-000000000001';

it('no look-up of a call walks over a table that grows', async () => {
  await withDb(async ({ pool }) => {
    const client = await pool.connect();
    try {
      // Where an index serves, a planner that is told not to scan does not.
      await client.query('SET enable_seqscan = off');
      const plans: string[] = [];
      const explaining = {
        query: async (text: string, values: unknown[]) => {
          const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
          plans.push(...rows.map((row) => row['QUERY PLAN']));
          return { rows: [] };
        },
      } as unknown as Parameters<typeof findCalls>[0];
      const uids = ['1700000000.6', '1700000000.7'];
      await recallUids(explaining, { pbx: '127.0.0.1:5038', enterprises: ['0367'], uids, now: 0 });
      await findCalls(explaining, { enterprise: '0367', pbx: '127.0.0.1:5038', id: '1700000000.6' });
      await readCall(explaining, ID);
      await readNotes(explaining, [ID]);
      await readFacts(explaining, '127.0.0.1:5038', ['1700000000.6'], 0, 1);
      await readGaps(explaining, '127.0.0.1:5038', 0, 1);
      await listDeliveries(explaining, { callIds: [ID] });
      await listAttempts(explaining, [ID]);
      expect(plans.length).toBeGreaterThan(20);
      expect(plans.filter((line) => /Seq Scan on (?!pbx_heartbeats)/.test(line))).toEqual([]);
    } finally {
      client.release(true);
    }
  });
});
