/** A line for a terminal: callers and CRMs write names and numbers, and nothing they write moves a cursor or turns text round. */
export function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?');
}
