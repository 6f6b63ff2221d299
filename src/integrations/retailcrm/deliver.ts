/**
 * The three requests of a call.
 *
 * - `card.open`: `call/event` in or out, with every code that began to ring now. A cascade opens more cards; the codes
 *   shown so far are kept in `refs.codes` (a JSON list).
 * - `card.close`: `call/event` hangup for every code that was shown or may have been.
 * - `record`: `calls/upload`, once a call, with all its records (`credit: each` makes several). Repeating it is harmless: a
 *   known `externalId` comes back in `duplicateCalls`, which is success.
 * - `recording`: the same once more, when the recording turned up after all.
 */
import type { CallEvent } from '../../calls/vocabulary.js';
import type { Attempt, DeliveryJob, Outcome, Plan, Step } from '../contract.js';
import { responsibleFor } from '../responsible.js';
import { RECORDING_TOLD, cardsOf, mayHaveSeen, nothingToAdd } from '../rules.js';
import type { RetailCrmClient } from './client.js';
import { findResponsible } from './lookup.js';
import { callRecords, cardEvent, codesOf, hangupEvent, isNobodys, lastResort, phoneOf } from './requests.js';
import type { Context } from './requests.js';
import type { RetailCrmSettings } from './settings.js';

const EVENT_PATH = '/api/v5/telephony/call/event';
const UPLOAD_PATH = '/api/v5/telephony/calls/upload';

const NO_NUMBER = { why: 'the client has no number, and RetailCRM keeps no call without one: see withheld_phone' };
const NOT_SAID = 'the call was there without its recording: whether the address was taken RetailCRM does not say';
const NO_CARD: Plan = { why: 'nobody who rings wants a card' };

export function plan(event: CallEvent, settings: RetailCrmSettings): Plan {
  switch (event.kind) {
    case 'call.ringing':
    case 'call.answered': {
      const steps: Step[] = [];
      if (cardsOf(event, settings).length > 0) steps.push({ step: 'card.open', class: 'perishable' });
      if (event.kind === 'call.answered' && settings.close_for_others && event.call.rang.length > 1)
        steps.push({ step: 'card.others', class: 'closing' });
      if (steps.length === 0) return event.kind === 'call.ringing' ? NO_CARD : [];
      return phoneOf(event.call.external, settings) === null ? NO_NUMBER : steps;
    }
    case 'call.finished':
      if (phoneOf(event.call.external, settings) === null) return NO_NUMBER;
      return [
        { step: 'card.close', class: 'closing' },
        { step: 'record', class: 'durable', recording: 'awaited' },
      ];
    case 'recording.ready':
      return event.late ? [{ step: 'recording', class: 'durable' }] : [];
    case 'call.started':
    case 'call.transferred':
      return [];
  }
}

/** One step of one call. */
interface Work {
  event: CallEvent;
  /** The client's number as RetailCRM wants it. */
  phone: string;
  attempt: Attempt;
  client: RetailCrmClient;
  context: Context;
}

export async function deliver(
  job: DeliveryJob,
  attempt: Attempt,
  client: RetailCrmClient,
  context: Context,
): Promise<Outcome> {
  const { event, step } = job;
  const phone = phoneOf(event.call.external, context.settings);
  if (phone === null) return { kind: 'skipped', ...NO_NUMBER };
  const work: Work = { event, phone, attempt, client, context };
  switch (step) {
    case 'card.open':
      return openCard(work);
    case 'card.others':
      return closeForOthers(work);
    case 'card.close':
      return closeCard(work);
    case 'record':
      return upload(work);
    case 'recording':
      return addRecording(work);
    default:
      throw new Error(`RetailCRM has no step ${step}`);
  }
}

async function openCard({ event, phone, attempt, client, context }: Work): Promise<Outcome> {
  const codes = codesOf(cardsOf(event, context.settings), context);
  if (codes.length === 0) return { kind: 'skipped', why: 'nobody with an extension was rung' };
  const answer = await client.post(EVENT_PATH, { event: cardEvent(event, codes, phone, context) }, attempt.signal);
  if (!answer.ok) return answer.failure;
  const shown = [...new Set([...shownCodes(attempt.refs), ...codes])];
  return { kind: 'accepted', refs: { codes: JSON.stringify(shown) }, ...warningsOf(unmapped(answer.body)) };
}

/** An opening whose outcome is unknown left no refs, so everybody is told who may have been shown it. */
async function closeCard({ event, phone, attempt, client, context }: Work): Promise<Outcome> {
  if (attempt.card === 'none') return { kind: 'skipped', why: 'no card was opened' };
  const { call } = event;
  const codes = [...new Set([...shownCodes(attempt.refs), ...codesOf(mayHaveSeen(call, context.settings), context)])];
  if (codes.length === 0) return { kind: 'skipped', why: 'no card was opened' };
  const answer = await client.post(EVENT_PATH, { event: hangupEvent(call, codes, phone, context) }, attempt.signal);
  return answer.ok ? { kind: 'accepted', ...warningsOf(unmapped(answer.body)) } : answer.failure;
}

/** Those whose phone stopped ringing because another one was taken. */
async function closeForOthers({ event, phone, attempt, client, context }: Work): Promise<Outcome> {
  const by = event.kind === 'call.answered' ? codesOf([event.extension], context) : [];
  const others = shownCodes(attempt.refs).filter((code) => !by.includes(code));
  if (by.length === 0 || others.length === 0) return { kind: 'skipped', why: 'nobody else has seen a card' };
  const hangup = hangupEvent({ ...event.call, result: 'abandoned' }, others, phone, context);
  const answer = await client.post(EVENT_PATH, { event: hangup }, attempt.signal);
  return answer.ok ? { kind: 'accepted' } : answer.failure;
}

async function upload(work: Work): Promise<Outcome> {
  const { event, phone, attempt, context } = work;
  const { call } = event;
  const { create_customer: create } = context.settings;
  if (create === 'always' || (create === 'in' && call.direction === 'in')) {
    const failure = call.external === null ? null : await context.ensureCustomer(phone, attempt.signal);
    if (failure && failure.kind !== 'rejected') return failure;
  }
  const outcome = await store(work);
  // RetailCRM was away for longer than a closing lives. It is there again, and this is the last it is told of the call.
  if (outcome.kind === 'accepted' && (attempt.card === 'accepted' || attempt.card === 'unknown')) await closeCard(work);
  return outcome;
}

async function store(work: Work): Promise<Outcome> {
  const { event, phone, attempt, client, context } = work;
  const { call } = event;
  const { code, warnings } = isNobodys(call, context) ? await ownerOfNobodys(work) : { code: null, warnings: [] };
  const calls = callRecords(call, phone, code, context);
  const answer = await client.post(UPLOAD_PATH, { calls }, attempt.signal);
  if (!answer.ok) return answer.failure;
  const taken = takenOf(answer.body);
  // What was stored comes back as a duplicate when all are sent again.
  if (taken < calls.length)
    return { kind: 'retry', code: 'PARTIAL', why: `RetailCRM took ${taken} of ${calls.length} records of the call` };
  const told = calls.some(({ recordUrl }) => recordUrl !== undefined) ? RECORDING_TOLD : {};
  return { kind: 'accepted', refs: { externalId: call.externalId, ...told }, ...warningsOf(warnings) };
}

/** A recording that turned up when its call had been told without. The same call once more does no harm. */
async function addRecording(work: Work): Promise<Outcome> {
  const skipped = nothingToAdd(work.attempt.refs, 'externalId', work.context.settings);
  if (skipped) return skipped;
  const outcome = await store(work);
  return outcome.kind === 'accepted' ? { ...outcome, ...warningsOf([NOT_SAID]) } : outcome;
}

/** Whose a call is in the history that none of ours talked in. */
async function ownerOfNobodys(work: Work): Promise<{ code: string | null; warnings: string[] }> {
  const { event, attempt, client, context } = work;
  const { settings, people } = context;
  const { external } = event.call;
  const { person, warnings } = await responsibleFor(event.call, settings, {
    owner: async () => (external === null ? null : findResponsible(client, settings, people, external, attempt.signal)),
    lastTalked: async () => (external === null ? null : context.lastTalked(external)),
    personOf: (party) => codesOf([party], context)[0] ?? null,
    personOfUser: people.extensionOf,
  });
  if (person !== null) return { code: person, warnings };
  const { code, warning } = lastResort(context);
  return { code, warnings: [...warnings, warning] };
}

/** Records stored now or before. An answer that does not count them is taken at its word. */
function takenOf(body: Record<string, unknown>): number {
  const { processedCallsCount: processed, duplicateCalls: known } = body;
  if (typeof processed !== 'number') return Infinity;
  return processed + (Array.isArray(known) ? known.length : 0);
}

function shownCodes(refs: Readonly<Record<string, string>>): string[] {
  return refs['codes'] ? (JSON.parse(refs['codes']) as string[]) : [];
}

/** Codes RetailCRM does not know are no error there: the manager just sees no card. */
function unmapped(body: Record<string, unknown>): string[] {
  const codes = body['notExistCodes'];
  if (!Array.isArray(codes) || codes.length === 0) return [];
  return [`RetailCRM knows no user with extension ${codes.map(String).join(', ')}: register the codes anew`];
}

function warningsOf(warnings: string[]): { warnings?: string[] } {
  return warnings.length > 0 ? { warnings } : {};
}
