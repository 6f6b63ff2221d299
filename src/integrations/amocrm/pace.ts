/**
 * The pace of one account. amoCRM counts every request of ours (7 a second by its pages), answers the rest with 429, and
 * who goes on gets 403 and is blocked until support lifts it. Delivery paces attempts; one of ours may be several requests, and
 * look-ups of a redirect come beside them. So all requests of this process to one account pass here: as many a second as the
 * settings say, those a person waits for first. A place is free again a second after its answer, since nobody knows when between
 * the two amoCRM counted it: so it never counts more in any second, however long requests are on their way. While the account has asked to be left alone nothing is sent to it at all.
 */
import type { Failure } from '../contract.js';

/** `now`: a person waits for it (a card, a redirect, the “Test” button). `soon`: history. */
export type Urgency = 'now' | 'soon';

/** One more request may go, and `done` must be told when it is over; or why none may. */
export type Admission = { ok: true; done(): void } | { ok: false; failure: Failure };

export interface Pace {
  admit(urgency: Urgency, signal: AbortSignal | undefined): Promise<Admission>;
  /** From now on `failure` is the answer to every request, for so long. */
  hold(ms: number, failure: Failure): void;
  setRate(perSecond: number): void;
}

interface Waiting {
  go(): void;
}

const paces = new Map<string, Pace>();

/**
 * The pace of this account; one for all its connections, since settings are saved while requests are on their way. Kommo counts by
 * address, so all its accounts that one process tells share one.
 */
export function paceOf(origin: string, perSecond: number): Pace {
  const key = /\.kommo\.com$/i.test(new URL(origin).hostname) ? 'kommo' : origin;
  const known = paces.get(key) ?? createPace();
  known.setRate(perSecond);
  paces.set(key, known);
  return known;
}

export function createPace(): Pace {
  const queues: Record<Urgency, Set<Waiting>> = { now: new Set(), soon: new Set() };
  /** At most so many places, each free again `windowMs` after its request is over. */
  let places = 1;
  let windowMs = 1_000;
  let taken = 0;
  let held: { until: number; failure: Failure } | null = null;

  function turn(): void {
    for (const [queue, most] of [
      [queues.now, places],
      // One place is kept for who must not wait.
      [queues.soon, Math.max(1, places - 1)],
    ] as const) {
      for (const one of queue) {
        if (taken >= most) break;
        taken += 1;
        queue.delete(one);
        one.go();
      }
    }
  }

  function done(): void {
    setTimeout(() => {
      taken -= 1;
      turn();
      // A process that ends need not wait for it.
    }, windowMs).unref();
  }

  function refusal(): Failure | null {
    if (!held) return null;
    const leftMs = Math.ceil(held.until - performance.now());
    if (leftMs <= 0) held = null;
    if (!held) return null;
    return held.failure.kind === 'retry' ? { ...held.failure, afterMs: leftMs } : held.failure;
  }

  /** False when the signal comes first. */
  function place(urgency: Urgency, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = () => {
        queues[urgency].delete(one);
        resolve(false);
      };
      const one: Waiting = {
        go() {
          signal?.removeEventListener('abort', stop);
          resolve(true);
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      queues[urgency].add(one);
      turn();
    });
  }

  return {
    async admit(urgency, signal) {
      if (signal?.aborted) return { ok: false, failure: ABORTED };
      const before = refusal();
      if (before) return { ok: false, failure: before };
      if (!(await place(urgency, signal))) return { ok: false, failure: ABORTED };
      // What came while it waited.
      const failure = refusal();
      if (!failure) return { ok: true, done };
      done();
      return { ok: false, failure };
    },
    hold(ms, failure) {
      const until = performance.now() + ms;
      // What was on its way when the account was blocked is told something milder.
      if (!held || until > held.until) held = { until, failure };
    },
    setRate(perSecond) {
      places = Math.max(1, Math.floor(perSecond));
      windowMs = (places / perSecond) * 1_000;
      turn();
    },
  };
}

const ABORTED: Failure = { kind: 'retry', code: 'ABORTED', why: 'stopped by us before it was sent' };
