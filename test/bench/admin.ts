/** Pages of a log of millions of lines at any depth, beside the same pages by OFFSET. `ADMIN_ROWS` draws another number of lines. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageOfLog } from '../../src/admin/logs-store.js';
import type { LogFilter } from '../../src/admin/logs-store.js';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { runPartitionMaintenance } from '../../src/db/partitions.js';
import { createPool } from '../../src/db/pool.js';
import type { Pool } from '../../src/db/pool.js';
import type { BenchResult } from './result.js';

const ROWS = Number(process.env['ADMIN_ROWS'] ?? 5_000_000);
const MONTHS = 6;
const PAGE = 50;
const PAGES = 200;
const OFFSET_PAGES = 8;

const FILTERS: readonly [name: string, filter: Partial<LogFilter>][] = [
  ['all of an enterprise', {}],
  ['its errors', { statuses: ['error'] }],
  ['one kind of CRM', { type: 'bitrix24' }],
  ['one number', { phone: '+375290000044' }],
];

export async function benchAdmin(): Promise<BenchResult[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-bench-'));
  const cluster = await openCluster({ dataDir, fast: true, settings: { fsync: 'off' } });
  const pool = createPool(cluster.url('postgres'), { max: 2, answerMs: 600_000 });
  try {
    await migrate(cluster.url('postgres'));
    await fill(pool);
    const results: BenchResult[] = [];
    for (const [name, filter] of FILTERS) results.push(await measure(pool, name, { enterprise: '0001', ...filter }));
    return results;
  } finally {
    await pool.end();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Over six months, four enterprises, four CRMs, a thousand clients; one line in twenty is an error. */
async function fill(pool: Pool): Promise<void> {
  const now = Date.now();
  // Each month is written as if it were now, so that it has its partition.
  for (let back = MONTHS - 1; back >= 0; back -= 1) await runPartitionMaintenance(pool, now - back * 30 * 86_400_000);
  await pool.query(
    `INSERT INTO integration_logs (created_at, enterprise_number, integration_type, event_type, status, phone, duration_ms)
     SELECT now() - n * (interval '1 day' * 30 * ${MONTHS - 1} / $1::float8), '000' || 1 + n % 4,
            (ARRAY['retailcrm', 'bitrix24', 'amocrm', 'telegram'])[1 + (n / 4) % 4], 'hangup',
            CASE WHEN n % 20 < 4 AND n % 5 = 0 THEN 'error' ELSE 'success' END, '+37529' || lpad(((n * 7919) % 1000)::text, 7, '0'), n % 900
       FROM generate_series(1, $1::bigint) n`,
    [ROWS],
  );
  await pool.query('ANALYZE integration_logs');
}

async function measure(pool: Pool, name: string, filter: LogFilter): Promise<BenchResult> {
  const { rows } = await pool.query<{ at: string; n: string }>(
    `SELECT to_char(min(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, count(*) AS n
       FROM integration_logs WHERE enterprise_number = $1 AND ($2::text IS NULL OR status = $2)
        AND ($3::text IS NULL OR integration_type = $3) AND ($4::text IS NULL OR phone = $4)`,
    [filter.enterprise, filter.statuses?.[0] ?? null, filter.type ?? null, filter.phone ?? null],
  );
  const [oldest, count] = [Date.parse(rows[0]?.at ?? ''), Number(rows[0]?.n ?? 0)];
  const depth = (i: number, of: number) => (i + 0.5) / of;
  const span = Date.now() - oldest;
  const byKey: number[] = [];
  for (let i = 0; i < PAGES; i += 1) {
    const at = new Date(Date.now() - span * depth(i, PAGES)).toISOString().replace('Z', '000Z');
    byKey.push(await timed(() => pageOfLog(pool, filter, { at, id: '9223372036854775807' }, PAGE)));
  }
  const byOffset: number[] = [];
  for (let i = 0; i < OFFSET_PAGES; i += 1) {
    const offset = Math.floor(count * depth(i, OFFSET_PAGES));
    byOffset.push(await timed(() => offsetPage(pool, filter, offset)));
  }
  const [p99, peer] = [quantile(byKey, 0.99), quantile(byOffset, 0.99)];
  return {
    name: `log page of ${name}, p99 at any depth (${count} of ${ROWS} lines)`,
    unit: 'ms',
    value: round(p99),
    peer: { name: 'the same by OFFSET', value: round(peer) },
    ratio: round(peer / p99),
    note: `median ${round(quantile(byKey, 0.5))} ms`,
  };
}

function offsetPage(pool: Pool, filter: LogFilter, offset: number): Promise<unknown> {
  return pool.query(
    `SELECT id, created_at, status, error_message, phone FROM integration_logs WHERE enterprise_number = $1
        AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR integration_type = $3) AND ($4::text IS NULL OR phone = $4)
      ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6`,
    [filter.enterprise, filter.statuses?.[0] ?? null, filter.type ?? null, filter.phone ?? null, PAGE, offset],
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const round = (value: number) => Math.round(value * 10) / 10;
