/** What the stores here and the loops take; see db/. */
export type { Pool, PoolClient, Queryable } from '../db/pool.js';
export { inTransaction } from '../db/tx.js';
export { databaseFailure } from '../db/failure.js';
