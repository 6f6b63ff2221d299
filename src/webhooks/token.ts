/** The token of a post: in the header `Token`, in the body, or in both, with whatever a dialplan left around it. */
import { bare } from './parse.js';

export interface PostedTokens {
  /** To be tried in this order; clean, without repeats. Empty when there is none. */
  candidates: string[];
  /** True when one came in literal quotes, which only old dialplan hosts do. */
  quoted: boolean;
}

export function readTokens(header: string | string[] | undefined, body: unknown): PostedTokens {
  const given = [header, tokenOf(body)].flat();
  const candidates = new Set(given.map(bare).filter((token) => token !== ''));
  const quoted = given.some((token) => typeof token === 'string' && /^\s*["']/.test(token));
  return { candidates: [...candidates], quoted };
}

function tokenOf(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return undefined;
  return Object.entries(body).find(([name]) => name.toLowerCase() === 'token')?.[1];
}
