import { expect, test } from 'vitest';
import { runPartitionMaintenance } from '../../src/db/partitions.js';
import type { Pool } from '../../src/db/pool.js';
import { withDb } from '../support/db.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 15, 13, 30);
const RETENTION = { factsDays: 7, logsMonths: 2 };

function fact(pool: Pool, at: number): Promise<unknown> {
  return pool.query(
    `INSERT INTO asterisk_logs (timestamp, pbx, source, event_type, raw_data) VALUES ($1, 'pbx-1:5038', 'ami', 'Hangup', '{"n": 1}')`,
    [new Date(at)],
  );
}

function attempt(pool: Pool, type: string, at: number): Promise<unknown> {
  return pool.query(
    `INSERT INTO integration_logs (created_at, enterprise_number, integration_type, event_type, status) VALUES ($1, '0367', $2, 'start', 'success')`,
    [new Date(at), type],
  );
}

async function whereAre(pool: Pool, table: string): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ part: string; count: number }>(
    `SELECT tableoid::regclass::text AS part, count(*)::integer AS count FROM ${table} GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ part, count }) => [part, count]));
}

test('days and months are made ahead of time, and a second run finds nothing to do', async () => {
  await withDb(async ({ pool }) => {
    const first = await runPartitionMaintenance(pool, NOW, RETENTION);
    expect(first.created).toEqual(
      expect.arrayContaining([
        'asterisk_logs_20260315',
        'asterisk_logs_20260318',
        'integration_logs_retailcrm_202603',
        'integration_logs_other_202605',
      ]),
    );
    expect(first.created).toHaveLength(4 + 5 * 3);
    expect(await runPartitionMaintenance(pool, NOW, RETENTION)).toEqual({
      created: [],
      dropped: [],
      moved: 0,
      deleted: 0,
      postponed: [],
    });
    await fact(pool, NOW + DAY);
    await attempt(pool, 'a-crm-of-the-future', NOW);
    expect(await whereAre(pool, 'asterisk_logs')).toEqual({ asterisk_logs_20260316: 1 });
    expect(await whereAre(pool, 'integration_logs')).toEqual({ integration_logs_other_202603: 1 });
  });
});

test('rows that came while no partition stood move to their own, keeping their ids, and those too old go', async () => {
  await withDb(async ({ pool }) => {
    for (const at of [NOW, NOW - 3 * DAY, NOW - 40 * DAY, NOW + 20 * DAY]) await fact(pool, at);
    for (const at of [NOW, NOW - 31 * DAY, NOW - 200 * DAY]) await attempt(pool, 'retailcrm', at);
    const ids = async () =>
      (await pool.query(`SELECT id FROM asterisk_logs WHERE timestamp > $1 ORDER BY id`, [new Date(NOW - 10 * DAY)]))
        .rows;
    const before = await ids();
    const report = await runPartitionMaintenance(pool, NOW, RETENTION);
    expect(report).toMatchObject({ moved: 5, deleted: 2, postponed: [] });
    expect(await ids()).toEqual(before);
    expect(await whereAre(pool, 'asterisk_logs')).toEqual({
      asterisk_logs_20260312: 1,
      asterisk_logs_20260315: 1,
      asterisk_logs_20260404: 1,
    });
    expect(await whereAre(pool, 'integration_logs')).toEqual({
      integration_logs_retailcrm_202602: 1,
      integration_logs_retailcrm_202603: 1,
    });
  });
});

test('a partition goes when its youngest possible row is older than the time to keep, not before', async () => {
  await withDb(async ({ pool }) => {
    await runPartitionMaintenance(pool, NOW, RETENTION);
    await fact(pool, NOW);
    await attempt(pool, 'telegram', NOW);
    const kept = await runPartitionMaintenance(pool, NOW + 7 * DAY, RETENTION);
    expect(kept.dropped).toEqual([]);
    const gone = await runPartitionMaintenance(pool, NOW + 8 * DAY, RETENTION);
    expect(gone.dropped).toEqual(['asterisk_logs_20260315']);
    expect(await whereAre(pool, 'asterisk_logs')).toEqual({});
    expect((await runPartitionMaintenance(pool, Date.UTC(2026, 4, 31), RETENTION)).dropped).not.toContain(
      'integration_logs_telegram_202603',
    );
    expect((await runPartitionMaintenance(pool, Date.UTC(2026, 5, 1), RETENTION)).dropped).toContain(
      'integration_logs_telegram_202603',
    );
  });
});

test('several daemons may do it at once, while facts keep arriving', async () => {
  await withDb(
    async ({ pool }) => {
      let writing = true;
      let written = 0;
      const writer = (async () => {
        for (; writing; written += 1) await fact(pool, NOW + (written % 4) * DAY);
      })();
      const reports = await Promise.all([1, 2, 3].map(() => runPartitionMaintenance(pool, NOW, RETENTION)));
      writing = false;
      await writer;
      const created = reports.flatMap((report) => report.created);
      expect(new Set(created).size).toBe(created.length);
      const last = await runPartitionMaintenance(pool, NOW, RETENTION);
      expect([...created, ...last.created].sort()).toHaveLength(4 + 5 * 3);
      const counts = await whereAre(pool, 'asterisk_logs');
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(written);
      expect(counts).not.toHaveProperty('asterisk_logs_default');
    },
    { max: 8 },
  );
});

test('a partition that somebody reads for long is left for the next run, and the others are done', async () => {
  await withDb(async ({ pool }) => {
    await runPartitionMaintenance(pool, NOW, RETENTION);
    const reader = await pool.connect();
    try {
      await reader.query('BEGIN; SELECT * FROM asterisk_logs_20260315');
      const report = await runPartitionMaintenance(pool, NOW + 9 * DAY, RETENTION);
      expect(report.postponed).toContain('asterisk_logs_20260315');
      expect(report.created).toContain('asterisk_logs_20260324');
    } finally {
      await reader.query('COMMIT');
      reader.release();
    }
    expect((await runPartitionMaintenance(pool, NOW + 9 * DAY, RETENTION)).dropped).toContain('asterisk_logs_20260315');
  });
});
