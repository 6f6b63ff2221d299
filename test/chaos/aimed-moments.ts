/**
 * Where a call is when something happens, and what must be said of it afterwards. Judged by the callers' and phones' own
 * SIP traces, which have this machine's clock, as what happens has.
 */
import type { CalleePlan } from '../pbx/phones.js';
import type { SipLeg } from '../pbx/sip-trace.js';
import type { Card, StoredCall } from '../../src/cli/demo/standins/retailcrm/account.js';

export const MOMENTS = [
  'ringing',
  'answered meanwhile',
  'given up meanwhile',
  'talking',
  'ending',
  'ended meanwhile',
  'begun meanwhile',
] as const;
export type Moment = (typeof MOMENTS)[number];
/** Where a call can be when its PBX goes down and takes it along. */
export const LAST_MOMENTS: readonly Moment[] = ['ringing', 'talking', 'ending', 'begun meanwhile'];

/** From this call's INVITE to what happens, how long that lasts, and until when it is over for sure. Milliseconds. */
export interface Aim {
  leadMs: number;
  awayMs: number;
  overMs: number;
}

/** Negative lead: it begins meanwhile. */
export function aimedPlan(
  moment: Moment,
  { leadMs, awayMs, overMs }: Aim,
): { callee: CalleePlan; giveUpMs?: number; talkMs?: number } {
  const middle = leadMs + awayMs / 2;
  const after = leadMs + overMs;
  const talkMs = 1_500;
  switch (moment) {
    case 'ringing':
    case 'begun meanwhile':
      return { callee: { then: 'answer', ringMs: after }, talkMs };
    case 'answered meanwhile':
      return { callee: { then: 'answer', ringMs: middle }, talkMs: after - middle + talkMs };
    case 'given up meanwhile':
      return { callee: { then: 'ring-on' }, giveUpMs: middle };
    case 'talking':
      return { callee: { then: 'answer', ringMs: 300 }, talkMs: after + talkMs };
    case 'ending':
      return { callee: { then: 'answer', ringMs: 300 }, talkMs: leadMs - 300 };
    case 'ended meanwhile':
      return { callee: { then: 'answer', ringMs: 300 }, talkMs: middle - 300 };
  }
}

/** The time nobody listened in, Unix ms. */
export interface Gap {
  from: number;
  to: number;
  /** Its beginning as it is listed: what was heard in the last moments of a daemon that is killed is lost with it. */
  heardUntil: number;
  /** The PBX went down at its beginning, with all its calls, and may have said so. */
  downed: boolean;
}

/** Did this call really do then what it was meant to? A busy machine may be late. */
export function wasHit(moment: Moment, leg: SipLeg, rangAt: number | null, { from, to, downed }: Gap): boolean {
  const answered = leg.answeredAt ?? Infinity;
  const ended = leg.endedAt ?? Infinity;
  // A call that its PBX took along was up until then.
  const stayed = ended > (downed ? from - EDGE_MS : to + EDGE_MS);
  // What it did within a moment of either edge may have been seen or not.
  const before = (at: number | null) => at !== null && at < from - EDGE_MS;
  const inside = (at: number) => at > from + EDGE_MS && at < to - EDGE_MS;
  switch (moment) {
    case 'ringing':
      return before(rangAt) && stayed && answered > (downed ? from : to) + EDGE_MS;
    case 'answered meanwhile':
      return before(rangAt) && inside(answered) && stayed;
    case 'given up meanwhile':
      return before(rangAt) && answered === Infinity && inside(ended);
    case 'talking':
      return before(leg.answeredAt) && stayed;
    case 'ending':
      return before(leg.answeredAt) && Math.abs(ended - from) < NEAR_MS;
    case 'ended meanwhile':
      return before(leg.answeredAt) && inside(ended);
    case 'begun meanwhile':
      return inside(leg.invitedAt) && answered > to + EDGE_MS;
  }
}

const EDGE_MS = 150;
/** Around what happens, for a call that ends by itself just then. */
const NEAR_MS = 1_000;
/** From the end of a gap to the card of a phone that rings: catching up, a commit and a request, on a busy machine. */
const CARD_MS = 5_000;

export interface Found {
  records: readonly StoredCall[];
  cards: readonly Card[];
  /** Whether the stored call says that a part of it fell into a gap; null when nothing is stored. */
  approximate: boolean | null;
}

/** What is wrong with what was said of a call that was hit; empty when nothing is. `code`: whose phone it was. */
export function complaints(moment: Moment, leg: SipLeg, gap: Gap, found: Found, code: string): string[] {
  const wrong: string[] = [];
  const [record, ...more] = found.records;
  if (!record) return ['no record'];
  if (more.length > 0) wrong.push(`${found.records.length} records`);
  if (found.cards.length !== 1) wrong.push(`${found.cards.length} cards`);
  const [card] = found.cards;
  if (card?.closedAt === null) wrong.push('its card is open');

  const isOver = gap.downed && moment !== 'begun meanwhile';
  const wasAnswered = leg.answeredAt !== null && (!isOver || leg.answeredAt < gap.from);
  const result = wasAnswered ? 'answered' : 'no answer';
  if (record.result !== result) wrong.push(`${record.result}, not ${result}`);
  if (wasAnswered && record.code !== code) wrong.push(`of ${record.code ?? 'nobody'}, not ${code}`);

  const isExact = moment === 'ringing' || moment === 'talking';
  if (!isOver && moment !== 'ending' && found.approximate === isExact)
    wrong.push(isExact ? 'marked approximate' : 'not marked approximate');

  const [least, most] = seconds(leg, gap, isOver);
  const told = record.duration ?? 0;
  if (told < least - 1 || told > most + 1)
    wrong.push(`${told} s of talk, not ${least.toFixed(1)} to ${most.toFixed(1)}`);

  if (moment === 'begun meanwhile' && card) {
    if (card.openedAt >= (leg.answeredAt ?? Infinity)) wrong.push('its card came when it had been answered');
    const afterMs = card.openedAt - gap.to;
    if (afterMs > CARD_MS) wrong.push(`its card came ${Math.round(afterMs)} ms after the gap`);
  }
  return wrong;
}

/** The talk, and the talk less what of it nobody heard begin or end. */
function seconds(leg: SipLeg, gap: Gap, isOver: boolean): [least: number, most: number] {
  if (leg.answeredAt === null) return [0, 0];
  const end = Math.min(leg.endedAt ?? Infinity, isOver ? gap.from : Infinity);
  const most = Math.max(0, end - leg.answeredAt);
  const isUnheard = (at: number) => at > gap.heardUntil && at < gap.to;
  const unheard = isUnheard(leg.answeredAt) ? gap.to - leg.answeredAt : isUnheard(end) ? end - gap.heardUntil : 0;
  return [(most - unheard) / 1_000, most / 1_000];
}
