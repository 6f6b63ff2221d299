import type { Pool, PoolClient } from './pool.js';
import { inTransaction } from './tx.js';

/**
 * Partitions are made ahead of time and dropped by age: `asterisk_logs` by day, each type of `integration_logs` by month.
 * Days and months are UTC.
 *
 * A row for which no partition stood (a daemon that was off for weeks) lies in the DEFAULT partition, is read like any
 * other, and moves to its own partition here. Each step is one short transaction under an advisory lock, so several
 * daemons and a killed one do no harm. A table that is busy for seconds is left for the next time.
 */
export interface Retention {
  /** Days that consumed facts are kept. */
  factsDays: number;
  /** Full months that attempts are kept, beside the current one. */
  logsMonths: number;
}

export const DEFAULT_RETENTION: Retention = { factsDays: 7, logsMonths: 6 };

export interface PartitionReport {
  created: string[];
  dropped: string[];
  /** Rows moved out of a DEFAULT partition, and rows in one that were too old. */
  moved: number;
  deleted: number;
  /** Partitions whose table was in use: the next run takes them. */
  postponed: string[];
}

interface Parent {
  name: string;
  column: string;
  unit: 'day' | 'month';
  /** Rows before this (Unix ms, the start of a unit) may go. */
  keepFrom: number;
}

const LOCK = 7_365_201_102;
const DAYS_AHEAD = 3;
const MONTHS_AHEAD = 2;

/** @param now Unix milliseconds */
export async function runPartitionMaintenance(
  pool: Pool,
  now: number,
  retention: Retention = DEFAULT_RETENTION,
): Promise<PartitionReport> {
  const report: PartitionReport = { created: [], dropped: [], moved: 0, deleted: 0, postponed: [] };
  for (const parent of await parentsOf(pool, now, retention)) {
    const wanted = new Set(await strayUnits(pool, parent));
    const ahead = parent.unit === 'day' ? DAYS_AHEAD : MONTHS_AHEAD;
    for (let step = 0; step <= ahead; step += 1) wanted.add(unitStart(now, parent.unit, step));
    for (const from of [...wanted].sort((a, b) => a - b)) {
      if (from < parent.keepFrom) continue;
      await unlessBusy(report, nameOf(parent, from), () => create(pool, parent, from, report));
    }
    for (const { name, from } of await partitionsOf(pool, parent)) {
      if (unitStart(from, parent.unit, 1) <= parent.keepFrom)
        await unlessBusy(report, name, () => drop(pool, parent, name, report));
    }
    report.deleted += await deleteStrays(pool, parent);
  }
  return report;
}

async function parentsOf(pool: Pool, now: number, retention: Retention): Promise<Parent[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'integration_logs'::regclass AND c.relkind = 'p' ORDER BY 1`,
  );
  const keepMonth = unitStart(now, 'month', -retention.logsMonths);
  const keepDay = unitStart(now, 'day', -retention.factsDays);
  return [
    { name: 'asterisk_logs', column: 'timestamp', unit: 'day', keepFrom: keepDay },
    ...rows.map(({ name }) => ({ name, column: 'created_at', unit: 'month' as const, keepFrom: keepMonth })),
  ];
}

function unitStart(at: number, unit: 'day' | 'month', plus: number): number {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return unit === 'month' ? Date.UTC(year, month + plus, 1) : Date.UTC(year, month, date.getUTCDate() + plus);
}

function nameOf(parent: Parent, from: number): string {
  return `${parent.name}_${new Date(from)
    .toISOString()
    .slice(0, parent.unit === 'day' ? 10 : 7)
    .replaceAll('-', '')}`;
}

async function partitionsOf(pool: Pool | PoolClient, parent: Parent): Promise<{ name: string; from: number }[]> {
  const { rows } = await pool.query<{ name: string }>(
    'SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass ORDER BY 1',
    [parent.name],
  );
  return rows.flatMap(({ name }) => {
    const stamp = /_(\d{4})(\d{2})(\d{2})?$/.exec(name);
    return stamp ? [{ name, from: Date.UTC(Number(stamp[1]), Number(stamp[2]) - 1, Number(stamp[3] ?? 1)) }] : [];
  });
}

/** Starts of the days or months that rows in DEFAULT belong to. */
async function strayUnits(pool: Pool, parent: Parent): Promise<number[]> {
  const { rows } = await pool.query<{ start: string }>(
    `SELECT DISTINCT extract(epoch FROM date_trunc('${parent.unit}', ${parent.column} AT TIME ZONE 'UTC')) * 1000 AS start FROM ${parent.name}_default`,
  );
  return rows.map(({ start }) => Math.round(Number(start)));
}

/**
 * Writers wait for the moment this takes, readers go on. The lock is on the parent, where every writer comes first: one
 * that had already chosen DEFAULT and waited there would fail, because by then its row belongs elsewhere.
 */
async function create(pool: Pool, parent: Parent, from: number, report: PartitionReport): Promise<void> {
  const name = nameOf(parent, from);
  const [start, end] = [from, unitStart(from, parent.unit, 1)].map((at) => `'${new Date(at).toISOString()}'`);
  await inTransaction(pool, async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = '3s'`);
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    if ((await partitionsOf(tx, parent)).some((partition) => partition.name === name)) return;
    await tx.query(`LOCK TABLE ONLY ${parent.name} IN SHARE ROW EXCLUSIVE MODE`);
    await tx.query(`CREATE TABLE ${name} (LIKE ${parent.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
    const columns = await columnsOf(tx, parent.name);
    const { rowCount } = await tx.query(
      `WITH stray AS (DELETE FROM ${parent.name}_default WHERE ${parent.column} >= ${start} AND ${parent.column} < ${end} RETURNING ${columns})
       INSERT INTO ${name} (${columns}) SELECT ${columns} FROM stray`,
    );
    await tx.query(`ALTER TABLE ${parent.name} ATTACH PARTITION ${name} FOR VALUES FROM (${start}) TO (${end})`);
    report.created.push(name);
    report.moved += rowCount ?? 0;
  });
}

/** By name: a table made long ago may hold its columns in another order than one made today. */
async function columnsOf(tx: PoolClient, table: string): Promise<string> {
  const { rows } = await tx.query<{ columns: string }>(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
    [table],
  );
  return rows[0]?.columns ?? '';
}

async function drop(pool: Pool, parent: Parent, name: string, report: PartitionReport): Promise<void> {
  await inTransaction(pool, async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = '3s'`);
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    if (!(await partitionsOf(tx, parent)).some((partition) => partition.name === name)) return;
    await tx.query(`DROP TABLE ${name}`);
    report.dropped.push(name);
  });
}

async function deleteStrays(pool: Pool, parent: Parent): Promise<number> {
  const { rowCount } = await pool.query(`DELETE FROM ${parent.name}_default WHERE ${parent.column} < $1`, [
    new Date(parent.keepFrom),
  ]);
  return rowCount ?? 0;
}

async function unlessBusy(report: PartitionReport, name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    report.postponed.push(name);
  }
}
