/** What `trunkline recover` asks of the daemon that has the PBX. */
import { CHANNELS } from '../db/listen.js';
import type { Progress } from './source.js';
import type { Queryable } from './store.js';

export interface RecoveryRequest {
  id: string;
  pbx: string;
  enterprise: string;
  from: number;
  to: number;
}

export interface RequestState {
  state: 'asked' | 'running' | 'done' | 'failed';
  progress: Partial<Progress>;
  error: string | null;
}

export async function askRecovery(db: Queryable, asked: Omit<RecoveryRequest, 'id'>): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO recovery_requests (pbx, enterprise_number, from_at, to_at)
     VALUES ($1, $2, to_timestamp($3 / 1000.0), to_timestamp($4 / 1000.0)) RETURNING id::text`,
    [asked.pbx, asked.enterprise, asked.from, asked.to],
  );
  await db.query('SELECT pg_notify($1, $2)', [CHANNELS.recovery, '']);
  return rows[0]?.id ?? '';
}

/** The oldest one of each of these PBXs that nobody has carried out: one that was being carried out by a run that died, too. */
export async function openRequests(db: Queryable): Promise<RecoveryRequest[]> {
  const { rows } = await db.query<RecoveryRequest>(
    `SELECT DISTINCT ON (pbx) id::text, pbx, enterprise_number AS enterprise,
            round(extract(epoch FROM from_at) * 1000)::float8 AS "from", round(extract(epoch FROM to_at) * 1000)::float8 AS "to"
       FROM recovery_requests WHERE state IN ('asked', 'running') ORDER BY pbx, id`,
  );
  return rows;
}

export async function tellRequest(db: Queryable, id: string, told: RequestState): Promise<void> {
  await db.query(
    'UPDATE recovery_requests SET state = $2, progress = $3, error = $4, updated_at = now() WHERE id = $1',
    [id, told.state, JSON.stringify(told.progress), told.error],
  );
}

export async function requestState(db: Queryable, id: string): Promise<RequestState | null> {
  const { rows } = await db.query<RequestState>('SELECT state, progress, error FROM recovery_requests WHERE id = $1', [
    id,
  ]);
  return rows[0] ?? null;
}
