/** The `Range` of a request, as far as players use it: one range. Several at once are answered with the whole. */

export type Wanted = { kind: 'whole' } | { kind: 'part'; start: number; end: number } | { kind: 'unsatisfiable' };

export function wantedOf(header: string | undefined, bytes: number): Wanted {
  const found = /^bytes=(\d*)-(\d*)$/.exec((header ?? '').replace(/\s/g, ''));
  if (!found || (found[1] === '' && found[2] === '')) return { kind: 'whole' };
  const [, first = '', last = ''] = found;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'part', start: bytes - length, end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  return start >= bytes ? { kind: 'unsatisfiable' } : { kind: 'part', start, end };
}
