/**
 * The call tracker: facts in, call events out. Pure: no IO, no clock of its own, all time comes with the facts. See
 * README.md for its states and invariants.
 *
 * It is used in drafts. A draft folds facts over the tracker's state without changing it; the caller saves what it
 * answers and then commits it. A draft that is dropped never was. One draft at a time.
 */
import { uidsIn } from './facts.js';
import type { Fact } from './facts.js';
import { Book, Pages } from './tracker-book.js';
import type { CallState, Folded, Recalled, Settings, TrackerContext } from './tracker-types.js';
import { Work } from './tracker-work.js';
import { foldChannel } from './tracker-ami.js';
import { foldFleet } from './tracker-fleet.js';
import { clockStepped } from './tracker-clock-step.js';
import { linkLost, linkUp, snapshot } from './tracker-resync.js';
import { bringUpToDate } from './tracker-older.js';
import { slimLeg } from './tracker-slim.js';
import { nextWake, timeUp } from './tracker-timers.js';

export type { CallState, Effect, EnterpriseProfile, Folded, Recalled, TrackerContext } from './tracker-types.js';
export { callFacts } from './tracker-facts.js';

export interface Draft {
  /** Folds one fact. Throws only on a bug; the draft must then be dropped. */
  fold(fact: Fact): void;
  /** What the facts so far changed and owe. */
  result(): Folded;
  /** Makes the draft the tracker's state. */
  commit(): void;
}

const DEFAULTS = {
  confirmTimeoutMs: 5_000,
  amiIdleMs: 3_600_000,
  webhookIdleMs: 180_000,
  webhookWaitMs: 1_800_000,
  webhookTalkMs: 14_400_000,
  webhookSettleMs: 8_000,
  webhookLoneMs: 5_000,
  lateMs: 600_000,
  recovered: false,
} satisfies Partial<TrackerContext>;

const NOTHING: Recalled = { ended: [], taken: [] };

export class Tracker {
  readonly #book = new Book();
  #settings: Settings;

  constructor(context: TrackerContext) {
    this.#settings = { ...DEFAULTS, ...context };
  }

  /** Goes on from saved states. */
  load(states: readonly CallState[]): void {
    for (const state of states) {
      const call = structuredClone(state);
      bringUpToDate(call);
      this.#book.put(call);
      this.#book.index(call);
    }
    // Nothing else tells how far the PBX's clock is off before its first stamped fact.
    const stamped = states.filter((one) => one.skewMs !== null);
    this.#book.link.skewMs = stamped.sort((one, other) => other.lastArrival - one.lastArrival)[0]?.skewMs ?? null;
  }

  /** New settings for facts to come; calls in progress keep what was concluded. */
  setContext(context: TrackerContext): void {
    this.#settings = { ...DEFAULTS, ...context };
  }

  /** Uids in these facts of which it knows nothing: what is stored of them must be told to the draft that folds them. */
  unheard(facts: readonly Fact[]): string[] {
    const { uids, ended } = this.#book;
    return [...new Set(facts.flatMap(uidsIn))].filter((uid) => !uids.has(uid) && !ended.has(uid));
  }

  begin(recalled: Recalled = NOTHING): Draft {
    const pages = new Pages(this.#book, recalled);
    const work = new Work(this.#settings, pages);
    let told: Folded | null = null;
    const result = () => (told ??= resultOf(work));
    return {
      fold(fact) {
        told = null;
        foldFact(work, fact);
      },
      result,
      commit() {
        result();
        pages.commit(work.ctx.lateMs);
      },
    };
  }

  /** When the tracker wants a `timer` fact (Unix ms, our clock); null when it waits for nothing. */
  wakeAt(): number | null {
    return this.#book.wakes.next();
  }

  /** Of the calls that are due, those that cannot be looked at by themselves (a bug); all of them, when each can. */
  failing(timer: Fact): CallState[] {
    const due = this.liveCalls().filter(({ wake }) => wake !== null && wake <= timer.at);
    const alone = due.filter((call) => {
      const tracker = new Tracker(this.#settings);
      try {
        tracker.load([call]);
        const draft = tracker.begin();
        draft.fold(timer);
        draft.result();
        return false;
      } catch {
        return true;
      }
    });
    return alone.length > 0 ? alone : due;
  }

  /** Looks at these calls again only when something is told of them. */
  letSleep(calls: readonly CallState[]): void {
    for (const call of calls) this.#book.put({ ...call, wake: null });
  }

  /** Calls in progress, as last committed. Not to be changed. */
  liveCalls(): readonly CallState[] {
    return [...this.#book.calls.values()];
  }
}

function foldFact(work: Work, fact: Fact): void {
  work.begin(fact);
  switch (fact.kind) {
    case 'fleet':
      return foldFleet(work, fact);
    case 'link.lost':
      return linkLost(work, fact.at);
    case 'link.up':
      return linkUp(work, fact);
    case 'snapshot':
      return snapshot(work, fact.channels);
    case 'clock.stepped':
      return clockStepped(work, fact.by);
    case 'timer':
      return timeUp(work);
    default:
      return foldChannel(work, fact);
  }
}

function resultOf(work: Work): Folded {
  for (const call of work.changed.values()) {
    if (work.finished.has(call.id)) continue;
    call.legs = call.legs.map(slimLeg);
    call.wake = nextWake(work, call);
  }
  return {
    changed: [...work.changed.values()],
    finished: [...work.finished.values()],
    merged: work.merged,
    events: work.events,
    arrivals: work.arrivals,
    notes: work.notes,
    uids: work.uids,
    effects: work.effects,
  };
}
