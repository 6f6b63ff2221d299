/** A tracker with one enterprise, and a run of facts through it. */
import type { Fact } from '../../src/calls/facts.js';
import { Tracker, callFacts } from '../../src/calls/tracker.js';
import type { CallState, EnterpriseProfile, Folded, Recalled, TrackerContext } from '../../src/calls/tracker.js';
import type { EndedUid } from '../../src/calls/tracker-types.js';
import type { CallEvent, CallFacts } from '../../src/calls/vocabulary.js';

export const PROFILE: EnterpriseProfile = {
  number: '0367',
  timezone: 'Europe/Minsk',
  country: 'BY',
  inboundContexts: ['from-trunk', 'from-out-office'],
  extensionPattern: '^\\d{3}$',
  lines: null,
  staffMobiles: [{ mobile: '+375290000009', extension: '150' }],
  sources: ['ami', 'webhook'],
  selector: null,
};

export function context(over: Partial<TrackerContext> = {}): TrackerContext {
  let last = 0;
  return {
    pbx: '127.0.0.1:5038',
    enterprises: [PROFILE],
    newCallId: () => `00000000-0000-4000-8000-${String(++last).padStart(12, '0')}`,
    confirmHangups: false,
    ringCollectMs: 30,
    ...over,
  };
}

export interface Ran {
  tracker: Tracker;
  events: CallEvent[];
  finished: CallState[];
  folds: Folded[];
  /** Facts of finished calls that were told. */
  records: CallFacts[];
}

/** Folds each fact in a draft of its own, and the timers it asks for in between. */
export class Run implements Ran {
  tracker: Tracker;
  readonly events: CallEvent[] = [];
  readonly finished: CallState[] = [];
  readonly folds: Folded[] = [];
  readonly context: TrackerContext;
  /** As `call_uids` has it; what ended there is found by how long ago. */
  readonly #ended = new Map<string, EndedUid>();

  constructor(over: Partial<TrackerContext> = {}) {
    this.context = context(over);
    this.tracker = new Tracker(this.context);
  }

  get records(): CallFacts[] {
    return this.events.filter((event) => event.kind === 'call.finished').map((event) => event.call);
  }

  feed(facts: readonly Fact[], each?: () => void): this {
    for (const fact of facts) {
      this.passTime(fact.arrivedAt);
      this.fold(fact);
      each?.();
    }
    return this;
  }

  /** Gives the tracker the timers it asked for up to this moment. */
  passTime(until: number): this {
    for (let at = this.tracker.wakeAt(), turns = 0; at !== null && at < until; at = this.tracker.wakeAt()) {
      this.fold({ kind: 'timer', source: 'system', at, arrivedAt: at, stamped: false });
      if (++turns > 10_000) throw new Error('the tracker never rests');
    }
    return this;
  }

  fold(fact: Fact): Folded {
    if (fact.kind === 'clock.stepped') for (const one of this.#ended.values()) one.endedAt += fact.by;
    return this.foldAll([fact]);
  }

  /** In one draft, and without the timers in between. */
  foldAll(facts: readonly Fact[]): Folded {
    const draft = this.tracker.begin(this.#recall(facts));
    for (const fact of facts) draft.fold(fact);
    const folded = draft.result();
    draft.commit();
    this.events.push(...folded.events);
    this.finished.push(...folded.finished);
    this.folds.push(folded);
    for (const { endedAt, ...row } of folded.uids)
      if (endedAt === null) this.#ended.delete(row.uid);
      else this.#ended.set(row.uid, { ...row, endedAt });
    return folded;
  }

  #recall(facts: readonly Fact[]): Recalled {
    return { ended: this.tracker.unheard(facts).flatMap((uid) => this.#ended.get(uid) ?? []), taken: [] };
  }

  /** As after a restart: what was saved is loaded into a new tracker. */
  reload(): void {
    this.tracker = this.#saved();
  }

  /** The same up to now, after a restart; what it goes on with leaves this one as it is. */
  copy(): Run {
    const copy = new Run(this.context);
    copy.tracker = this.#saved();
    copy.events.push(...this.events);
    copy.finished.push(...this.finished);
    copy.folds.push(...this.folds);
    for (const [uid, ended] of this.#ended) copy.#ended.set(uid, { ...ended });
    return copy;
  }

  #saved(): Tracker {
    const states = JSON.parse(JSON.stringify(this.tracker.liveCalls())) as CallState[];
    const tracker = new Tracker(this.context);
    tracker.load(states);
    return tracker;
  }
}

export { callFacts };
