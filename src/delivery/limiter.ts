/**
 * Token bucket of one limit key. A claim takes only what there are tokens for, so nothing waits in memory. Cards come
 * first; a part (`finishShare`) is kept for finished calls: while cards take all of it, credit for finishes grows.
 */
import type { Clock } from '../platform/clock.js';
import type { Rate } from '../integrations/contract.js';

export interface Limiter {
  /** Whole requests that may start now. */
  available(): number;
  /** How many of `available` a finish has a right to, if one waits. */
  keptForFinishes(available: number): number;
  /** Requests that were started; may go into debt for a step that needed several. */
  spend(cards: number, finishes: number): void;
  /** Milliseconds until at least one may start. */
  waitMs(): number;
  /** Milliseconds until the `n`th waiting card gets its turn. */
  forecastMs(n: number): number;
  /** Nothing until `ms` from now: the account asked for it. */
  pause(ms: number): void;
  setRate(rate: Rate): void;
}

export function createLimiter(clock: Pick<Clock, 'monotonic'>, initial: Rate, finishShare: number): Limiter {
  let rate = sane(initial);
  let tokens = rate.burst;
  let at = clock.monotonic();
  let pausedUntil = 0;
  let credit = 0;

  function refill(): void {
    const now = clock.monotonic();
    tokens = Math.min(rate.burst, tokens + ((now - at) / 1000) * rate.perSecond);
    at = now;
  }

  return {
    available() {
      refill();
      return clock.monotonic() < pausedUntil ? 0 : Math.max(0, Math.floor(tokens + 1e-9));
    },
    keptForFinishes: (available) => Math.min(available, Math.floor(credit + available * finishShare + 1e-9)),
    spend(cards, finishes) {
      refill();
      tokens -= cards + finishes;
      // Whole shares, never hoarded: a quiet day of cards must not let history push the next card aside for long.
      credit = Math.min(1, Math.max(0, credit + cards * finishShare - finishes));
    },
    waitMs() {
      refill();
      const pause = Math.max(0, pausedUntil - clock.monotonic());
      return Math.max(pause, tokens >= 1 ? 0 : ((1 - tokens) / rate.perSecond) * 1000);
    },
    forecastMs(n) {
      refill();
      const pause = Math.max(0, pausedUntil - clock.monotonic());
      return pause + (Math.max(0, n - tokens) / (rate.perSecond * (1 - finishShare))) * 1000;
    },
    pause(ms) {
      pausedUntil = Math.max(pausedUntil, clock.monotonic() + ms);
    },
    setRate(next) {
      refill();
      rate = sane(next);
      tokens = Math.min(tokens, rate.burst);
    },
  };
}

function sane(rate: Rate): Rate {
  return { perSecond: Math.max(rate.perSecond, 0.001), burst: Math.max(rate.burst, 1) };
}
