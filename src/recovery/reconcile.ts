/**
 * One day of one enterprise laid side by side: the PBX's calls by its own records, the calls we hold, and the records each CRM
 * acknowledged. Pure: what differs, and why.
 */
import type { CdrCall } from './cdr-calls.js';

export interface CallSide {
  id: string;
  enterprise: string | null;
  externalId: string;
  uid: string;
  direction: string;
  startedAt: number;
  endedAt: number;
  live: boolean;
  recovered: boolean;
  /** It finished, and CRMs were told or told why not. */
  told: boolean;
  uids: string[];
}

/** What became of a finished call at an integration, or why nothing was owed. */
export interface Owing {
  callId: string;
  type: string;
  state: string;
  why: string | null;
}

/** A call of the PBX's records, and what they make of it; that counts where nobody here has it. */
export interface PbxSide extends CdrCall {
  /**
   * `nobodys`: as far as the records tell it was no call of ours: nobody was dialled, or another enterprise's. `unreadable`: what
   * they tell could not be folded (a bug), so whose call it was is not known.
   */
  readAs: 'ours' | 'nobodys' | 'unreadable';
  /** Nobody has looked at its records yet. */
  fresh: boolean;
}

export interface CrmSide {
  type: string;
  acknowledged: number;
  /** Owed by no rule: internal calls, callers left out, an integration that is off; by reason. */
  notOwed: Record<string, number>;
  waiting: number;
  missing: number;
}

export type DifferenceKind = 'not here' | 'not in the PBX' | 'not in the CRM' | 'on its way';

export interface Difference {
  what: DifferenceKind;
  /** The id CRMs know, else the PBX's unique id. */
  call: string;
  at: number;
  integration: string | null;
  why: string;
}

export interface Reconciled {
  enterprise: string;
  day: string;
  /** Null: no source of the PBX's records is set, so nothing can be said of it. */
  pbxCalls: number | null;
  /** Unix ms: when its records were last read. */
  readAt: number | null;
  ourCalls: number;
  recovered: number;
  crms: CrmSide[];
  differences: Difference[];
}

export interface Sides {
  enterprise: string;
  day: string;
  /** Null where none are read. */
  pbx: readonly PbxSide[] | null;
  readAt: number | null;
  /** Of the whole PBX: a record may be another enterprise's call. */
  calls: readonly CallSide[];
  owing: readonly Owing[];
  /** The integrations that are switched on. */
  types: readonly string[];
  /** Gaps whose calls are still missing; Unix ms. */
  gaps: readonly { from: number; to: number | null }[];
}

export function compare(sides: Sides): Reconciled {
  const { enterprise, day, readAt, types } = sides;
  const ours = sides.calls.filter((call) => call.enterprise === enterprise && (call.told || call.live));
  const byUid = new Map(sides.calls.flatMap((call) => [call.uid, ...call.uids].map((uid) => [uid, call] as const)));
  const differences: Difference[] = [];
  const met = new Set<CallSide>();
  let missing = 0;
  for (const one of sides.pbx ?? []) {
    const known = one.records.flatMap(({ uid, linkedid }) => byUid.get(uid) ?? byUid.get(linkedid) ?? []);
    for (const call of known) met.add(call);
    if (known.length > 0 || one.readAs === 'nobodys') continue;
    missing += 1;
    const first = one.records[0];
    const at = first?.start ?? 0;
    differences.push({ what: 'not here', call: first?.uid ?? '', at, integration: null, why: whyMissing(one, sides) });
  }
  if (sides.pbx !== null) {
    for (const call of ours) {
      if (met.has(call)) continue;
      const why = whyUntold(call, sides);
      differences.push({ what: 'not in the PBX', call: call.externalId, at: call.startedAt, integration: null, why });
    }
  }
  const crms = types.map((type) => ofCrm(type, ours, sides.owing, differences));
  return {
    enterprise,
    day,
    pbxCalls: sides.pbx === null ? null : ours.filter((call) => met.has(call)).length + missing,
    readAt,
    ourCalls: ours.length,
    recovered: ours.filter((call) => call.recovered).length,
    crms,
    differences: differences.sort((one, other) => one.at - other.at),
  };
}

function whyUntold({ startedAt, endedAt }: CallSide, { readAt, gaps }: Sides): string {
  if (readAt === null || readAt < startedAt) return 'its record was not read yet';
  if (touches(gaps, startedAt, endedAt)) return 'the link was away when its record may have been told';
  return 'Asterisk wrote no record of it (cdr.conf: unanswered, or its channels)';
}

function touches(gaps: Sides['gaps'], from: number, to: number): boolean {
  return gaps.some((gap) => gap.from <= to && (gap.to === null || from <= gap.to));
}

function whyMissing(one: PbxSide, { gaps }: Sides): string {
  const [from, to] = [one.records[0]?.start ?? 0, Math.max(...one.records.map(({ end }) => end))];
  if (touches(gaps, from, to)) return 'it fell into a gap that is not recovered yet';
  if (one.fresh) return 'its records were not looked at yet';
  if (one.readAs === 'unreadable') return 'its records make no call; the log of recovery says why';
  return 'nothing told of it; `trunkline recover` looks again';
}

function ofCrm(type: string, ours: readonly CallSide[], owing: readonly Owing[], differences: Difference[]): CrmSide {
  const byCall = new Map<string, Owing[]>();
  for (const row of owing.filter((one) => one.type === type))
    byCall.set(row.callId, [...(byCall.get(row.callId) ?? []), row]);
  const side: CrmSide = { type, acknowledged: 0, notOwed: {}, waiting: 0, missing: 0 };
  for (const call of ours) {
    const rows = byCall.get(call.id) ?? [];
    const unsettled = rows.find(({ state }) => state === 'pending' || state === 'started');
    const lost = rows.find(({ state }) => state === 'dead' || state === 'expired');
    const differs = (what: DifferenceKind, why: string) =>
      differences.push({ what, call: call.externalId, at: call.startedAt, integration: type, why });
    if (call.live) {
      side.waiting += 1;
    } else if (lost) {
      side.missing += 1;
      differs('not in the CRM', lost.why ?? lost.state);
    } else if (unsettled) {
      side.waiting += 1;
      differs('on its way', unsettled.why ?? 'not sent yet');
    } else if (rows.some(({ state }) => state === 'done')) {
      side.acknowledged += 1;
    } else if (rows.length > 0) {
      const why = rows[0]?.why ?? 'skipped';
      side.notOwed[why] = (side.notOwed[why] ?? 0) + 1;
    } else {
      side.missing += 1;
      differs(
        'not in the CRM',
        'it was never owed: the integration was set up later, or what was sent is forgotten by age',
      );
    }
  }
  return side;
}
