import type { CallResult, Direction } from '../calls/vocabulary.js';
import type { Queryable } from './store.js';

export interface CallFilter {
  enterprise: string;
  direction?: Direction | undefined;
  /** `live`: still going on. */
  result?: CallResult | 'live' | undefined;
  /** E.164. */
  phone?: string | undefined;
  extension?: string | undefined;
  line?: string | undefined;
  from?: string | undefined;
  until?: string | undefined;
}

export interface CallListed {
  id: string;
  externalId: string;
  direction: Direction;
  phone: string | null;
  line: string | null;
  caller: string | null;
  rang: string[];
  answeredBy: string | null;
  finalAgent: string | null;
  /** Null while it goes on. */
  result: CallResult | null;
  live: boolean;
  /** ISO with microseconds. */
  startedAt: string;
  answeredAt: Date | null;
  endedAt: Date | null;
  waitMs: number;
  talkMs: number;
  approximate: boolean;
  recovered: boolean;
}

const COLUMNS = `id, external_id AS "externalId", direction, phone, line, caller, rang, answered_by AS "answeredBy",
  final_agent AS "finalAgent", result, state IS NOT NULL AND ended_at IS NULL AS live,
  to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "startedAt", answered_at AS "answeredAt",
  ended_at AS "endedAt", wait_ms AS "waitMs", talk_ms AS "talkMs", approximate, recovered`;

/** Newest first, older than `before`. */
export async function pageOfCalls(
  db: Queryable,
  filter: CallFilter,
  before: { at: string; id: string } | null,
  limit: number,
): Promise<CallListed[]> {
  const values: unknown[] = [filter.enterprise];
  const where = ['enterprise_number = $1', 'merged_into IS NULL'];
  const add = (condition: (place: string) => string, value: unknown) => {
    if (value === undefined) return;
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  add((p) => `direction = ${p}`, filter.direction);
  if (filter.result === 'live') where.push('state IS NOT NULL AND ended_at IS NULL');
  else add((p) => `result = ${p}`, filter.result);
  add((p) => `phone = ${p}`, filter.phone);
  add((p) => `(caller = ${p} OR answered_by = ${p} OR ${p} = ANY (rang) OR ${p} = ANY (agents))`, filter.extension);
  add((p) => `line = ${p}`, filter.line);
  add((p) => `started_at >= ${p}::timestamptz`, filter.from);
  add((p) => `started_at < ${p}::timestamptz`, filter.until);
  if (before) {
    values.push(before.at, before.id);
    const [at, id] = [`$${values.length - 1}::timestamptz`, `$${values.length}::uuid`];
    where.push(`started_at <= ${at} AND (started_at < ${at} OR id < ${id})`);
  }
  values.push(limit);
  const { rows } = await db.query<CallListed>(
    `SELECT ${COLUMNS} FROM calls WHERE ${where.join(' AND ')}
      ORDER BY started_at DESC, id DESC LIMIT $${values.length}`,
    values,
  );
  return rows;
}
