import type pg from 'pg';

/**
 * Where Trunkline's tables stand, decided once by the first migration and recorded by where `trunkline_migrations` is:
 * `public` in a database of our own; schema `trunkline` where tables of ours are already somebody else's.
 */
export type Schema = 'public' | 'trunkline';

/** Our tables whose names another system may use. Those of 0001's first block are shared with it and not in the list. */
const OWN_TABLES = [
  'calls',
  'call_events',
  'call_uids',
  'call_notes',
  'asterisk_logs',
  'integration_logs',
  'webhook_inbox',
  'deliveries',
  'delivery_refs',
  'leases',
  'pbx_gaps',
  'journal_marks',
  'integration_secrets',
  'redirect_decisions',
  'recordings',
  'audit_log',
];

export function searchPathOf(schema: Schema): string {
  return schema === 'trunkline' ? 'trunkline, public' : 'public';
}

/** Sent on each new connection: the recorded place, or `public` while there is none. */
export const SEARCH_PATH = `SELECT set_config('search_path',
  CASE WHEN to_regclass('trunkline.trunkline_migrations') IS NULL THEN '${searchPathOf('public')}' ELSE '${searchPathOf('trunkline')}' END, false)`;

/** The recorded place, or null in a database that was never migrated. */
export async function recordedSchema(db: pg.ClientBase | pg.Pool): Promise<Schema | null> {
  const { rows } = await db.query<{ ours: boolean; public: boolean }>(
    `SELECT to_regclass('trunkline.trunkline_migrations') IS NOT NULL AS ours, to_regclass('public.trunkline_migrations') IS NOT NULL AS public`,
  );
  if (rows[0]?.ours) return 'trunkline';
  return rows[0]?.public ? 'public' : null;
}

/** Decides for a database that was never migrated. */
export async function decideSchema(db: pg.ClientBase): Promise<Schema> {
  const { rows } = await db.query(
    'SELECT 1 FROM pg_class WHERE relnamespace = $1::regnamespace AND relname = ANY ($2) LIMIT 1',
    ['public', OWN_TABLES],
  );
  return rows.length > 0 ? 'trunkline' : 'public';
}
