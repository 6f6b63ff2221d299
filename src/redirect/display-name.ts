/** A client's name as a phone may show it. What it is made of was written by anybody: a CRM, a client, a form on the web. */

const LONGEST = 40;

/** What a phone shows, of its parts: `Ann Example | City line`; null when there is none of them. */
export function shownName(parts: readonly (string | null)[]): string | null {
  const whole = parts.flatMap((part) => displayName(part) ?? []).join(' | ');
  return whole === '' ? null : shortened(whole);
}

/**
 * One part, without control and invisible characters, quotes, backslashes, angle brackets, commas, semicolons and what a dialplan
 * reads as its own; at most 40 characters, whole ones.
 */
export function displayName(text: string | null): string | null {
  const clean = (text ?? '')
    .normalize('NFC')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/["'`\\<>,;:?|${}()[\]=]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return clean === '' ? null : shortened(clean);
}

function shortened(text: string): string {
  return [...text].slice(0, LONGEST).join('').trim();
}
