/** The story of a call as its page tells it: one list of moments, each so many milliseconds behind the first. Pure. */
import { isDebt, noteText } from '../calls/note-text.js';
import { debtLines } from '../delivery/debts.js';
import type { DebtLine } from '../delivery/debts.js';
import type { AttemptListed, DeliveryListed } from '../delivery/inspect.js';
import type { Story } from '../delivery/story.js';
import { momentsOf } from '../delivery/story.js';

export type TimelineEntry = { offsetMs: number; at: string } & (
  | {
      kind: 'fact';
      /** `ami` or `webhook`. */
      source: string;
      event: string;
      text: string;
      /** What was concluded from it. */
      notes: NoteView[];
    }
  /** Something was concluded without a fact: time passed. */
  | { kind: 'note'; notes: NoteView[] }
  | {
      kind: 'attempt';
      integration: string;
      step: string | null;
      event: string | null;
      attempt: number | null;
      status: string;
      error: string | null;
      ms: number | null;
      deliveryId: string | null;
      request: unknown;
      response: unknown;
    }
);

export interface NoteView {
  rule: string;
  text: string;
  /** Which call event it led to; null when to none. */
  event: string | null;
  /** What an integration is owed of that event, or why nothing; null of other notes. */
  owed: { integration: string | null; steps: string[]; why: string | null } | null;
}

export interface CallView {
  call: Story['call'];
  live: boolean;
  timeline: TimelineEntry[];
  /** What each integration was owed and what came of it. */
  owed: DebtLine[];
  deliveries: Omit<DeliveryListed, 'enterprise' | 'callId' | 'externalId'>[];
  /** Times without facts that reach into it. */
  gaps: { startedAt: string; endedAt: string | null; reason: string }[];
}

export function callView(story: Story): CallView {
  const { call, live, gaps, sent } = story;
  const moments = momentsOf(story);
  const attempts = sent?.attempts ?? [];
  const first = Math.min(...moments.map(({ arrivedAt }) => arrivedAt), ...attempts.map(beganAt));
  const at = (time: number) => ({ offsetMs: Math.round(time - first), at: new Date(time).toISOString() });
  const told = moments.map(({ arrivedAt, fact, notes }): TimelineEntry => {
    const views = notes.map(noteView);
    if (!fact) return { ...at(arrivedAt), kind: 'note', notes: views };
    return { ...at(arrivedAt), kind: 'fact', source: fact.source, event: fact.kind, text: fact.text, notes: views };
  });
  const deliveries = new Map((sent?.deliveries ?? []).map((delivery) => [delivery.id, delivery]));
  const tried = attempts.map((attempt): TimelineEntry => {
    const { type, step, status, error, ms, deliveryId, request, response } = attempt;
    const event = deliveries.get(deliveryId ?? '')?.event ?? null;
    const when = at(beganAt(attempt));
    return {
      ...when,
      kind: 'attempt',
      integration: type,
      step,
      event,
      attempt: attempt.attempt,
      status,
      error,
      ms,
      deliveryId,
      request,
      response,
    };
  });
  return {
    call,
    live,
    timeline: [...told, ...tried].sort((one, other) => one.offsetMs - other.offsetMs),
    owed: debtLines(story),
    deliveries: [...deliveries.values()].map(({ enterprise: _e, callId: _c, externalId: _x, ...delivery }) => delivery),
    gaps: gaps.map(({ startedAt, endedAt, reason }) => ({
      startedAt: new Date(startedAt).toISOString(),
      endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
      reason,
    })),
  };
}

/** A line is written when the answer is there. */
function beganAt({ at, ms }: AttemptListed): number {
  return at.getTime() - (ms ?? 0);
}

function noteView(note: Story['notes'][number]): NoteView {
  const { event, integration, steps, why } = note.detail as {
    event?: string;
    integration?: string | null;
    steps?: string[];
    why?: string;
  };
  return {
    rule: note.rule,
    text: noteText(note).trim(),
    event: event ?? null,
    owed: isDebt(note) ? { integration: integration ?? null, steps: steps ?? [], why: why ?? null } : null,
  };
}
