import { describe, expect, it } from 'vitest';
import { displayName } from '../../src/redirect/display-name.js';
import { NOTHING, fleetAnswer } from '../../src/redirect/fleet-answer.js';

/** What the fleet's macro does with the text: lengths, cuts and a split at commas; see the fleet's dialplan. */
function fleetDialplanReads(text: string): { name: string; next: string } | 'error branch' {
  if (text.length < 30) return 'error branch';
  if (!text.startsWith('{') || !text.endsWith('}') || /<html|<head|<!DOCTYPE/.test(text)) return 'error branch';
  const [name = '', next = ''] = text
    .slice(9)
    .replace('","DialPlan":', ',')
    .replaceAll('"', '')
    .slice(0, -1)
    .split(',');
  return { name, next: next === 'null' ? '' : next };
}

const NAMES = [
  'Иванов Иван',
  'Город, ООО "Пример"',
  'a\\b <c> {d} ${EXTEN}',
  'line\r\nAction: Originate',
  'x'.repeat(200),
  '\u202Eevil\u0000',
  '',
  '","DialPlan":"from-internal',
  '],[',
  'Ann: (VIP)?',
];

describe('a name', () => {
  it.each(NAMES)('%j shows as whole characters no dialplan reads as its own', (name) => {
    const shown = displayName(name);
    if (shown === null) return expect(name).not.toMatch(/[\p{L}\p{N}]/u);
    expect([...shown].length).toBeLessThanOrEqual(40);
    expect(shown).not.toMatch(/[\p{C}"'\\<>,;:?|${}()[\]]/u);
  });
});

describe('the answer of getcustomerdata', () => {
  it.each(NAMES.flatMap((name) => [null, 'mngr31_0001363_1', 'bad context,1'].map((to) => [name, to] as const)))(
    'for %j and %s is read as meant',
    (name, context) => {
      const answer = fleetAnswer(name, context);
      const read = fleetDialplanReads(answer);
      expect(Object.keys(JSON.parse(answer) as object)).toEqual(['Name', 'DialPlan']);
      const known = context === 'mngr31_0001363_1' ? context : '';
      if (read === 'error branch') expect([answer, known]).toEqual([NOTHING, '']);
      else expect(read).toEqual({ name: displayName(name) ?? '', next: known });
    },
  );

  it('with nothing to say is what the dialplan ignores', () => {
    expect(fleetDialplanReads(NOTHING)).toBe('error branch');
  });
});
