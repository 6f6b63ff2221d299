/** Facts through a tracker of their own, and the story of each call they make. Nothing is stored or sent. */
import type { Fact } from '../../calls/facts.js';
import { uidOf } from '../../calls/facts.js';
import type { Note } from '../../calls/rules.js';
import { Tracker, callFacts } from '../../calls/tracker.js';
import type { CallState, Folded } from '../../calls/tracker.js';
import type { CallEvent } from '../../calls/vocabulary.js';
import type { CallProfile } from '../../config/profile.js';
import { factSeen } from '../../calls/fact-text.js';
import type { Story } from '../../delivery/story.js';

/** Timers that are due this long after the last fact still count: what ends by itself ends. */
const AFTERMATH_MS = 60_000;

export interface Replayed {
  events: CallEvent[];
  stories: Story[];
}

/** `debtsOf`: what integrations would be owed for an event, as notes. */
export function run(
  facts: readonly Fact[],
  profile: CallProfile,
  debtsOf: (event: CallEvent, arrivedAt: number) => Note[],
): Replayed {
  let calls = 0;
  const tracker = new Tracker({
    pbx: 'replay',
    enterprises: [profile],
    newCallId: () => `call-${(calls += 1)}`,
    confirmHangups: false,
    ringCollectMs: 30,
  });
  const shelf = new Shelf();
  const fold = (fact: Fact) => {
    const draft = tracker.begin();
    draft.fold(fact);
    const folded = draft.result();
    draft.commit();
    shelf.put(
      fact,
      folded,
      folded.events.flatMap((event, i) => debtsOf(event, folded.arrivals[i] ?? event.at)),
    );
  };
  const passTime = (until: number) => {
    for (let at = tracker.wakeAt(); at !== null && at <= until; at = tracker.wakeAt())
      fold({ kind: 'timer', source: 'system', at, arrivedAt: at, stamped: false });
  };
  for (const fact of facts) {
    passTime(fact.arrivedAt);
    fold(fact);
  }
  passTime((facts.at(-1)?.arrivedAt ?? 0) + AFTERMATH_MS);
  return { events: shelf.events, stories: shelf.stories() };
}

/** Keeps for each call what was about it, as `call_uids` and `calls.merged_into` do for stored ones. */
class Shelf {
  readonly events: CallEvent[] = [];
  readonly #states = new Map<string, CallState>();
  readonly #over = new Set<string>();
  readonly #uids = new Map<string, string>();
  readonly #merged = new Map<string, string>();
  readonly #facts: { call: string; fact: Fact }[] = [];
  readonly #notes: Note[] = [];

  put(fact: Fact, folded: Folded, debts: readonly Note[]): void {
    for (const { uid, callId } of folded.uids) this.#uids.set(uid, callId);
    for (const { from, into } of folded.merged) this.#merged.set(from, into);
    for (const state of folded.changed) this.#states.set(state.id, state);
    for (const state of folded.finished) this.#over.add(state.id);
    const call = this.#uids.get(uidOf(fact));
    if (call !== undefined) this.#facts.push({ call, fact });
    this.#notes.push(...folded.notes, ...debts);
    this.events.push(...folded.events);
  }

  stories(): Story[] {
    return [...this.#states.values()]
      .filter((state) => !this.#merged.has(state.id))
      .map((state) => ({
        call: callFacts(state),
        live: !this.#over.has(state.id),
        facts: this.#facts.filter(({ call }) => this.#home(call) === state.id).map(({ fact }) => factSeen(fact)),
        notes: this.#notes.filter((note) => this.#home(note.call) === state.id),
        gaps: [],
        sent: null,
        integrations: [],
      }));
  }

  #home(call: string): string {
    const into = this.#merged.get(call);
    return into === undefined ? call : this.#home(into);
  }
}
