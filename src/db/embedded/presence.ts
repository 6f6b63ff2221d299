import pg from 'pg';
import { connectionOf } from '../pool.js';

/** Held shared by every process that uses the embedded database; whoever gets it alone is the last one. */
const LOCK = 7_365_201_101;

/**
 * One connection that says "I am using this database" for as long as it stands. It ends with the process, however
 * that ends, so nobody has to be asked whether a process number is still alive.
 */
export interface Presence {
  /** Gives up our share. True when nobody else is here; newcomers then wait until the database is gone or we are. */
  leave(): Promise<boolean>;
  close(): Promise<void>;
}

/** @param onLost called once when the connection goes without `close` */
export async function join(url: string, onLost: () => void): Promise<Presence> {
  const db = new pg.Client(connectionOf(url, { name: 'trunkline-presence', answerMs: 15_000 }));
  let closing = false;
  db.on('error', () => undefined);
  try {
    await db.connect();
    await db.query('SELECT pg_advisory_lock_shared($1)', [LOCK]);
  } catch (error) {
    await db.end().catch(() => undefined);
    throw error;
  }
  db.once('end', () => {
    if (!closing) onLost();
  });
  return {
    async leave() {
      await db.query('SELECT pg_advisory_unlock_shared($1)', [LOCK]);
      const { rows } = await db.query<{ alone: boolean }>('SELECT pg_try_advisory_lock($1) AS alone', [LOCK]);
      return rows[0]?.alone === true;
    },
    async close() {
      closing = true;
      await db.end().catch(() => undefined);
    },
  };
}
