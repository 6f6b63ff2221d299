/**
 * The requests of a call.
 *
 * - `card.open`: the pop-up of an incoming call on the screens of the users who ring. amoCRM has no way to close it, and
 *   shows each one sent, so after an unknown outcome it is not sent again.
 * - `record`: the finished call, see record.ts.
 * - `recording`: its recording, when that turned up after all, see late.ts.
 */
import type { CallEvent } from '../../calls/vocabulary.js';
import type { Attempt, ConnectionDeps, DeliveryJob, Outcome, Plan } from '../contract.js';
import { cardsOf } from '../rules.js';
import type { AmoCrmClient } from './client.js';
import { addRecording } from './late.js';
import { record } from './record.js';
import { phoneOf, popUp } from './requests.js';
import type { Context } from './requests.js';
import type { AmoCrmSettings } from './settings.js';

const NO_NUMBER = { why: 'the client has no number, and amoCRM keeps no call without one' };

export function plan(event: CallEvent, settings: AmoCrmSettings): Plan {
  switch (event.kind) {
    case 'call.ringing':
    case 'call.answered': {
      const rings = event.kind === 'call.ringing';
      if (event.call.direction === 'out') return rings ? { why: 'amoCRM has a card for incoming calls only' } : [];
      if (cardsOf(event, settings).length === 0) return rings ? { why: 'nobody who rings wants a card' } : [];
      return phoneOf(event.call.external) === null ? NO_NUMBER : [{ step: 'card.open', class: 'perishable' }];
    }
    case 'call.finished':
      return phoneOf(event.call.external) === null
        ? NO_NUMBER
        : [{ step: 'record', class: 'durable', recording: 'awaited' }];
    case 'recording.ready':
      return event.late ? [{ step: 'recording', class: 'durable' }] : [];
    case 'call.started':
    case 'call.transferred':
      return [];
  }
}

export interface Work {
  client: AmoCrmClient;
  context: Context;
  createOnce: ConnectionDeps['createOnce'];
  /** Why the account will need a person soon. */
  problem(): string | null;
}

export async function deliver({ event, step }: DeliveryJob, attempt: Attempt, work: Work): Promise<Outcome> {
  const phone = phoneOf(event.call.external);
  if (phone === null) return { kind: 'skipped', ...NO_NUMBER };
  const { client, context, createOnce } = work;
  switch (step) {
    case 'card.open':
      return withProblem(await openCard(event, phone, attempt, work), work.problem());
    case 'record':
      return withProblem(
        await record({ call: event.call, phone, attempt, client, context, createOnce }),
        work.problem(),
      );
    case 'recording':
      return withProblem(await addRecording({ call: event.call, phone, attempt, client, context }), work.problem());
    default:
      throw new Error(`amoCRM has no step ${step}`);
  }
}

async function openCard(event: CallEvent, phone: string, attempt: Attempt, work: Work): Promise<Outcome> {
  const { settings, people } = work.context;
  if (attempt.afterUnknown) return { kind: 'skipped', why: 'it may have been shown already' };
  const users = [...new Set(cardsOf(event, settings).flatMap((party) => people.userOf(party) ?? []))];
  // Without users everybody would see it.
  if (users.length === 0) return { kind: 'skipped', why: 'nobody who rings is a user of amoCRM' };
  const how = { signal: attempt.signal, urgency: 'now', anyAnswer: true } as const;
  const answer = await work.client.post('/api/v2/events/', popUp(phone, users), how);
  return answer.ok ? { kind: 'accepted' } : answer.failure;
}

function withProblem(outcome: Outcome, problem: string | null): Outcome {
  if (outcome.kind !== 'accepted' || problem === null) return outcome;
  return { ...outcome, warnings: [...(outcome.warnings ?? []), problem] };
}
