/** One draft at work: the pages it may change and what it has to say. Shared by the rules, one file an idea. */
import type { CallEvent } from './vocabulary.js';
import { uidOf } from './facts.js';
import type { Fact } from './facts.js';
import type { Detail, Note, Rule } from './rules.js';
import type { CallState, Effect, EndedUid, EnterpriseProfile, Folded, Leg, Settings } from './tracker-types.js';
import type { Pages } from './tracker-book.js';
import { shiftTimes } from './tracker-clocks.js';
import { callFacts } from './tracker-facts.js';
import { startOf } from './tracker-time.js';

type WithoutBase<E> = E extends CallEvent ? Omit<E, 'seq' | 'at' | 'call'> : never;
type Said = WithoutBase<CallEvent>;

export class Work {
  readonly ctx: Settings;
  readonly pages: Pages;
  readonly events: CallEvent[] = [];
  readonly arrivals: number[] = [];
  readonly notes: Note[] = [];
  readonly effects: Effect[] = [];
  readonly merged: Folded['merged'] = [];
  readonly uids: Folded['uids'] = [];
  readonly changed = new Map<string, CallState>();
  readonly finished = new Map<string, CallState>();
  /** Time of the fact at hand, on the PBX's clock as soon as that is known; and our clock. */
  at = 0;
  now = 0;
  /** Its name in notes, and the channel it is about. */
  by = '';
  uid = '';
  source: Fact['source'] = 'system';
  /** The PBX says that it makes the channel now. */
  madeNow = false;
  /** What is concluded was concluded before, so it is neither noted nor told. */
  quiet = false;

  constructor(ctx: Settings, pages: Pages) {
    this.ctx = ctx;
    this.pages = pages;
  }

  begin(fact: Fact): void {
    const { link } = this.pages;
    if (fact.source === 'ami') {
      link.up = true;
      if (fact.stamped) link.skewMs = fact.at - fact.arrivedAt;
    }
    this.at = fact.stamped ? fact.at : this.onPbxClock(fact.at);
    this.now = fact.arrivedAt;
    this.by = fact.kind === 'fleet' ? fact.fleet.event : fact.kind;
    this.uid = uidOf(fact);
    this.source = fact.source;
    this.madeNow = fact.kind === 'channel.new';
    this.pages.saw(fact.arrivedAt);
  }

  /** Our clock put on the PBX's; as it is while that is not known. */
  onPbxClock(ours: number): number {
    return ours + (this.pages.link.skewMs ?? 0);
  }

  /** When the channel of this uid was made, by the clock `at` is on; null when that does not fit with `at`. See `startOf`. */
  madeAt(uid: string, withinMs?: number): number | null {
    const { skewMs, pingSkewMs } = this.pages.link;
    // An id is of the PBX's clock, stamps or no stamps.
    const ahead = skewMs === null ? (pingSkewMs ?? 0) : 0;
    const start = startOf(uid, this.at + ahead, withinMs);
    return start === null ? null : start - ahead;
  }

  /** A call to change; noted as changed, and on the PBX's clock as soon as that is known. */
  edit(id: string | undefined): CallState | undefined {
    const call = this.pages.edit(id);
    if (!call) return undefined;
    const { skewMs } = this.pages.link;
    if (call.skewMs === null && skewMs !== null) shiftTimes(call, skewMs);
    call.skewMs = skewMs ?? call.skewMs;
    this.changed.set(call.id, call);
    return call;
  }

  count(what: string, enterprise?: string | null): void {
    this.effects.push({ kind: 'count', what, ...(enterprise ? { enterprise } : {}) });
  }

  profile(call: CallState): EnterpriseProfile | null {
    return this.profileOf(call.enterprise);
  }

  profileOf(number: string | null | undefined): EnterpriseProfile | null {
    return this.ctx.enterprises.find((enterprise) => enterprise.number === number) ?? null;
  }

  /** Tells one event of an announced call, and by which rule; before that nothing is told. */
  say(call: CallState, rule: Rule, said: Said, at = this.at, arrivedAt = this.now): void {
    if (this.quiet) return;
    const { kind, ...detail } = said;
    if (!call.announced) return this.note(call, rule, detail, at);
    call.seq += 1;
    // Of what is told after the fact only the end is told to anybody.
    if (kind === 'call.finished' || !this.ctx.recovered) {
      this.arrivals.push(arrivedAt);
      this.events.push({ ...said, seq: call.seq, at, call: callFacts(call) });
    }
    this.note(call, rule, { event: kind, seq: call.seq, ...detail }, at);
  }

  /** Notes a conclusion about a call. */
  note(call: CallState | string, rule: Rule, detail: Detail = {}, at = this.at): void {
    if (this.quiet) return;
    const id = typeof call === 'string' ? call : call.id;
    this.notes.push({ call: id, rule, at, arrivedAt: this.now, by: this.by, uid: this.uid, detail });
  }

  /** A fact changes nothing: counted, and noted with the call it is about. */
  drop(call: CallState | string, rule: Rule, detail: Detail = {}, enterprise?: string | null): void {
    this.count(rule, enterprise);
    this.note(call, rule, detail);
  }

  /** The call of this uid is over. */
  ended(uid: EndedUid): void {
    this.uids.push({ ...uid });
    this.pages.setEnded(uid);
  }

  own(call: CallState, uid: string): void {
    const former = this.pages.former(uid);
    if (former && !call.again.some((one) => one.uid === uid)) {
      call.again.push(former);
      this.note(call, 'uid-again', { uid });
    }
    this.pages.uids.set(uid, call.id);
    this.uids.push({ uid, callId: call.id, endedAt: null, at: null, presumed: false, lastPost: null });
  }
}

export function legOf(call: CallState | undefined, uid: string | null | undefined): Leg | undefined {
  return uid === null || uid === undefined ? undefined : call?.legs.find((leg) => leg.uid === uid);
}

export function mainLeg(call: CallState): Leg | undefined {
  return legOf(call, call.uid);
}

export function liveLegs(call: CallState): Leg[] {
  return call.legs.filter((leg) => leg.goneAt === null);
}

export function addOnce<T>(list: T[], value: T): boolean {
  if (list.includes(value)) return false;
  list.push(value);
  return true;
}
