/** A pair of tokens, and what it says when there is none to be had. */
import type { Failure } from '../contract.js';

const USUAL_LIFE_MS = 24 * 3_600_000;

export interface Pair {
  access: string;
  refresh: string | null;
  /** Unix ms; null when nothing tells. */
  expiresAt: number | null;
  lifeMs: number;
}

/** amoCRM's access tokens are JWTs and tell their end; of others only `expires_in` does, while we live. */
export function pairOf(access: string, refresh: string | null, expiresInS: number | null, now: number): Pair {
  const { exp, iat } = claimsOf(access);
  const expiresAt = exp === null ? (expiresInS === null ? null : now + expiresInS * 1_000) : exp * 1_000;
  const lifeMs = exp !== null && iat !== null ? (exp - iat) * 1_000 : (expiresInS ?? 0) * 1_000 || USUAL_LIFE_MS;
  return { access, refresh, expiresAt, lifeMs };
}

export const RE_AUTHORISE = 'RE_AUTHORISE';

/** The account waits until somebody gives us a token again. */
export function needsPerson(why: string): Failure {
  const next = 'give a new long-lived token, or let us into the account again';
  return { kind: 'rejected', code: RE_AUTHORISE, why: `${why}: ${next}`, config: true };
}

function claimsOf(token: string): { exp: number | null; iat: number | null } {
  const none = { exp: null, iat: null };
  const payload = token.split('.')[1];
  if (!payload) return none;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown> | null;
    const seconds = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
    return { exp: seconds(claims?.['exp']), iat: seconds(claims?.['iat']) };
  } catch {
    return none;
  }
}
