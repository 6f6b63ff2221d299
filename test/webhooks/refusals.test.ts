import { expect, test } from 'vitest';
import type { Clock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createRefusals } from '../../src/webhooks/refusals.js';

function setUp() {
  let time = 0;
  const lines: Record<string, unknown>[] = [];
  const clock: Clock = { now: () => time, monotonic: () => time, sleep: () => Promise.resolve() };
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { refusals: createRefusals(log, clock), lines, pass: (ms: number) => (time += ms) };
}

const dial = { event: 'dial', address: '203.0.113.1' };

test('one line a minute for each reason and address, which tells how many it stands for', () => {
  const { refusals, lines, pass } = setUp();
  for (let n = 0; n < 50; n += 1) refusals.tell('unknown token', dial);
  refusals.tell('address', dial);
  refusals.tell('unknown token', { ...dial, address: '203.0.113.2' });
  expect(lines.map((line) => [line['why'], line['address'], line['times']])).toEqual([
    ['unknown token', '203.0.113.1', 1],
    ['address', '203.0.113.1', 1],
    ['unknown token', '203.0.113.2', 1],
  ]);
  pass(61_000);
  refusals.tell('unknown token', dial);
  expect(lines.at(-1)).toMatchObject({ times: 50 });
  pass(61_000);
  refusals.tell('unknown token', dial);
  expect(lines.at(-1)).toMatchObject({ times: 1 });
});

test('a flood from many addresses is told in few lines', () => {
  const { refusals, lines } = setUp();
  for (let n = 0; n < 20_000; n += 1) {
    refusals.tell('unknown token', { event: 'dial', address: `198.51.100.${n % 250}:${n}` });
  }
  expect(lines.length).toBeLessThan(200);
});
