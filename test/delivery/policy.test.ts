import { expect, test } from 'vitest';
import { createBreaker } from '../../src/delivery/breaker.js';
import { createLane } from '../../src/delivery/lane.js';
import { createLimiter } from '../../src/delivery/limiter.js';
import { backoffMs, cardAfter, judge } from '../../src/delivery/policy.js';
import { DEFAULT_SETTINGS } from '../../src/delivery/settings.js';

function handClock() {
  let now = 1_000;
  return { monotonic: () => now, pass: (ms: number) => (now += ms) };
}

const BREAKER = { windowMs: 1_000, minAttempts: 4, failureRatio: 0.5, openMs: 100, maxOpenMs: 250 };

test('a bucket gives its burst at once and then its rate', () => {
  const clock = handClock();
  const limiter = createLimiter(clock, { perSecond: 10, burst: 5 }, 0.25);
  expect(limiter.available()).toBe(5);
  limiter.spend(5, 0);
  expect(limiter.available()).toBe(0);
  expect(limiter.waitMs()).toBeCloseTo(100);
  clock.pass(250);
  expect(limiter.available()).toBe(2);
  clock.pass(60_000);
  expect(limiter.available()).toBe(5);
});

test('a step of several requests goes into debt', () => {
  const clock = handClock();
  const limiter = createLimiter(clock, { perSecond: 10, burst: 2 }, 0.25);
  limiter.spend(0, 5);
  clock.pass(300);
  expect(limiter.available()).toBe(0);
  clock.pass(100);
  expect(limiter.available()).toBe(1);
});

test('while cards take everything, every fourth request is kept for a finish', () => {
  const clock = handClock();
  const limiter = createLimiter(clock, { perSecond: 10, burst: 1 }, 0.25);
  const turns = Array.from({ length: 12 }, () => {
    const kept = limiter.keptForFinishes(limiter.available());
    limiter.spend(kept ? 0 : 1, kept);
    clock.pass(100);
    return kept ? 'finish' : 'card';
  });
  expect(turns.filter((turn) => turn === 'finish')).toHaveLength(3);
  expect(turns[0]).toBe('card');
});

test('a pause holds everything and is part of the forecast', () => {
  const clock = handClock();
  const limiter = createLimiter(clock, { perSecond: 4, burst: 1 }, 0);
  limiter.pause(1_000);
  expect(limiter.available()).toBe(0);
  expect(limiter.waitMs()).toBe(1_000);
  expect(limiter.forecastMs(5)).toBeCloseTo(2_000);
  clock.pass(1_000);
  expect(limiter.available()).toBe(1);
});

test('a breaker opens on a bad window, tries one, closes on success and waits longer each time it fails', () => {
  const clock = handClock();
  const breaker = createBreaker(clock, BREAKER);
  for (const reached of ['ok', 'failed', 'ok'] as const) expect(breaker.ended(reached)).toBeNull();
  expect(breaker.ended('failed')).toBe('opened');
  expect(breaker.allowed()).toBe(0);
  expect(breaker.ended('ok')).toBeNull();
  clock.pass(100);
  expect(breaker.state()).toBe('half-open');
  expect(breaker.allowed()).toBe(1);
  breaker.began();
  expect(breaker.allowed()).toBe(0);
  expect(breaker.ended('failed')).toBe('opened');
  expect(breaker.waitMs()).toBe(200);
  clock.pass(200);
  breaker.began();
  expect(breaker.ended('neutral')).toBeNull();
  expect(breaker.allowed()).toBe(1);
  breaker.began();
  expect(breaker.ended('failed')).toBe('opened');
  expect(breaker.waitMs()).toBe(250);
  clock.pass(250);
  breaker.began();
  expect(breaker.ended('ok')).toBe('closed');
  expect(breaker.allowed()).toBe(Number.POSITIVE_INFINITY);
});

test('failures outside the window do not open a breaker', () => {
  const clock = handClock();
  const breaker = createBreaker(clock, BREAKER);
  for (let i = 0; i < 10; i++) {
    expect(breaker.ended('failed')).toBeNull();
    clock.pass(400);
  }
});

test('back-off doubles with jitter up to its limit', () => {
  const ms = (attempts: number, random: number) =>
    backoffMs({ class: 'durable', attempts }, DEFAULT_SETTINGS, () => random);
  expect([1, 2, 3].map((n) => ms(n, 0.5))).toEqual([2_000, 4_000, 8_000]);
  expect([ms(1, 0), ms(1, 1)]).toEqual([1_500, 2_500]);
  expect(ms(5_000, 0.5)).toBe(300_000);
});

test('what an outcome means depends on the class and on the time left', () => {
  const verdict = (
    kind: 'perishable' | 'durable',
    expiresInMs: number,
    outcome: Parameters<typeof judge>[1],
    full = false,
  ) => judge({ class: kind, attempts: 1, expiresInMs, retryAfterInFull: full }, outcome, DEFAULT_SETTINGS, () => 0.5);
  const busy = { kind: 'retry', code: 'HTTP_503', why: 'busy' } as const;
  expect(verdict('perishable', 10_000, busy)).toEqual({ state: 'pending', delayMs: 300, notBefore: false });
  expect(verdict('perishable', 200, busy)).toEqual({ state: 'expired' });
  expect(verdict('perishable', 10_000, { ...busy, afterMs: 20_000 })).toEqual({ state: 'expired' });
  expect(verdict('durable', 200, busy)).toEqual({ state: 'dead' });
  expect(verdict('durable', 1e9, { ...busy, afterMs: 7_200_000 })).toEqual({
    state: 'pending',
    delayMs: 900_000,
    notBefore: true,
  });
  expect(verdict('durable', 1e9, { ...busy, afterMs: 7_200_000 }, true)).toMatchObject({ delayMs: 7_200_000 });
  const refused = { kind: 'rejected', code: 'X', why: 'no' } as const;
  expect(verdict('durable', 1e9, refused)).toEqual({ state: 'dead' });
  expect(verdict('durable', 1e9, { ...refused, config: true })).toMatchObject({ state: 'pending' });
});

test('a card once accepted stays open until it is closed, and what may have been opened counts as open', () => {
  const card = (
    before: Parameters<typeof cardAfter>[0],
    kind: 'perishable' | 'closing',
    outcome: 'accepted' | 'unknown' | 'retry',
    unknown = false,
  ) => cardAfter(before, { class: kind, outcome, unknownOutcome: unknown });
  expect(card('none', 'perishable', 'accepted')).toBe('accepted');
  expect(card('accepted', 'perishable', 'unknown')).toBe('unknown');
  expect(card('accepted', 'perishable', 'retry')).toBe('accepted');
  expect(card('none', 'perishable', 'unknown')).toBe('unknown');
  expect(card('none', 'perishable', 'retry')).toBe('none');
  expect(card('none', 'perishable', 'retry', true)).toBe('unknown');
  expect(card('closed', 'perishable', 'accepted')).toBe('accepted');
  expect(card('accepted', 'closing', 'accepted')).toBe('closed');
  expect(card('accepted', 'closing', 'unknown')).toBe('accepted');
});

test('a lane runs its tasks side by side, keeps slots for cards, and a handler that fails frees its slot', async () => {
  const bugs: unknown[] = [];
  const freed: number[] = [];
  const release: (() => void)[] = [];
  const lane = createLane<number>({
    parallel: 4,
    cardSlots: 2,
    isHistory: (task) => task >= 100,
    handle: (task) =>
      new Promise((resolve, reject) => release.push(() => (task === 2 ? reject(new Error('a bug')) : resolve()))),
    onBug: (error) => bugs.push(error),
    onFree: (task) => freed.push(task),
  });
  expect([lane.free(), lane.freeForHistory()]).toEqual([4, 2]);
  lane.push(100);
  lane.push(101);
  expect([lane.free(), lane.freeForHistory()]).toEqual([2, 0]);
  lane.push(1);
  lane.push(2);
  expect(lane.free()).toBe(0);
  await expect.poll(() => release.length).toBe(4);
  for (const go of release.splice(0)) go();
  await expect.poll(() => freed.length).toBe(4);
  expect([lane.free(), lane.freeForHistory(), lane.inFlight()]).toEqual([4, 2, 0]);
  expect(bugs).toMatchObject([{ message: 'a bug' }]);
  for (const task of [3, 4, 5, 6]) lane.push(task);
  await expect.poll(() => release.length).toBe(4);
  for (const go of release) go();
  await expect.poll(() => freed.length).toBe(8);
});
