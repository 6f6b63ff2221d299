/** What was said of a call against what it was. Each complaint is a sentence; none is right. */
import type { CallFacts } from '../../../src/calls/vocabulary.js';
import type { Card, StoredCall } from '../../../src/cli/demo/standins/retailcrm/account.js';
import type { CdrRow } from '../../pbx/master-csv.js';
import type { Lateness } from '../../support/lateness.js';
import { MOBILE, MOBILE_OWNER } from './dialplan.js';
import type { Kind } from './ground.js';
import { enterpriseOf } from './reader.js';
import { answeredAt, secondsOf, type Truth } from './truth.js';

const TOLERANCE_MS = 1_000;

/** All that one PBX's own records say, and what was made of its calls. */
export interface Told {
  readonly kind: Kind;
  readonly rows: readonly CdrRow[];
  readonly calls: readonly CallFacts[];
  readonly records: readonly StoredCall[];
  readonly cards: readonly Card[];
  /** Of the phones whose stamps are the measure. */
  readonly lateness: Lateness;
  /** Calls whose card was owed and came too late: then none is right. */
  readonly expiredCards: readonly string[];
}

/** The unique id Asterisk's own records give the call; null when it is not in them. */
export function uidOf(truth: Truth, rows: readonly CdrRow[]): string | null {
  const { find } = truth;
  if ('uid' in find) return rows.some((row) => row.linkedid === find.uid) ? find.uid : null;
  const row = rows.find((one) =>
    'tag' in find ? one.clid.startsWith(`"${find.tag}`) : one.src === find.src && one.dst === find.dst,
  );
  return row?.linkedid ?? null;
}

export function judge(truth: Truth, told: Told): string[] {
  const uid = uidOf(truth, told.rows);
  if (uid === null) return [`not in Master.csv: ${JSON.stringify(truth.find)}`];
  const id = `${enterpriseOf(told.kind)}-${uid}`;
  const facts = told.calls.filter((call) => call.externalId === id);
  const records = told.records.filter((record) => record.externalId === id);
  const cards = told.cards.filter((card) => card.callExternalId === id);
  const near = within(TOLERANCE_MS + told.lateness.between(truth.startedAt, truth.endedAt));
  return [
    ...byCdr(
      truth,
      told.rows.filter((row) => row.linkedid === uid),
      near,
    ),
    ...(facts.length === 1 ? byFacts(truth, facts[0] as CallFacts, near) : [`finished ${facts.length} times`]),
    ...byRecords(truth, records, near),
    ...byCards(truth, cards, told.expiredCards.includes(id)),
  ];
}

/** The harness against the PBX: what the phones did is what Asterisk recorded. */
function byCdr(truth: Truth, rows: readonly CdrRow[], near: Near): string[] {
  const dispositions = rows.map((row) => row.disposition);
  const complaints = compared(
    'Master.csv',
    'disposition',
    dispositions.includes(truth.disposition) ? truth.disposition : dispositions,
    truth.disposition,
  );
  if (truth.disposition !== 'ANSWERED' && dispositions.includes('ANSWERED')) complaints.push('Master.csv: answered');
  const billed = Math.max(...rows.map((row) => row.billSeconds));
  return truth.billed
    ? [...complaints, ...near('Master.csv', 'billed', billed, Math.round(secondsOf(truth).talk))]
    : complaints;
}

function byFacts(truth: Truth, call: CallFacts, near: Near): string[] {
  const said = (what: keyof CallFacts & keyof Truth) => compared('the call', what, call[what], truth[what]);
  const { wait, talk, span } = secondsOf(truth);
  const second = (what: string, value: number, expected: number) => near('the call', what, value, expected);
  const answeredBy = truth.direction === 'out' ? truth.external : (truth.agents[0] ?? null);
  return [
    ...(['direction', 'external', 'line', 'caller', 'agents', 'hold', 'recorded', 'queue', 'result'] as const).flatMap(
      said,
    ),
    ...compared('the call', 'rang', [...call.rang].sort(), [...truth.rang].sort()),
    ...compared('the call', 'answeredBy', call.answeredBy, truth.talks.length > 0 ? answeredBy : null),
    ...compared('the call', 'finalAgent', call.finalAgent, truth.agents.at(-1) ?? null),
    ...compared(
      'the call',
      'transfers',
      call.transfers.map(({ kind, from, to, answered }) => ({ kind, from, to, answered })),
      truth.transfers,
    ),
    ...compared('the call', 'approximate', call.approximate, false),
    ...second('wait', call.waitMs / 1_000, wait),
    ...second('talk', call.talkMs / 1_000, talk),
    ...second('span', call.spanMs / 1_000, span),
    ...second('start', call.startedAt / 1_000, truth.startedAt / 1_000),
    ...second('end', (call.endedAt ?? 0) / 1_000, truth.endedAt / 1_000),
    ...(call.answeredAt === null ? [] : second('answer', call.answeredAt / 1_000, (answeredAt(truth) ?? 0) / 1_000)),
  ];
}

const RESULT = {
  answered: 'answered',
  missed: 'no answer',
  abandoned: 'no answer',
  busy: 'busy',
  failed: 'failed',
} as const;
const codeOf = (party: string): string => (party === MOBILE ? MOBILE_OWNER : party);

function byRecords(truth: Truth, records: readonly StoredCall[], near: Near): string[] {
  if (truth.direction === 'internal') return compared('the CRM', 'records of an internal call', records.length, 0);
  const [record] = records;
  if (!record || records.length > 1) return [`the CRM: ${records.length} records`];
  const { wait, talk } = secondsOf(truth);
  const owners =
    truth.result === 'answered' ? truth.agents.slice(-1) : truth.caller === null ? truth.rang : [truth.caller];
  return [
    ...compared('the CRM', 'type', record.type, truth.direction),
    ...compared('the CRM', 'phone', record.phone, truth.external?.slice(1)),
    ...compared('the CRM', 'result', record.result, RESULT[truth.result]),
    // A call that reached nobody is put on whom the settings say.
    ...(owners.length === 0 || owners.map(codeOf).includes(record.code ?? '')
      ? []
      : [`the CRM: code ${record.code}, not ${owners.join(' or ')}`]),
    ...near('the CRM', 'duration', record.duration ?? 0, Math.round(talk)),
    ...near('the CRM', 'waiting', record.durationWaiting ?? 0, Math.round(wait)),
  ];
}

/** Whoever rang for the client saw a card, nobody else did, and none is left. */
function byCards(truth: Truth, cards: readonly Card[], expired: boolean): string[] {
  if (truth.direction === 'internal') return compared('the CRM', 'cards of an internal call', cards.length, 0);
  const shown = new Set(cards.map((card) => card.code));
  const due = truth.direction === 'out' ? [truth.caller ?? ''] : [...truth.rang, ...truth.rangLater].map(codeOf);
  const maybe = [...due, ...truth.agents.map(codeOf)];
  return [
    // A call that is refused at once may be over before its card was due.
    ...(truth.ringAt === null || expired
      ? []
      : due.filter((code) => !shown.has(code)).map((code) => `the CRM: no card for ${code}`)),
    ...[...shown].filter((code) => !maybe.includes(code)).map((code) => `the CRM: a card for ${code}`),
    ...cards.filter((card) => card.closedAt === null).map((card) => `the CRM: the card of ${card.code} is open`),
    ...cards
      .filter((card) => card.phone !== truth.external?.slice(1))
      .map((card) => `the CRM: a card of ${card.phone}`),
  ];
}

function compared(where: string, what: string, is: unknown, should: unknown): string[] {
  const [one, other] = [JSON.stringify(is), JSON.stringify(should)];
  return one === other ? [] : [`${where}: ${what} ${one}, not ${other}`];
}

type Near = ReturnType<typeof within>;

/** Whole seconds are compared with whole seconds. */
const within =
  (toleranceMs: number) =>
  (where: string, what: string, is: number, should: number): string[] =>
    Math.abs(is - should) * 1_000 <= toleranceMs
      ? []
      : [`${where}: ${what} ${is.toFixed(2)} s, not ${should.toFixed(2)} s`];
