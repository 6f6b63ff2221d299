/**
 * What the PBX told, read again as it was: a tracker of its own, with the rules of the live one and the facts' own time
 * for a clock. Pure. Facts come in order of time; between two of them the tracker is woken whenever it would have been.
 *
 * What the tracker has a bug with is passed over, as the owner does with live facts: read again it would fail again, and keep whatever is
 * behind it from being recovered for ever.
 */
import { uidOf } from '../calls/facts.js';
import type { Fact } from '../calls/facts.js';
import type { Note } from '../calls/rules.js';
import { callFacts, Tracker } from '../calls/tracker.js';
import type { CallState, Folded, Recalled, TrackerContext } from '../calls/tracker.js';
import type { RecoveredCall } from './recovered-call.js';

/** Facts this close are folded together: nothing the tracker waits for is shorter that would be told. */
const TOGETHER_MS = 1_000;

/** A fact that could not be folded; of a `timer` the call of this uid is given up, which it was for. */
export type OnPassedOver = (fact: Fact, uid: string, error: unknown) => void;

export class Replay {
  #tracker: Tracker;
  readonly #context: TrackerContext;
  readonly #passedOver: OnPassedOver;
  /** Of calls that are not over. */
  readonly #notes = new Map<string, Note[]>();
  readonly #over: RecoveredCall[] = [];

  /** `open`: calls that were not over where an earlier replay ended. */
  constructor(context: TrackerContext, open: readonly CallState[] = [], passedOver: OnPassedOver = () => undefined) {
    this.#context = context;
    this.#passedOver = passedOver;
    this.#tracker = new Tracker(context);
    this.#tracker.load(open);
  }

  /** Uids in these facts of which the replay knows nothing yet. */
  unheard(facts: readonly Fact[]): string[] {
    return this.#tracker.unheard(facts);
  }

  /** `recalled`: what is stored of uids nobody here knows. */
  fold(facts: readonly Fact[], recalled?: Recalled): void {
    const steps = this.steps(facts, recalled);
    while (!steps.next().done);
  }

  /** The same, a short step at a time. */
  *steps(facts: readonly Fact[], recalled?: Recalled): Generator<void> {
    for (let from = 0; from < facts.length;) {
      const first = facts[from];
      if (!first) return;
      this.#wakeUpTo(first.at);
      let to = from + 1;
      while (to < facts.length && (facts[to]?.at ?? 0) - first.at < TOGETHER_MS) to += 1;
      this.#draft(facts.slice(from, to), recalled);
      from = to;
      yield;
    }
  }

  /** Nothing more was told until then: what ends by itself ends. */
  until(at: number): void {
    this.#wakeUpTo(at);
  }

  /** Calls that are over since this was last asked, in the order they ended. */
  takeOver(): RecoveredCall[] {
    return this.#over.splice(0);
  }

  /** Calls that are not over, to be gone on with. */
  open(): readonly CallState[] {
    return this.#tracker.liveCalls();
  }

  #wakeUpTo(at: number): void {
    for (let due = this.#tracker.wakeAt(); due !== null && due <= at; due = this.#tracker.wakeAt()) {
      const timer: Fact = { kind: 'timer', source: 'system', at: due, arrivedAt: due, stamped: true };
      try {
        this.#foldAll([timer]);
      } catch (error) {
        this.#giveUp(timer, error);
      }
    }
  }

  #draft(facts: readonly Fact[], recalled?: Recalled): void {
    try {
      this.#foldAll(facts, recalled);
    } catch (error) {
      const [first] = facts;
      if (facts.length > 1) for (const fact of facts) this.#draft([fact], recalled);
      else if (first) this.#passedOver(first, uidOf(first), error);
    }
  }

  /** @throws on a bug; the draft never was */
  #foldAll(facts: readonly Fact[], recalled?: Recalled): void {
    const draft = this.#tracker.begin(recalled);
    for (const fact of facts) draft.fold(fact);
    const folded = draft.result();
    draft.commit();
    this.#keep(folded);
  }

  /** A call that cannot be looked at would be due for ever: it goes, and with it only those that are due and fail by themselves. */
  #giveUp(timer: Fact, error: unknown): void {
    const gone = new Set(this.#tracker.failing(timer));
    const left = this.open().filter((call) => !gone.has(call));
    this.#tracker = new Tracker(this.#context);
    this.#tracker.load(left);
    for (const { id, uid } of gone) {
      this.#notes.delete(id);
      this.#passedOver(timer, uid, error);
    }
  }

  #keep({ notes, merged, finished, events }: Folded): void {
    for (const note of notes) {
      const known = this.#notes.get(note.call);
      if (known) known.push(note);
      else this.#notes.set(note.call, [note]);
    }
    for (const { from } of merged) this.#notes.delete(from);
    for (const state of finished) {
      const told = events.filter(({ kind, call }) => kind === 'call.finished' && call.id === state.id);
      this.#over.push({ state, uids: uidsOf(state), events: told, notes: this.#notes.get(state.id) ?? [] });
      this.#notes.delete(state.id);
    }
  }
}

function uidsOf(state: CallState): string[] {
  return [...new Set([state.uid, ...state.past, ...state.legs.map(({ uid }) => uid)])];
}

/** The same call after what is known of it outside has changed it. */
export function retold(call: RecoveredCall, change: Partial<CallState>): RecoveredCall {
  const state = { ...call.state, ...change };
  return { ...call, state, events: call.events.map((event) => ({ ...event, call: callFacts(state) })) };
}
