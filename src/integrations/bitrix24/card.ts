/**
 * Brings the set of people who see the card of a call to what the event says, in one request: the first time the call is
 * registered and the card shown, later it is shown to those who are missing and hidden from those who should not see it any
 * more, each with one list of users. When nothing is to change nothing is sent.
 *
 * `refs`: `callId`, `shown` (JSON list of user ids), `client` (known or not). When an earlier request of this call was not
 * answered, the call may be registered and anybody who was rung may see the card: registering it again with the same keys
 * gives the same id (for 30 minutes), and hiding a card that is not shown does no harm.
 */
import type { CallEvent } from '../../calls/vocabulary.js';
import type { Attempt, Outcome } from '../contract.js';
import type { Answer } from './answers.js';
import type { Asked } from './click.js';
import type { Bitrix24Client, Command } from './client.js';
import {
  LINE_WARNING,
  readRegistered,
  refusesLine,
  registerCommand,
  replacementFor,
  userWarning,
} from './registration.js';
import { personOf, registrantOf, userIdsOf } from './requests.js';
import type { Context, Person } from './requests.js';
import { mayHaveSeen } from '../rules.js';
import { openedFor, viewersOf } from './viewers.js';

/** One step of one call. */
export interface Work {
  event: CallEvent;
  /** The client's number as the portal wants it. */
  phone: string;
  attempt: Attempt;
  client: Bitrix24Client;
  context: Context;
  /** What the portal knows of a call it asked for. */
  asked: Asked;
}

export async function bringCard(work: Work, which: 'show and hide' | 'hide'): Promise<Outcome> {
  const { event, attempt, context, asked } = work;
  const viewers = viewersOf(event, context.settings);
  if (viewers === null) return { kind: 'skipped', why: 'the event does not say who should see the card' };
  const wanted = userIdsOf(viewers, context);
  const seen = seenBy(work);
  const maySee = whoMaySee(work);
  const opened = which === 'hide' ? [] : openedFor(event, viewers, context.settings);
  const show = userIdsOf(opened, context).filter((user) => !seen.includes(user));
  const hide = maySee.filter((user) => !wanted.includes(user));
  const callId = attempt.refs['callId'] ?? asked.callId;
  const byNumber = callId === null && isKnownByNumber(registrantOf(event.call, context), opened, context);
  if (show.length === 0 && hide.length === 0 && !byNumber)
    return {
      kind: 'skipped',
      why: wanted.length === 0 ? 'nobody concerned is a user of the portal' : 'nothing to change',
    };
  const shown = wanted.filter((user) => [...maySee, ...show].includes(user));
  return callId === null
    ? registered(work, { show, hide, byNumber }, shown)
    : moved(work, callId, { show, hide }, shown);
}

/** A call that was asked for by a click is on the screen of who clicked. */
export function seenBy({ event, attempt: { refs }, context, asked }: Work): number[] {
  if (refs['shown']) return JSON.parse(refs['shown']) as number[];
  const { caller } = event.call;
  return asked.callId === null || caller === null ? [] : userIdsOf([caller], context);
}

/** And everybody who was rung, when an earlier request was not answered. */
export function whoMaySee(work: Work): number[] {
  const { event, attempt, context } = work;
  const perhaps = attempt.card === 'unknown' ? userIdsOf(mayHaveSeen(event.call, context.settings), context) : [];
  return [...new Set([...seenBy(work), ...perhaps])];
}

/** Whose id is not known yet sees a card by nothing but its registration under his inner number. */
function isKnownByNumber(registrant: Person | null, viewers: readonly string[], context: Context): boolean {
  if (registrant === null) return false;
  return viewers.some((party) => context.people.userOf(party) === null && personOf(party, context) === registrant);
}

interface Change {
  show: number[];
  hide: number[];
}

async function moved({ attempt, client }: Work, callId: string, change: Change, shown: number[]): Promise<Outcome> {
  const answers = await client.run(showCommands(callId, change), attempt.signal);
  if (!(answers instanceof Map)) return answers.failure;
  return concluded(answers, { callId, shown: JSON.stringify(shown) }, []);
}

async function registered(work: Work, change: Change & { byNumber: boolean }, shown: number[]): Promise<Outcome> {
  const { event, phone, attempt, client, context, asked } = work;
  const { call } = event;
  const warnings: string[] = [];
  let person = registrantOf(call, context);
  let withLine = true;
  if (person === null) return { kind: 'skipped', why: 'nobody of this call is a user of the portal' };
  for (;;) {
    const { externalId, startedAt } = call;
    const how = { show: change.byNumber, withLine, more: asked.params };
    const commands = [
      registerCommand('register', { call, phone, person, externalId, startedAt, ...how }, context),
      ...showCommands('$result[register][CALL_ID]', change),
    ];
    const answers = await client.run(commands, attempt.signal);
    if (!(answers instanceof Map)) return answers.failure;
    const answer = answers.get('register');
    if (!answer?.ok) {
      const other: Person | null = answer ? replacementFor(answer, person, context) : null;
      if (other !== null) {
        warnings.push(userWarning(person));
        person = other;
      } else if (withLine && answer && refusesLine(answer)) {
        warnings.push(LINE_WARNING);
        withLine = false;
      } else {
        return answer?.failure ?? { kind: 'retry', code: 'NOT_DONE', why: 'the call was not registered' };
      }
      continue;
    }
    const found = readRegistered(answer);
    if (!found) return { kind: 'unknown', code: 'BAD_ANSWER', why: 'Bitrix24 registered the call without an id' };
    const refs = { callId: found.callId, client: found.client, shown: JSON.stringify(shown) };
    return concluded(answers, refs, [...warnings, ...found.warnings]);
  }
}

function showCommands(callId: string, { show, hide }: Change): Command[] {
  const command = (name: 'show' | 'hide', users: number[]): Command[] =>
    users.length === 0
      ? []
      : [{ name, method: `telephony.externalCall.${name}`, params: { CALL_ID: callId, USER_ID: users } }];
  return [...command('show', show), ...command('hide', hide)];
}

/** A failed part fails the step, which is repeated whole: showing and hiding again changes nothing. */
function concluded(answers: ReadonlyMap<string, Answer>, refs: Record<string, string>, warnings: string[]): Outcome {
  for (const name of ['show', 'hide']) {
    const answer = answers.get(name);
    if (!answer) continue;
    if (!answer.ok) return answer.failure;
    if (answer.result === false) warnings.push('Bitrix24 does not know the call any more, so nobody sees its card');
  }
  return { kind: 'accepted', refs, ...(warnings.length > 0 ? { warnings } : {}) };
}
