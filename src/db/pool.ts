import pg from 'pg';
import type { Logger } from '../platform/log.js';
import { SEARCH_PATH } from './placement.js';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;
/** What a store takes: it works by itself and inside a transaction. */
export type Queryable = pg.Pool | pg.PoolClient;

export interface PoolOptions {
  max?: number;
  /** Milliseconds to wait for a connection, new or returned. Default 5,000. */
  connectMs?: number;
  /** Milliseconds for one statement's answer; a database behind a dead link never answers. Default 30,000. */
  answerMs?: number;
  /** Milliseconds after which an idle connection is closed; 0: never. Default 60,000. */
  idleMs?: number;
  /** A commit is seen by everybody at once and reaches the disk a moment later: only a crash of the database may undo it. */
  relaxed?: boolean;
  log?: Logger;
  /** Shown in pg_stat_activity. */
  name?: string;
}

/**
 * Connections to one database. Each new one finds by itself in which schema Trunkline stands (placement.ts), so a pool may be
 * made before the database has been reached once. No error of a connection ever reaches the process: whoever was
 * using it gets a rejected promise, an idle one is dropped and logged.
 */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new pg.Pool({
    ...connectionOf(url, options),
    max: options.max ?? 10,
    ...(options.relaxed ? { options: '-c synchronous_commit=off' } : {}),
    idleTimeoutMillis: options.idleMs ?? 60_000,
    // The pool waits for it, whatever its type says: nobody gets a connection that looks into the wrong schema.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: async (client) => {
      await client.query(SEARCH_PATH);
    },
  });
  // A checked-out client that idles between two statements when the database goes has no other listener.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => options.log?.warn({ err: error.message }, 'an idle database connection was lost'));
  return pool;
}

/** Settings shared by the pool and by connections that live alone (LISTEN, the engine's own). */
export function connectionOf(url: string, options: PoolOptions = {}): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: options.connectMs ?? 5_000,
    query_timeout: options.answerMs ?? 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    application_name: options.name ?? 'trunkline',
  };
}
