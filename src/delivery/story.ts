/** Everything that is known of one call, whoever asks: a stored call, or one of a capture. */
import type { FactSeen } from '../calls/fact-text.js';
import { isDebt } from '../calls/note-text.js';
import type { Note } from '../calls/rules.js';
import type { Gap } from '../calls/timeline-store.js';
import type { CallFacts } from '../calls/vocabulary.js';
import type { AttemptListed, DeliveryListed } from './inspect.js';

export interface Story {
  call: CallFacts;
  live: boolean;
  facts: readonly FactSeen[];
  notes: readonly Note[];
  gaps: readonly Gap[];
  /** Null where nothing is ever sent: a capture. */
  sent: { deliveries: readonly DeliveryListed[]; attempts: readonly AttemptListed[] } | null;
  /** Integrations the enterprise has now. */
  integrations: readonly string[];
}

/** One moment of a timeline: a fact, or something without one (time passed), and what was concluded then. */
export interface Moment {
  arrivedAt: number;
  fact: FactSeen | null;
  notes: Note[];
}

/** Each note beside the fact that led to it. What integrations are owed for an event stands right after that event. */
export function momentsOf({ facts, notes }: Pick<Story, 'facts' | 'notes'>): Moment[] {
  const moments: Moment[] = facts.map((fact) => ({ arrivedAt: fact.arrivedAt, fact, notes: [] }));
  const byFact = new Map<string, Moment>();
  for (const moment of moments) {
    const { arrivedAt, kind, uid } = moment.fact as FactSeen;
    const key = keyOf(arrivedAt, kind, uid);
    if (!byFact.has(key)) byFact.set(key, moment);
  }
  const debts = debtsByEvent(notes);
  for (const note of notes) {
    if (isDebt(note)) continue;
    const key = keyOf(note.arrivedAt, note.by, note.uid);
    let moment = byFact.get(key);
    if (!moment) {
      moment = { arrivedAt: note.arrivedAt, fact: null, notes: [] };
      byFact.set(key, moment);
      moments.push(moment);
    }
    moment.notes.push(note, ...(debts.get(eventKey(note)) ?? []));
  }
  return moments.toSorted((one, other) => one.arrivedAt - other.arrivedAt);
}

function debtsByEvent(notes: readonly Note[]): Map<string, Note[]> {
  const debts = new Map<string, Note[]>();
  for (const note of notes.filter(isDebt)) debts.set(eventKey(note), [...(debts.get(eventKey(note)) ?? []), note]);
  return debts;
}

function eventKey({ call, detail }: Note): string {
  return `${call} ${String(detail['seq'])}`;
}

function keyOf(arrivedAt: number, kind: string, uid: string): string {
  return `${Math.round(arrivedAt)} ${kind} ${uid}`;
}
