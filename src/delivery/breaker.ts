/**
 * Rolling-window breaker of one limit key.
 *
 * - `closed`: everything may go; `open` follows when enough attempts in the window failed.
 * - `open`: nothing goes until `openMs` is over, doubled each time in a row up to `maxOpenMs`.
 * - `half-open`: one attempt goes. If it reached the CRM the breaker closes, if not it opens again.
 *
 * Only "is the other side there" counts: a refusal is a healthy answer. `neutral` is an attempt that never went out.
 */
import type { Clock } from '../platform/clock.js';
import type { BreakerSettings } from './settings.js';

/** The newest attempts decide, however many fit into the window. */
const KEPT = 256;

export type Reached = 'ok' | 'failed' | 'neutral';

export interface Breaker {
  state(): 'closed' | 'open' | 'half-open';
  /** How many attempts may start now. */
  allowed(): number;
  /** Milliseconds until a try may be made; 0 when it may be now. */
  waitMs(): number;
  began(): void;
  /** What the end of an attempt did to the breaker. */
  ended(reached: Reached): 'opened' | 'closed' | null;
}

export function createBreaker(clock: Pick<Clock, 'monotonic'>, settings: BreakerSettings): Breaker {
  let ends: { at: number; failed: boolean }[] = [];
  let openUntil: number | null = null;
  let opened = 0;
  let probing = false;

  const state = () => (openUntil === null ? 'closed' : clock.monotonic() < openUntil ? 'open' : 'half-open');

  function open(): 'opened' {
    openUntil = clock.monotonic() + Math.min(settings.maxOpenMs, settings.openMs * 2 ** Math.min(opened, 20));
    opened++;
    ends = [];
    return 'opened';
  }

  function note(failed: boolean): void {
    ends.push({ at: clock.monotonic(), failed });
    if (ends.length >= 2 * KEPT) ends = ends.slice(-KEPT);
  }

  function tooManyFailed(): boolean {
    const since = clock.monotonic() - settings.windowMs;
    ends = ends.filter((end) => end.at >= since);
    const failed = ends.filter((end) => end.failed).length;
    return ends.length >= settings.minAttempts && failed / ends.length >= settings.failureRatio;
  }

  return {
    state,
    allowed() {
      const now = state();
      if (now === 'closed') return Number.POSITIVE_INFINITY;
      return now === 'half-open' && !probing ? 1 : 0;
    },
    waitMs: () => (openUntil === null ? 0 : Math.max(0, openUntil - clock.monotonic())),
    began() {
      if (state() === 'half-open') probing = true;
    },
    ended(reached) {
      if (openUntil !== null) {
        // Ends of attempts that began before it opened say nothing new.
        if (!probing) return null;
        probing = false;
        if (reached === 'failed') return open();
        if (reached === 'neutral') return null;
        openUntil = null;
        opened = 0;
        return 'closed';
      }
      if (reached === 'neutral') return null;
      note(reached === 'failed');
      return reached === 'failed' && tooManyFailed() ? open() : null;
    },
  };
}
