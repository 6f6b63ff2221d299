import { CommitUnknown, isConnectionFailure } from './failure.js';
import type { Pool, PoolClient } from './pool.js';

/**
 * One transaction around `work`. Commits when it resolves, rolls back when it rejects.
 * @throws CommitUnknown when the connection went during COMMIT; anything `work` throws; the database's own errors
 */
export async function inTransaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken = false;
  try {
    await tx.query('BEGIN');
    const result = await work(tx);
    await commit(tx);
    return result;
  } catch (error) {
    // A connection that failed is thrown away: a late answer on it would be taken for the next user's.
    broken = isConnectionFailure(error);
    if (!broken) await tx.query('ROLLBACK').catch(() => (broken = true));
    throw error;
  } finally {
    tx.release(broken);
  }
}

async function commit(tx: PoolClient): Promise<void> {
  let answer: string;
  try {
    answer = (await tx.query('COMMIT')).command;
  } catch (error) {
    if (isConnectionFailure(error)) throw new CommitUnknown('The connection was lost during COMMIT', { cause: error });
    throw error;
  }
  // PostgreSQL answers ROLLBACK, without an error, to the COMMIT of a transaction in which a statement failed.
  if (answer !== 'COMMIT') throw new Error(`The transaction was rolled back: a statement in it had failed (${answer})`);
}
