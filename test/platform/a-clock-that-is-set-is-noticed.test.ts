import { expect, it } from 'vitest';
import { noticeSteps } from '../../src/platform/clock.js';
import type { Clock } from '../../src/platform/clock.js';

function aClock() {
  const time = { wall: 1_795_386_276_000, steady: 500 };
  const clock: Clock = { now: () => time.wall, monotonic: () => time.steady, sleep: () => Promise.resolve() };
  const told: (number | string)[] = [];
  const noticing = noticeSteps(clock, (by) => told.push(by));
  const pass = (wall: number, steady = wall) => {
    time.wall += wall;
    time.steady += steady;
  };
  return { noticing, told, pass, time };
}

it('time that passes is no step, be it slept through or run a little wrong', () => {
  const { noticing, told, pass } = aClock();
  for (const [wall, steady] of [
    [10, 10],
    [86_400_000, 86_400_000],
    [10_400, 10_000],
    [9_600, 10_000],
  ]) {
    pass(wall ?? 0, steady);
    noticing.now();
  }
  expect(told).toEqual([]);
});

it.each([3_600_000, -3_600_000, 1_500])('a step of %i ms is told once, before the new time is', (by) => {
  const { noticing, told, pass, time } = aClock();
  pass(1_000);
  pass(by, 0);
  told.push(`now ${noticing.now() - time.wall}`, `now ${noticing.now() - time.wall}`);
  expect(told).toEqual([by, 'now 0', 'now 0']);
});

it('small steps are told when they have become a large one', () => {
  const { noticing, told, pass } = aClock();
  for (let n = 0; n < 3; n += 1) {
    pass(400, 0);
    noticing.now();
  }
  expect(told).toEqual([1_200]);
});

it('whoever is told may ask for the time', () => {
  const time = { wall: 1_000_000, steady: 0 };
  const asked: number[] = [];
  const clock: Clock = noticeSteps(
    { now: () => time.wall, monotonic: () => time.steady, sleep: () => Promise.resolve() },
    () => asked.push(clock.now()),
  );
  time.wall += 3_600_000;
  expect(clock.now()).toBe(4_600_000);
  expect(asked).toEqual([4_600_000]);
});
