import { expect, it } from 'vitest';
import type { Part } from '../../src/recordings/look.js';
import { chooseParts } from '../../src/recordings/parts.js';

const format = Buffer.alloc(16, 1);

/** As a host shows it: when it ended in whole seconds. */
function part(uid: string, endedAt: number, durationMs: number): Part {
  const bytes = durationMs * 16;
  const head = { kind: 'wave', format, bytesPerSecond: 16_000, dataAt: 44, dataBytes: bytes } as Part['head'];
  return {
    ...{ path: `${uid}.wav`, uid, bytes: bytes + 44, head, sound: true, durationMs },
    endedAt: Math.floor(endedAt / 1_000) * 1_000,
  };
}
const taken = (...parts: Part[]) => chooseParts(parts, '1').map(({ uid }) => uid);

it.each(Array.from({ length: 10 }, (_, tenth) => tenth * 100))(
  'parts one after another are joined, whatever their stamps leave out (%i ms)',
  (ms) => {
    expect(taken(part('1', 10_000 + ms, 1_500), part('2', 12_700 + ms, 2_500))).toEqual(['1', '2']);
    expect(taken(part('1', 10_000 + ms, 60_000), part('2', 40_300 + ms, 30_000))).toEqual(['1', '2']);
  },
);

it.each([1_000, 1_500, 4_000, 60_000])('of two of the same talk of %i ms one is taken, the main channel’s', (ms) => {
  expect(taken(part('2', 20_000, ms), part('1', 20_000, ms))).toEqual(['1']);
  expect(taken(part('2', 20_900, ms), part('1', 20_000, ms))).toEqual(['1']);
});

it('what was recorded within a longer one is not told twice', () => {
  expect(taken(part('1', 60_000, 60_000), part('2', 40_000, 10_000))).toEqual(['1']);
});
