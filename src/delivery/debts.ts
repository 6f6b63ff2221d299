/** What each integration was owed of a call, and what came of it. */
import { isDebt } from '../calls/note-text.js';
import type { Note } from '../calls/rules.js';
import type { AttemptListed, DeliveryListed } from './inspect.js';
import type { Story } from './story.js';

export interface DebtLine {
  integration: string;
  event: string;
  step: string;
  outcome: string;
}

export function debtLines({ call, live, notes, sent, integrations }: Story): DebtLine[] {
  const debts = notes.filter(isDebt);
  const lines = debts.flatMap((note) => linesOf(note, sent));
  const named = new Set(debts.map(({ detail }) => detail['integration']));
  const silent = call.endedAt === null || live ? [] : integrations.filter((type) => !named.has(type));
  const why = silence(notes);
  return [...lines, ...silent.map((integration) => ({ integration, event: '', step: '', outcome: why }))].toSorted(
    (one, other) => one.integration.localeCompare(other.integration),
  );
}

/** An integration of today of which nothing is noted. */
function silence(notes: readonly Note[]): string {
  const untold = notes.find(({ rule }) => rule === 'told-nobody');
  if (untold) return `nothing: the call was told to nobody, ${String(untold.detail['why'])}`;
  return 'nothing: the enterprise did not have it when the call ended';
}

function linesOf({ call, by, detail }: Note, sent: Story['sent']): DebtLine[] {
  const { integration, seq, steps, why } = detail as {
    integration: string | null;
    seq: number;
    steps?: string[];
    why?: string;
  };
  const line = { integration: integration ?? 'nobody', event: `${seq} ${by}` };
  if (steps === undefined) return [{ ...line, step: '', outcome: `nothing: ${why ?? 'unknown'}` }];
  if (sent === null) return steps.map((step) => ({ ...line, step, outcome: 'would be owed' }));
  return steps.flatMap((step) => {
    const mine = (one: { callId: string; type: string; step: string | null }) =>
      one.callId === call && one.type === integration && one.step === step;
    const delivery = sent.deliveries.find((one) => mine(one) && one.seq === seq);
    const attempts = sent.attempts.filter(
      (one) => mine(one) && (delivery === undefined || one.deliveryId === delivery.id),
    );
    const outcomes = [stateOf(delivery, attempts), ...attempts.map(attemptText)];
    return outcomes.map((outcome, index) => (index === 0 ? { ...line, step, outcome } : { ...blank(line), outcome }));
  });
}

function blank({ integration }: { integration: string }): Omit<DebtLine, 'outcome'> {
  return { integration, event: '', step: '' };
}

function stateOf(delivery: DeliveryListed | undefined, attempts: readonly AttemptListed[]): string {
  if (!delivery) return attempts.length > 0 ? 'settled long ago' : 'settled long ago; its attempts are kept no more';
  const { state, lastCode, lastError, dueAt, unknownOutcome } = delivery;
  const why = [lastCode, lastError].filter(Boolean).join(': ');
  const next = state === 'pending' ? `, due ${dueAt.toISOString()}` : '';
  return `${state}${unknownOutcome ? ', outcome unknown' : ''}${why ? `: ${why}` : ''}${next}`;
}

function attemptText({ attempt, status, error, ms, at }: AttemptListed): string {
  const what = attempt === null ? status : `attempt ${attempt}: ${status}`;
  return `  ${at.toISOString()} ${what}${ms === null ? '' : ` in ${ms} ms`}${error ? `, ${error}` : ''}`;
}
