import { TrunklineError } from '../platform/errors.js';

/**
 * What a database error means for those who hold facts in hand.
 * `connection`: the database is away, or says it cannot serve now; the same work may succeed later, elsewhere it waits.
 * `disk-full`: it answers and cannot write. `other`: the statement itself failed; waiting will not help.
 */
export type DatabaseFailure = 'connection' | 'disk-full' | 'other';

/** The connection went while COMMIT was on its way: it may or may not have happened. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
]);

const STATES = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57P04',
  '57P05', // shut down by an operator, crashed, starting, dropped, idle too long
  '53300',
  '53200', // too many connections, out of memory
  '25006',
  '25P03', // a standby after a fail-over, a transaction that idled too long
  '28000',
  '28P01',
  '3D000', // it turns us away: for the facts that is as good as away
]);

/** pg reports these without a code. */
const WORDS =
  /Connection terminated|Connection ended|connection timeout|timeout exceeded when trying to connect|timeout expired|Query read timeout|not queryable|server closed the connection|SSL connection|client has been closed|password authentication failed/i;

export function databaseFailure(error: unknown): DatabaseFailure {
  if (error instanceof CommitUnknown) return 'connection';
  if (error instanceof TrunklineError && error.code !== 'DB_UNREACHABLE') {
    if (error.code === 'DB_EMBEDDED_DISK_FULL') return 'disk-full';
    return error.cause === undefined ? 'other' : databaseFailure(error.cause);
  }
  if (error instanceof TrunklineError) return 'connection';
  if (!(error instanceof Error)) return 'other';
  const { code } = error as { code?: unknown };
  if (code === '53100' || code === 'ENOSPC' || code === 'EDQUOT') return 'disk-full';
  if (typeof code === 'string' && (SYSTEM_CODES.has(code) || STATES.has(code) || /^08\d\w\w$/.test(code)))
    return 'connection';
  // A host name with several addresses fails with one error for each.
  if (error instanceof AggregateError)
    return error.errors.some((one) => databaseFailure(one) === 'connection') ? 'connection' : 'other';
  // 58030 io_error: the text tells a full disk from a broken one; neither goes away by repeating at once.
  if (code === '58030') return /No space left/i.test(error.message) ? 'disk-full' : 'connection';
  if (code !== undefined) return 'other';
  return WORDS.test(error.message) ? 'connection' : 'other';
}

export function isConnectionFailure(error: unknown): boolean {
  return databaseFailure(error) === 'connection';
}
