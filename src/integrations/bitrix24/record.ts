/**
 * The finished call, as exactly one record in the portal's statistics and one activity in its CRM (`credit: each`: one of
 * each for every person). Finishing closes the card of whose the record is; from all others it is hidden before that, in the same
 * request, since the portal forgets the call then.
 *
 * The portal has no key against doubles: it finishes a call id once and then forgets it, and registering after that makes a
 * new call. So each record goes its way by what is certain:
 *
 *   look ─► not there ─► register ─► finish ─► attach ─► done
 *     └───► there ──────────────────────────────┘
 *
 * - A call id known from the card is finished at once. "Call is not found" is answered by a look: somebody has finished it (the
 *   answer was lost, an operator sent it again), or the portal has lost it and it is registered anew.
 * - Without a call id it is registered and finished in one request, with the keys its card would have used: a registration
 *   whose answer was lost is found again by them.
 * - First a look, when an earlier attempt may have done something, when there are several records (some may be there), and of
 *   recovered calls, which an earlier life of this database may have told.
 * - The recording is attached after the finish; again and again is the same. When it cannot be, the record stands: after
 *   a few attempts that is a warning.
 *
 * What the records of one call want next goes out as one request.
 */
import type { CallFacts } from '../../calls/vocabulary.js';
import { recordsOwed } from '../credit.js';
import type { OwedRecord } from '../credit.js';
import type { Attempt, Failure, Outcome } from '../contract.js';
import { responsibleFor } from '../responsible.js';
import { asRecord } from './answers.js';
import type { Answer, Refusal } from './answers.js';
import { seenBy, whoMaySee } from './card.js';
import type { Work } from './card.js';
import { MOST_COMMANDS } from './client.js';
import type { Command } from './client.js';
import { findResponsible } from './lookup.js';
import {
  LINE_WARNING,
  readRegistered,
  refusesLine,
  registerCommand,
  replacementFor,
  userWarning,
} from './registration.js';
import { attachParams, defaultPerson, finishParams, personOf, recordingUrl, registrantOf } from './requests.js';
import type { Context, Person } from './requests.js';

const FINISH = 'telephony.externalCall.finish';
const HIDE = 'telephony.externalCall.hide';
const ATTACH = 'telephony.externalCall.attachRecord';
const STATISTICS = 'voximplant.statistic.get';

const NOT_FOUND = /^call is not found/i;
/** After so many attempts a recording the portal cannot fetch is given up; its record stands. */
const ATTACH_ATTEMPTS = 5;
/** Look, register, not found, look, register: a record goes no longer way than that, each with a refused user or line. */
const MOST_ROUNDS = 8;

/** One record on its way. */
interface Sheet {
  name: string;
  owed: OwedRecord;
  owner: Person;
  registrant: Person;
  withLine: boolean;
  callId: string | null;
  look: boolean;
  /** Looked for by its call id or external id, and not there. */
  absent: boolean;
  /** The portal did not know the call it was to finish. */
  forgotten: boolean;
  finished: boolean;
  attached: boolean;
  failure: Failure | null;
  /** Why its recording could not be attached. */
  unattached: Failure | null;
}

export async function record(work: Work): Promise<Outcome> {
  const { event, attempt, client, context } = work;
  const { call } = event;
  const url = recordingUrl(call.recordingFile);
  const warnings: string[] = [];
  const owed = recordsOwed(call, context.settings.credit, (party) => personOf(party, context));
  const nobodys = owed.some(({ owner }) => owner === null) ? await ownerOfNobodys(work, warnings) : null;
  const sheets: Sheet[] = [];
  for (const one of owed) {
    const owner = one.owner ?? nobodys;
    if (owner === null) return NOBODY;
    sheets.push(begin(work, one, owner, { index: sheets.length, records: owed.length, attached: url === null }));
  }

  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const commands = sheets.flatMap((sheet) => next(sheet, work, url)).slice(0, MOST_COMMANDS);
    if (commands.length === 0) break;
    const answers = await client.run(commands, attempt.signal);
    if (!(answers instanceof Map)) return whole(sheets, answers.failure);
    for (const sheet of sheets) take(sheet, answers, work, warnings);
  }
  return conclude(work, sheets, url, warnings);
}

const NOBODY: Outcome = {
  kind: 'rejected',
  code: 'NO_USER',
  why: 'nobody of this call is a user of the portal: set user_id, or map an extension to a user',
};

/** A second finish of a known call id is refused by the portal itself, so a repeat after a refusal needs no look. */
function mustLook({ afterUnknown, number }: Attempt, { recovered }: CallFacts, records: number, callId: string | null) {
  return afterUnknown || recovered || records > 1 || (number > 1 && callId === null);
}

function begin(
  { event, attempt, context, asked }: Work,
  owed: OwedRecord,
  owner: Person,
  { index, records, attached }: { index: number; records: number; attached: boolean },
): Sheet {
  // The card is the first record's; the others are calls of their own.
  const callId = index === 0 ? (attempt.refs['callId'] ?? asked.callId) : null;
  return {
    name: String(index),
    owed,
    owner,
    registrant: (index === 0 ? registrantOf(event.call, context) : null) ?? owner,
    withLine: true,
    callId,
    look: mustLook(attempt, event.call, records, callId),
    absent: false,
    forgotten: false,
    finished: false,
    attached,
    failure: null,
    unattached: null,
  };
}

/** What this record wants of the portal now. */
function next(sheet: Sheet, work: Work, url: string | null): Command[] {
  const { event, phone, context, asked } = work;
  const { call } = event;
  const { name, owed, callId } = sheet;
  if (sheet.failure || (sheet.finished && (sheet.attached || sheet.unattached))) return [];
  if (sheet.look) {
    const FILTER = callId === null ? { EXTERNAL_CALL_ID: owed.externalId } : { CALL_ID: callId };
    return [{ name: `look${name}`, method: STATISTICS, params: { FILTER } }];
  }
  const id = callId ?? `$result[register${name}][CALL_ID]`;
  const commands: Command[] = [];
  if (!sheet.finished && callId === null) {
    const { registrant: person, withLine } = sheet;
    const { externalId, startedAt } = owed;
    const registration = { call, phone, person, externalId, startedAt, show: false, withLine, more: asked.params };
    commands.push(registerCommand(`register${name}`, registration, context));
  }
  // The card is the first record's.
  const others = sheet.finished || name !== '0' ? [] : whoMaySee(work).filter((user) => String(user) !== sheet.owner);
  if (others.length > 0) commands.push({ name: `hide${name}`, method: HIDE, params: { CALL_ID: id, USER_ID: others } });
  if (!sheet.finished) {
    const params = finishParams(call, id, sheet.owner, owed, context.settings);
    commands.push({ name: `finish${name}`, method: FINISH, params });
  }
  if (url !== null && !sheet.attached)
    commands.push({ name: `attach${name}`, method: ATTACH, params: attachParams(id, url, owed.externalId) });
  return commands;
}

/** What the portal said of this record. */
function take(sheet: Sheet, answers: ReadonlyMap<string, Answer>, work: Work, warnings: string[]): void {
  const { attempt, context } = work;
  const of = (what: string) => answers.get(`${what}${sheet.name}`);
  const [look, register, finish, attach] = [of('look'), of('register'), of('finish'), of('attach')];
  if (look) takeLook(sheet, look, attempt, warnings);
  if (register) {
    const found = register.ok ? readRegistered(register) : null;
    if (found) {
      sheet.callId = found.callId;
      warnings.push(...found.warnings);
    } else if (register.ok) {
      sheet.failure = { kind: 'unknown', code: 'BAD_ANSWER', why: 'Bitrix24 registered the call without an id' };
    } else {
      mend(sheet, 'registrant', register, context, warnings);
    }
    // What followed had no call to speak of.
    if (!found) return;
  }
  if (finish) {
    if (finish.ok) sheet.finished = true;
    else if (NOT_FOUND.test(finish.text) && !register) lookAgain(sheet);
    else mend(sheet, 'owner', finish, context, warnings);
  }
  if (attach && sheet.finished) {
    if (attach.ok) sheet.attached = true;
    else sheet.unattached = attach.failure;
  }
}

/** By its call id, and when that is not there by ours: an earlier attempt may have registered it anew. */
function lookAgain(sheet: Sheet): void {
  sheet.forgotten = true;
  if (sheet.absent) sheet.callId = null;
  sheet.absent = false;
  sheet.look = true;
}

function takeLook(sheet: Sheet, look: Answer, { afterUnknown, number }: Attempt, warnings: string[]): void {
  if (!look.ok) {
    if (!mayNotLook(look)) {
      sheet.failure = look.failure;
      return;
    }
    if (!warnings.includes(UNSURE)) warnings.push(UNSURE);
    sheet.look = false;
    // The portal finishes a call once: that it does not know one an attempt of ours may have finished says that it did.
    if (sheet.forgotten && (afterUnknown || number > 1)) sheet.finished = true;
    // One record nobody can vouch for must not stop the lane; a person looks there himself, or gives the right.
    else if (afterUnknown && sheet.callId === null) sheet.failure = { kind: 'rejected', code: 'UNSURE', why: UNSURE };
    else sheet.absent = true;
    return;
  }
  sheet.look = false;
  // Rows are compared as well: a portal that does not know the filter answers with all it has.
  const rows = Array.isArray(look.result) ? look.result.map(asRecord) : [];
  const row = rows.find(
    (one) => one?.['CALL_ID'] === (sheet.callId ?? '') || one?.['EXTERNAL_CALL_ID'] === sheet.owed.externalId,
  );
  if (!row) {
    sheet.absent = true;
    return;
  }
  sheet.finished = true;
  sheet.callId = String(row['CALL_ID']);
  if (row['RECORD_FILE_ID'] || row['CALL_RECORD_URL']) sheet.attached = true;
}

const UNSURE =
  'whether Bitrix24 has this call already is not known: the user of this key may not view call statistics, and needs that right';

function mayNotLook({ error, text }: Refusal): boolean {
  return error === 'ACCESS_DENIED' && !/rest is available/i.test(text);
}

/** Puts right what can be, once; the next round tries again. */
function mend(
  sheet: Sheet,
  role: 'owner' | 'registrant',
  refusal: Refusal,
  context: Context,
  warnings: string[],
): void {
  const other = replacementFor(refusal, sheet[role], context);
  if (other !== null) {
    warnings.push(userWarning(sheet[role]));
    sheet[role] = other;
  } else if (role === 'registrant' && sheet.withLine && refusesLine(refusal)) {
    warnings.push(LINE_WARNING);
    sheet.withLine = false;
  } else {
    sheet.failure = refusal.failure;
  }
}

/** The request failed as a whole. Something of the call may be there by an earlier one of this attempt. */
function whole(sheets: readonly Sheet[], failure: Failure): Failure {
  const begun = sheets.some(({ finished }) => finished);
  return begun && failure.kind === 'retry' ? { kind: 'unknown', code: failure.code, why: failure.why } : failure;
}

async function conclude(
  work: Work,
  sheets: readonly Sheet[],
  url: string | null,
  warnings: string[],
): Promise<Outcome> {
  const failed = sheets.find(({ finished, failure }) => !finished && failure)?.failure ?? null;
  if (failed) {
    if (failed.kind === 'rejected' && !failed.config) await putAway(work, sheets[0]);
    return whole(sheets, failed);
  }
  if (sheets.some(({ finished }) => !finished))
    return { kind: 'unknown', code: 'NO_END', why: 'Bitrix24 neither takes the call nor says what is wrong with it' };
  const unattached = sheets.find((sheet) => !sheet.attached && sheet.unattached)?.unattached ?? null;
  if (unattached && unattached.kind !== 'rejected' && work.attempt.number < ATTACH_ATTEMPTS)
    return {
      kind: 'retry',
      code: 'RECORDING',
      why: `recorded without its recording: ${unattached.why}`,
      afterMs: 10_000,
    };
  const told = unattached ? [...warnings, `the recording could not be attached: ${unattached.why}`] : warnings;
  const refs = {
    calls: JSON.stringify(Object.fromEntries(sheets.map(({ owed, callId }) => [owed.externalId, callId ?? '']))),
    ...(url !== null && !unattached ? { recording: url } : {}),
  };
  return { kind: 'accepted', refs, ...(told.length > 0 ? { warnings: told } : {}) };
}

/** A call the portal refuses to finish would stay on screens: at least its card is closed. */
async function putAway(work: Work, sheet: Sheet | undefined): Promise<void> {
  const seen = seenBy(work);
  if (!sheet?.callId || seen.length === 0) return;
  const params = { CALL_ID: sheet.callId, USER_ID: seen };
  await work.client.call(HIDE, params, work.attempt.signal);
}

/** Whose a call is in the portal that none of ours talked in. */
async function ownerOfNobodys(work: Work, warnings: string[]): Promise<Person | null> {
  const { event, attempt, client, context } = work;
  const { external } = event.call;
  const chosen = await responsibleFor(event.call, context.settings, {
    // Whom the portal did not know when he rang nobody owns.
    owner: async () =>
      external === null || attempt.refs['client'] === 'unknown'
        ? null
        : findResponsible(client, context, external, attempt.signal),
    lastTalked: async () => (external === null ? null : context.lastTalked(external)),
    personOf: (party) => personOf(party, context),
    personOfUser: (userId) => (context.hasLeft(userId) ? null : userId),
  });
  warnings.push(...chosen.warnings);
  return chosen.person ?? defaultPerson(context.settings);
}

/** Attaches a recording that was ready only after the call was told. A repeat replaces it by itself. */
export async function attachRecording(work: Work, url: string): Promise<Outcome> {
  const { attempt, client } = work;
  const calls = Object.entries(JSON.parse(attempt.refs['calls'] ?? '{}') as Record<string, string>);
  if (calls.length === 0) return { kind: 'skipped', why: 'the call is not recorded there' };
  if (attempt.refs['recording'] === url) return { kind: 'skipped', why: 'the recording is attached already' };
  const commands = calls.map(([externalId, callId], index) => {
    return { name: `attach${index}`, method: ATTACH, params: attachParams(callId, url, externalId) };
  });
  const answers = await client.run(commands.slice(0, MOST_COMMANDS), attempt.signal);
  if (!(answers instanceof Map)) return answers.failure;
  for (const answer of answers.values()) {
    if (answer.ok) continue;
    const { failure } = answer;
    if (failure.kind !== 'retry' || attempt.number < ATTACH_ATTEMPTS) return failure;
    return { kind: 'rejected', code: failure.code, why: `given up after ${attempt.number} attempts: ${failure.why}` };
  }
  return { kind: 'accepted', refs: { recording: url } };
}
