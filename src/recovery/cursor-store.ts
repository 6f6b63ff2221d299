import type { CallState } from '../calls/tracker.js';
import type { Queryable } from './store.js';

export interface Cursor<P> {
  place: P;
  /** Calls that were not over there. */
  open: CallState[];
  /** Unix ms by the PBX's clock. */
  upTo: number;
}

export async function loadCursor<P>(db: Queryable, pbx: string, source: string): Promise<Cursor<P> | null> {
  const { rows } = await db.query<Cursor<P>>(
    `SELECT place, open, round(extract(epoch FROM read_up_to) * 1000)::float8 AS "upTo"
       FROM recovery_cursors WHERE pbx = $1 AND source = $2`,
    [pbx, source],
  );
  return rows[0] ?? null;
}

/** Belongs into the transaction that stores the calls before it. */
export async function saveCursor<P>(
  db: Queryable,
  pbx: string,
  source: string,
  { place, open, upTo }: Cursor<P>,
): Promise<void> {
  await db.query(
    `INSERT INTO recovery_cursors (pbx, source, place, open, read_up_to) VALUES ($1, $2, $3, $4, to_timestamp($5 / 1000.0))
     ON CONFLICT (pbx, source) DO UPDATE SET place = EXCLUDED.place, open = EXCLUDED.open,
       read_up_to = EXCLUDED.read_up_to, moved_at = now()`,
    [pbx, source, JSON.stringify(place), JSON.stringify(open), upTo],
  );
}
