/** Ids that stand for a password in an address: strong enough not to be guessed, compared so that time tells nothing. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Hexadecimal carries 4 bits a digit, other letters and digits at most 6. A number of an enterprise, once used, is neither. */
export function isStrongId(id: string): boolean {
  const bits = /^[0-9a-f-]+$/i.test(id) ? id.replaceAll('-', '').length * 4 : id.length * 6;
  return bits >= 128 && new Set(id).size >= 8;
}

export function sameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
