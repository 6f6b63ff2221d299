/** Logging in and being known again. States and rules: README.md. */
import { createHash, randomBytes } from 'node:crypto';
import { TrunklineError } from '../platform/errors.js';
import { loginOf, readPassword } from './accounts-store.js';
import { verifyNothing, verifyPassword } from './passwords.js';
import type { Identity } from './rights.js';
import { endSession, endSessionsOf, endUserSessions, findIdentity, insertSession } from './sessions-store.js';
import type { Pool } from './store.js';
import { countTry, forgiveTry } from './throttle-store.js';

export const COOKIE = 'session_token';
export const SESSION_MS = 24 * 60 * 60_000;
const WINDOW_MS = 15 * 60_000;
const TRIES = { account: 10, address: 30 };
/** The existing system's tokens are at most 255 long. */
const TOKEN = /^[\x21-\x7e]{8,255}$/;

export interface Door {
  /** Where the request came from. */
  address: string;
  agent: string;
  /** The token it carried, which ends when another one is given. */
  token: string | null;
}

export interface Sessions {
  /**
   * The token of a new session.
   * @throws TrunklineError UNAUTHORIZED when login and password do not fit, THROTTLED after too many tries
   */
  logIn(login: string, password: string, door: Door): Promise<{ token: string; identity: Identity }>;
  identify(token: string | null): Promise<Identity | null>;
  /** Ends this log-in; `everywhere` every one of the same account or user. Answers how many. */
  logOut(token: string, everywhere: boolean): Promise<number>;
  /** Costs a try; for whoever gives his password again. */
  verify(login: string, password: string, address: string): Promise<string | null>;
}

export function createSessions(pool: Pool): Sessions {
  async function verify(login: string, password: string, address: string): Promise<string | null> {
    const keys = { account: `account ${login}`, address: `address ${networkOf(address)}` };
    for (const kind of ['address', 'account'] as const) {
      const { tries, waitMs } = await countTry(pool, keys[kind], WINDOW_MS);
      if (tries > TRIES[kind])
        throw new TrunklineError('THROTTLED', `too many tries to log in; again in ${Math.ceil(waitMs / 60_000)} min`);
    }
    const known = await readPassword(pool, login);
    const right = known ? await verifyPassword(password, known.password) : await verifyNothing(password);
    if (!known || !right) return null;
    await forgiveTry(pool, keys.account, keys.address);
    return known.id;
  }

  async function identify(token: string | null): Promise<Identity | null> {
    return token !== null && TOKEN.test(token) ? findIdentity(pool, token, hashOf(token)) : null;
  }

  return {
    verify,
    identify,
    async logIn(name, password, door) {
      const login = loginOf(name);
      const accountId = await verify(login, password, door.address);
      if (accountId === null) throw wrong();
      const token = `tl-${randomBytes(32).toString('base64url')}`;
      await insertSession(pool, {
        tokenHash: hashOf(token),
        accountId,
        ttlMs: SESSION_MS,
        address: door.address,
        agent: door.agent.slice(0, 300),
      });
      const identity = await identify(token);
      // An account whose enterprise was switched off or is gone.
      if (!identity) throw wrong();
      if (door.token !== null && (await identify(door.token))?.accountId)
        await endSession(pool, door.token, hashOf(door.token));
      return { token, identity };
    },
    async logOut(token, everywhere) {
      const identity = await identify(token);
      let ended = 1;
      if (everywhere && identity?.accountId) ended = await endSessionsOf(pool, identity.accountId);
      else if (everywhere) ended = Math.max(1, await endUserSessions(pool, token));
      await endSession(pool, token, hashOf(token));
      return ended;
    },
  };
}

function wrong(): TrunklineError {
  return new TrunklineError('UNAUTHORIZED', 'login and password do not fit');
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** One IPv6 subscriber has 2^64 addresses. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  return address.split(':').slice(0, 4).join(':');
}
