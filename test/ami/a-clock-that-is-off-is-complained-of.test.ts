import { expect, it } from 'vitest';
import { Skew } from '../../src/ami/skew.js';
import { createLogger } from '../../src/platform/log.js';
import type { Logger } from '../../src/platform/log.js';

function complaints(): { log: Logger; said: string[] } {
  const said: string[] = [];
  const write = (line: string) => {
    const { level, skewMs } = JSON.parse(line) as { level: number; skewMs: number };
    said.push(`${level >= 40 ? 'warn' : 'info'} ${skewMs}`);
  };
  return { log: createLogger('info', { write }), said };
}

const NOW = 1_795_386_276_000;

it.each([300_000, -300_000, 2_600, -2_600])('a clock %i ms off is complained of once', (off) => {
  const { log, said } = complaints();
  const skew = new Skew(log);
  for (let n = 0; n < 3; n += 1) skew.learn(NOW + off - 100, NOW, 200);
  expect(skew.ms).toBe(off);
  expect(said).toEqual([`warn ${off}`]);
});

it.each([
  [1_900, 20],
  [-1_900, 20],
  [2_500, 2_000],
  [0, 9_000],
])('a clock that seems %i ms off after a round trip of %i ms may be right', (off, roundTrip) => {
  const { log, said } = complaints();
  new Skew(log).learn(NOW + off - roundTrip / 2, NOW, roundTrip);
  expect(said).toEqual([]);
});

it('one that was set right is told too, and the next time it is wrong', () => {
  const { log, said } = complaints();
  const skew = new Skew(log);
  for (const off of [60_000, 0, 60_000]) skew.learn(NOW + off, NOW, 0);
  expect(said).toEqual(['warn 60000', 'info 0', 'warn 60000']);
});

it('when our own clock is set the difference is known at once', () => {
  const skew = new Skew(complaints().log);
  skew.learn(NOW, NOW, 0);
  skew.ourClockStepped(3_600_000);
  expect(skew.ms).toBe(-3_600_000);
});
