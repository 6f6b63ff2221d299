/** Passwords at rest: scrypt with its parameters beside the salt, so that they can grow without locking anybody out. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const NOW = { logN: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Twice what scrypt needs for `NOW`: a stored hash cannot make us allocate more. */
const MEMORY = 2 * 128 * 2 ** NOW.logN * NOW.r;
export const SHORTEST_PASSWORD = 10;
const LONGEST_PASSWORD = 200;

/** Why a password is not taken, or null. */
export function weakness(password: string, login: string): string | null {
  if (password.length < SHORTEST_PASSWORD) return `must have at least ${SHORTEST_PASSWORD} characters`;
  if (password.length > LONGEST_PASSWORD) return `must have at most ${LONGEST_PASSWORD} characters`;
  if (new Set(password).size < 4) return 'repeats too few characters';
  if (password.toLowerCase().includes(login) && login.length > 3) return 'must not contain the login';
  return null;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, NOW);
  return ['scrypt', NOW.logN, NOW.r, NOW.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** False too for a hash that cannot be read. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [kind, logN, r, p, salt, key] = stored.split('$');
  if (kind !== 'scrypt' || salt === undefined || key === undefined || password.length > LONGEST_PASSWORD) return false;
  const wanted = Buffer.from(key, 'base64url');
  try {
    const given = await derive(password, Buffer.from(salt, 'base64url'), {
      logN: Number(logN),
      r: Number(r),
      p: Number(p),
    });
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  } catch {
    return false;
  }
}

/** Costs what a real verification costs: an account that is not there must not answer sooner. */
export async function verifyNothing(password: string): Promise<false> {
  await derive(password.slice(0, LONGEST_PASSWORD), Buffer.alloc(SALT_BYTES), NOW);
  return false;
}

function derive(password: string, salt: Buffer, { logN, r, p }: typeof NOW): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: 2 ** logN, r, p, maxmem: MEMORY };
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
