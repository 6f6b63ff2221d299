/**
 * The account at the end of a trial: what Asterisk wrote down, what the CRM got, and what was listed as a gap must add up.
 *
 * Asterisk's record has whole seconds; when a call began and ended is taken from the callers' traces, which have
 * microseconds and this machine's clock, as the gaps have.
 */
import type pg from 'pg';
import { recordedCalls } from '../pbx/load.js';
import type { DrivenCall, RecordedCall } from '../pbx/load.js';
import type { CdrRow } from '../pbx/master-csv.js';
import type { StoredCall } from '../../src/cli/demo/standins/retailcrm/account.js';
import type { Branch, Stage } from './stage.js';

export interface Violation {
  what: string;
  /** Unique id of the call's first channel, where it is about a call. */
  uid: string | null;
  detail: string;
}

export interface Account {
  /** Calls in Master.csv. */
  calls: number;
  records: number;
  /** Without a record, wholly inside a listed gap. */
  inGaps: number;
  /** With a record that says that a part of it fell into a gap. */
  approximate: number;
  /** Whose record came from recovery. */
  recovered: number;
  gaps: number;
  gapSeconds: number;
  cards: number;
  /** From a phone's 180 to the card, milliseconds; the longest. */
  latestCardMs: number;
  violations: Violation[];
}

export interface Expected {
  /** True when Asterisk itself was killed: its own record is not whole, and only what it has is compared. */
  cdrMayLack?: boolean;
  /** What fell into gaps was recovered: every call has its record, and none of these a card. */
  recovered?: boolean;
}

interface CallRow {
  id: string;
  uid: string;
  externalId: string;
  direction: string;
  approximate: boolean;
  recovered: boolean;
  live: boolean;
  merged: boolean;
  finished: number;
}

interface Gap {
  from: number;
  to: number | null;
  reason: string;
  recovered: boolean;
}

/** A card's life of 15 s, and the request that was on its way when it ended. */
const LATE_MS = 15_500;

/** One PBX's calls. `driven`: what its callers did. */
export async function settleUp(
  { pool, crm }: Pick<Stage, 'pool' | 'crm'>,
  branch: Branch,
  driven: readonly DrivenCall[],
  expected: Expected = {},
): Promise<Account> {
  const cdr = branch.asterisk.masterCsv();
  const made = recordedCalls(cdr);
  const traces = new Map(driven.map((call) => [call.plan.tag, call]));
  const records = crm.state.calls.filter((record) => record.externalId?.startsWith(`${branch.enterprise}-`));
  const cards = crm.state.cards.filter((card) => card.callExternalId?.startsWith(`${branch.enterprise}-`));
  const known = await callRows(pool, branch.pbx);
  const facts = await uidsWithFacts(pool, branch.pbx);
  const gaps = await gapsOf(pool, branch.pbx);
  const violations: Violation[] = [];
  const wrong = (what: string, uid: string | null, detail = '') => violations.push({ what, uid, detail });

  const tagOfUid = new Map<string, string>();
  for (const call of made.values()) tagOfUid.set(call.linkedid, call.tag);
  const legs = new Map(cdr.map((row) => [row.uniqueid, row.linkedid]));
  const byUid = new Map<string, StoredCall[]>();
  for (const record of records) {
    const uid = uidOf(record, branch);
    byUid.set(uid, [...(byUid.get(uid) ?? []), record]);
  }

  for (const [uid, ofCall] of byUid) {
    if (ofCall.length > 1) wrong('doubled', uid, `${ofCall.length} records`);
    const first = legs.get(uid);
    if (first !== undefined && first !== uid) wrong('recorded by a later channel', uid, `of ${first}`);
    if (first !== undefined) continue;
    if (!expected.cdrMayLack) wrong('recorded, unknown to Asterisk', uid);
    else if (!known.some((call) => call.uid === uid && call.approximate)) wrong('cut off and not marked', uid);
  }
  const placed = driven.filter((call) => call.placed !== null).length;
  if (records.length > placed) wrong('more records than calls', null, `${records.length} of ${placed}`);
  for (const call of known) {
    const count = byUid.get(call.uid)?.length ?? 0;
    if (call.merged) continue;
    if (call.live) wrong('never ended', call.uid);
    if (call.finished > 1) wrong('finished more than once', call.uid, `${call.finished} times`);
    if (call.finished > 0 && count === 0 && call.direction !== 'internal') wrong('finished without a record', call.uid);
  }

  let inGaps = 0;
  let approximate = 0;
  for (const call of made.values()) {
    const record = byUid.get(call.linkedid)?.[0];
    const row = known.find((one) => one.uid === call.linkedid);
    if (record) {
      if (row?.approximate) approximate += 1;
      else compare(call, record, traces.get(call.tag), expected, wrong);
      continue;
    }
    if (facts.has(call.linkedid)) wrong('has a committed fact and no record', call.linkedid);
    else if (!expected.recovered && isInside(call, traces.get(call.tag), gaps)) inGaps += 1;
    else wrong('in no record and in no gap', call.linkedid, momentsOf(call, traces.get(call.tag), gaps));
  }

  let latestCardMs = 0;
  const shown = new Map<string, number>();
  const shownOf = new Map<string, number>();
  for (const card of cards) {
    const uid = card.callExternalId?.slice(branch.enterprise.length + 1) ?? '';
    if (card.closedAt === null) wrong('card left open', uid, card.code);
    const key = `${uid} ${card.code}`;
    shown.set(key, (shown.get(key) ?? 0) + 1);
    shownOf.set(uid, (shownOf.get(uid) ?? 0) + 1);
    const ringing = traces.get(tagOfUid.get(uid) ?? '')?.firstRingingAt ?? null;
    if (ringing === null) continue;
    // A phone that began to ring in a gap is heard of at its end.
    const gap = gaps.find((one) => one.from <= ringing && one.to !== null && ringing <= one.to);
    const after = card.openedAt - (gap?.to ?? ringing);
    latestCardMs = Math.max(latestCardMs, after);
    if (after > LATE_MS) wrong('late pop-up', uid, `${Math.round(after)} ms after the ring`);
  }
  for (const [key, count] of shown) {
    const [uid = '', code = ''] = key.split(' ');
    if (count > 1) wrong('card shown again', uid, `${count} times to ${code}`);
  }
  const recovered = known.filter((call) => call.recovered);
  for (const call of recovered) if ((shownOf.get(call.uid) ?? 0) > 0) wrong('a recovered call opened a card', call.uid);
  for (const gap of gaps) if (expected.recovered && !gap.recovered) wrong('gap not recovered', null, gap.reason);
  for (const gap of gaps) if (gap.to === null) wrong('gap left open', null, gap.reason);

  return {
    calls: made.size,
    records: records.length,
    inGaps,
    approximate,
    recovered: recovered.length,
    gaps: gaps.length,
    gapSeconds: gaps.reduce((sum, gap) => sum + ((gap.to ?? gap.from) - gap.from) / 1_000, 0),
    cards: cards.length,
    latestCardMs: Math.round(latestCardMs),
    violations,
  };
}

function uidOf(record: StoredCall, branch: Branch): string {
  return (record.externalId ?? '').slice(branch.enterprise.length + 1);
}

/** A record without a mark must be right: who called, what came of it, for how long. */
function compare(
  made: RecordedCall,
  record: StoredCall,
  driven: DrivenCall | undefined,
  { cdrMayLack = false }: Expected,
  wrong: (what: string, uid: string, detail: string) => void,
): void {
  const say = (detail: string) => wrong('record is wrong', made.linkedid, detail);
  // Asterisk calls a call answered that it hung up before both sides were in one bridge: nobody talked.
  const hungUpBetween = cdrMayLack && made.answered && made.billSeconds <= 1 && (record.duration ?? 0) === 0;
  if ((record.result === 'answered') !== made.answered && !hungUpBetween)
    say(`${record.result}, Asterisk: ${answeredWord(made.rows)}`);
  const seconds = record.duration ?? 0;
  if (made.answered && Math.abs(seconds - made.billSeconds) > 1) say(`${seconds} s, Asterisk: ${made.billSeconds} s`);
  if (driven && `+${record.phone.replace(/\D/g, '')}` !== driven.external)
    say(`client ${record.phone}, not ${driven.external}`);
  if (driven?.answeredBy && made.answered && record.code !== driven.answeredBy)
    say(`answered by ${record.code ?? 'nobody'}, not ${driven.answeredBy}`);
}

function answeredWord(rows: readonly CdrRow[]): string {
  return [...new Set(rows.map((row) => row.disposition))].join(', ');
}

function isInside(made: RecordedCall, driven: DrivenCall | undefined, gaps: readonly Gap[]): boolean {
  const { from, to } = spanOf(made, driven);
  return gaps.some((gap) => gap.from <= from && gap.to !== null && to <= gap.to);
}

function spanOf(made: RecordedCall, driven: DrivenCall | undefined): { from: number; to: number } {
  const end = Math.max(...made.rows.map((row) => row.end));
  return { from: driven?.placed?.invitedAt ?? made.start, to: driven?.placed?.endedAt ?? end };
}

function momentsOf(made: RecordedCall, driven: DrivenCall | undefined, gaps: readonly Gap[]): string {
  const { from, to } = spanOf(made, driven);
  const near = gaps.filter((gap) => gap.from < to + 5_000 && (gap.to ?? Infinity) > from - 5_000);
  const text = near
    .map((gap) => `${gap.reason} ${clock(gap.from)}–${gap.to === null ? '…' : clock(gap.to)}`)
    .join('; ');
  return `call ${clock(from)}–${clock(to)}; gaps near: ${text || 'none'}`;
}

export const clock = (at: number): string => new Date(at).toISOString().slice(11, 23);

async function callRows(db: pg.Pool, pbx: string): Promise<CallRow[]> {
  const { rows } = await db.query<CallRow>(
    `SELECT id, unique_id AS uid, external_id AS "externalId", direction, approximate, recovered, state IS NOT NULL AS live,
            merged_into IS NOT NULL AS merged,
            (SELECT count(*)::int FROM call_events e WHERE e.call_id = calls.id AND e.kind = 'call.finished') AS finished
       FROM calls WHERE pbx = $1`,
    [pbx],
  );
  return rows;
}

/** Linked ids that a stored AMI fact of a channel names. */
async function uidsWithFacts(db: pg.Pool, pbx: string): Promise<Set<string>> {
  const { rows } = await db.query<{ uid: string }>(
    `SELECT DISTINCT x.uid FROM asterisk_logs l,
       LATERAL (SELECT l.raw_data->'channel'->>'linkedid' AS uid
                UNION ALL SELECT c->>'linkedid' FROM jsonb_array_elements(
                  CASE jsonb_typeof(l.raw_data->'channels') WHEN 'array' THEN l.raw_data->'channels' ELSE '[]' END) c) x
      WHERE l.pbx = $1 AND l.source = 'ami' AND x.uid IS NOT NULL`,
    [pbx],
  );
  return new Set(rows.map((row) => row.uid));
}

async function gapsOf(db: pg.Pool, pbx: string): Promise<Gap[]> {
  const { rows } = await db.query<{ from: Date; to: Date | null; reason: string; recovered: boolean }>(
    `SELECT started_at AS "from", ended_at AS "to", reason, recovered_at IS NOT NULL AS recovered
       FROM pbx_gaps WHERE pbx = $1 ORDER BY started_at`,
    [pbx],
  );
  return rows.map((row) => ({ ...row, from: row.from.getTime(), to: row.to?.getTime() ?? null }));
}
