/** A client's name as a phone may show it. What it is made of was written by anybody: a CRM, a client, a form on the web. */

const LONGEST = 40;

/**
 * Without control and invisible characters, quotes, backslashes, angle brackets, commas, semicolons and what a dialplan
 * reads as its own; at most 40 characters, whole ones.
 */
export function displayName(text: string | null): string | null {
  const clean = (text ?? '')
    .normalize('NFC')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/["'`\\<>,;|${}[\]=]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const short = [...clean].slice(0, LONGEST).join('').trim();
  return short === '' ? null : short;
}
