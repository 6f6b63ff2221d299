/**
 * What the tracker holds (`Book`) and a draft of changes over it (`Pages`). Reading a page costs a map look-up or two;
 * a call is copied the first time a draft touches it; nothing walks over all calls.
 */
import type { CallState, EndedUid, Former, Recalled } from './tracker-types.js';
import { settledName } from './channel-name.js';
import { wholeLeg } from './tracker-slim.js';
import { WakeHeap } from './wake-heap.js';

/** The link to the PBX as the tracker was told of it. */
export interface LinkPage {
  up: boolean;
  lostAt: number | null;
  /** The PBX's clock less ours, from the last stamped fact; null until there was one. */
  skewMs: number | null;
  /** The same by the answer to a ping; what a PBX tells that stamps no events. */
  pingSkewMs: number | null;
  /** When it was seen that the PBX had been restarted, our clock. */
  restartedAt: number | null;
  /** Our clock when all channels were last shown. */
  shownAt: number | null;
}

export class Book {
  readonly calls = new Map<string, CallState>();
  /** uid of a leg, or linked id, of a live call. */
  readonly uids = new Map<string, string>();
  /** Bridge → call. */
  readonly bridges = new Map<string, string>();
  /** Name of a live channel AMI showed → its uid. */
  readonly names = new Map<string, string>();
  /** `Local/…` without its half → call. */
  readonly pairs = new Map<string, string>();
  /** Client's number, or extension that talked with a client → calls, newest last. For webhooks alone. */
  readonly parties = new Map<string, readonly string[]>();
  readonly ended = new Map<string, EndedUid>();
  readonly wakes = new WakeHeap();
  link: LinkPage = { up: false, lostAt: null, skewMs: null, pingSkewMs: null, restartedAt: null, shownAt: null };
  #endedOrder: EndedUid[] = [];
  /** So many of them, the first ones, are forgotten. */
  #forgotten = 0;

  put(call: CallState): void {
    this.calls.set(call.id, call);
    this.wakes.plan(call.id, call.wake);
  }

  remove(id: string): void {
    this.calls.delete(id);
    this.wakes.plan(id, null);
  }

  /** Everything of a call that facts may name. For loading; drafts keep their own. */
  index(call: CallState): void {
    this.uids.set(call.uid, call.id);
    for (const uid of call.past) this.uids.set(uid, call.id);
    for (const leg of call.legs) {
      this.uids.set(leg.uid, call.id);
      if (leg.bridge !== null) this.bridges.set(leg.bridge, call.id);
      if (leg.ami && leg.goneAt === null && leg.name !== '') this.names.set(settledName(leg.name), leg.uid);
      const pair = pairOf(leg.name);
      if (pair !== null) this.pairs.set(pair, call.id);
    }
    for (const party of partiesOf(call)) this.parties.set(party, withNewest(this.parties.get(party), call.id));
  }

  remember(ended: EndedUid): void {
    this.ended.set(ended.uid, ended);
    this.#endedOrder.push(ended);
  }

  /** Our clock was set: what ended, ended by so much later. */
  moveEnded(by: number): void {
    const kept = this.#endedOrder.slice(this.#forgotten);
    this.#endedOrder = kept.map((entry) => ({ ...entry, endedAt: entry.endedAt + by }));
    this.#forgotten = 0;
    this.ended.clear();
    for (const entry of this.#endedOrder) this.ended.set(entry.uid, entry);
  }

  /** Forgets what ended before `before` (our clock). */
  forget(before: number): void {
    for (; ; this.#forgotten += 1) {
      const entry = this.#endedOrder[this.#forgotten];
      if (entry === undefined || entry.endedAt >= before) break;
      if (this.ended.get(entry.uid) === entry) this.ended.delete(entry.uid);
    }
    // Not each time: there may be thousands behind them.
    if (this.#forgotten * 2 <= this.#endedOrder.length) return;
    this.#endedOrder = this.#endedOrder.slice(this.#forgotten);
    this.#forgotten = 0;
  }
}

/** By whom a webhook about an unknown channel finds its call: the client, and the staff that talked with him. */
function partiesOf(call: CallState): string[] {
  if (!call.webhook || (call.direction !== 'in' && call.direction !== 'out')) return [];
  return call.external === null ? call.agents : [call.external, ...call.agents];
}

/** One number is in few calls at once; more are only so many that were forgotten to be ended. */
const MAX_SHARED = 8;

function withNewest(ids: readonly string[] | undefined, id: string): readonly string[] {
  return [...(ids ?? []), id].slice(-MAX_SHARED);
}

/** `Local/152@internal-00000002` of either half; null for any other channel. */
export function pairOf(name: string): string | null {
  return name.startsWith('Local/') && name.at(-2) === ';' ? name.slice(0, -2) : null;
}

/** A map seen through the changes of a draft. */
class Sheet<V> {
  readonly #base: Map<string, V>;
  readonly #changes = new Map<string, V | null>();

  constructor(base: Map<string, V>) {
    this.#base = base;
  }

  get(key: string): V | undefined {
    const change = this.#changes.get(key);
    if (change === undefined) return this.#base.get(key);
    return change === null ? undefined : change;
  }

  set(key: string, value: V): void {
    this.#changes.set(key, value);
  }

  delete(key: string): void {
    this.#changes.set(key, null);
  }

  apply(): void {
    for (const [key, value] of this.#changes) {
      if (value === null) this.#base.delete(key);
      else this.#base.set(key, value);
    }
  }
}

export class Pages {
  readonly uids: Sheet<string>;
  readonly bridges: Sheet<string>;
  readonly names: Sheet<string>;
  readonly pairs: Sheet<string>;
  readonly parties: Sheet<readonly string[]>;
  readonly link: LinkPage;
  readonly #book: Book;
  /** Calls of this draft: a copy, or null when the call is over or merged away. */
  readonly #calls = new Map<string, CallState | null>();
  readonly #ended = new Map<string, EndedUid>();
  readonly #recalled: ReadonlyMap<string, EndedUid>;
  readonly #taken: ReadonlySet<string>;
  /** By how much our clock was set in this draft. */
  #stepMs = 0;
  #latest = 0;

  constructor(book: Book, { ended, taken }: Recalled) {
    this.#book = book;
    this.#recalled = new Map(ended.map((one) => [one.uid, one]));
    this.#taken = new Set(taken);
    this.uids = new Sheet(book.uids);
    this.bridges = new Sheet(book.bridges);
    this.names = new Sheet(book.names);
    this.pairs = new Sheet(book.pairs);
    this.parties = new Sheet(book.parties);
    this.link = { ...book.link };
  }

  /** A live call to change, or undefined. */
  edit(id: string | undefined): CallState | undefined {
    if (id === undefined) return undefined;
    const mine = this.#calls.get(id);
    if (mine !== undefined) return mine ?? undefined;
    const base = this.#book.calls.get(id);
    if (!base) return undefined;
    const copy = copyCall(base);
    this.#calls.set(id, copy);
    return copy;
  }

  peek(id: string | undefined): CallState | undefined {
    if (id === undefined) return undefined;
    const mine = this.#calls.get(id);
    return mine === undefined ? this.#book.calls.get(id) : (mine ?? undefined);
  }

  open(call: CallState): void {
    this.#calls.set(call.id, call);
  }

  close(call: CallState): void {
    this.#calls.set(call.id, null);
    for (const uid of uidsOf(call)) if (this.uids.get(uid) === call.id) this.uids.delete(uid);
    this.unlink(call);
  }

  /** Takes a call that became part of another one away; its uids point to that one already. */
  drop(call: CallState): void {
    this.#calls.set(call.id, null);
  }

  /** Forgets bridges and names that point to this call. */
  unlink(call: CallState): void {
    for (const leg of call.legs) {
      if (leg.bridge !== null && this.bridges.get(leg.bridge) === call.id) this.bridges.delete(leg.bridge);
      const name = settledName(leg.name);
      if (this.names.get(name) === leg.uid) this.names.delete(name);
      const pair = pairOf(leg.name);
      if (pair !== null && this.pairs.get(pair) === call.id) this.pairs.delete(pair);
    }
    for (const party of partiesOf(call)) {
      const others = (this.parties.get(party) ?? []).filter((id) => id !== call.id);
      if (others.length === 0) this.parties.delete(party);
      else this.parties.set(party, others);
    }
  }

  /** A webhook call may be found by its parties from now on. */
  publish(call: CallState): void {
    for (const party of partiesOf(call)) {
      const ids = this.parties.get(party);
      if (!ids?.includes(call.id)) this.parties.set(party, withNewest(ids, call.id));
    }
  }

  setEnded(ended: EndedUid): void {
    this.#ended.set(ended.uid, ended);
  }

  ended(uid: string): EndedUid | undefined {
    const mine = this.#ended.get(uid);
    const known = this.#book.ended.get(uid);
    return mine ?? (known && { ...known, endedAt: known.endedAt + this.#stepMs }) ?? this.#recalled.get(uid);
  }

  /** What an earlier call that had this uid ended with. */
  former(uid: string): Former | null {
    const ended = this.ended(uid);
    if (ended) return { uid, at: ended.at, lastPost: ended.lastPost };
    return this.#taken.has(uid) ? { uid, at: null, lastPost: null } : null;
  }

  /** Our clock was set by so much and shows `now`. */
  clockStepped(by: number, now: number): void {
    this.#stepMs += by;
    this.#latest = now;
    for (const entry of this.#ended.values()) entry.endedAt += by;
  }

  saw(arrivedAt: number): void {
    if (arrivedAt > this.#latest) this.#latest = arrivedAt;
  }

  /** Ids of every live call. For resync only. */
  all(): string[] {
    const ids = [...this.#book.calls.keys()].filter((id) => this.#calls.get(id) !== null);
    for (const [id, call] of this.#calls) if (call !== null && !this.#book.calls.has(id)) ids.push(id);
    return ids;
  }

  /** Calls that asked to be looked at by now. */
  due(now: number): string[] {
    const ids = new Set(this.#book.wakes.due(now));
    for (const [id, call] of this.#calls) if (call !== null && call.wake !== null && call.wake <= now) ids.add(id);
    return [...ids].filter((id) => {
      const wake = this.peek(id)?.wake;
      return wake !== null && wake !== undefined && wake <= now;
    });
  }

  commit(lateMs: number): void {
    this.uids.apply();
    this.bridges.apply();
    this.names.apply();
    this.pairs.apply();
    this.parties.apply();
    for (const [id, call] of this.#calls) {
      if (call === null) this.#book.remove(id);
      else this.#book.put(call);
    }
    if (this.#stepMs !== 0) this.#book.moveEnded(this.#stepMs);
    for (const ended of this.#ended.values()) this.#book.remember(ended);
    this.#book.forget(this.#latest - lateMs);
    this.#book.link = this.link;
  }
}

/** Every uid a fact about this call may name. */
export function uidsOf(call: CallState): Set<string> {
  return new Set([call.uid, ...call.past, ...call.legs.map((leg) => leg.uid)]);
}

/** By hand: a quarter of the time of `structuredClone`, on the path of every fact. */
function copyCall(call: CallState): CallState {
  return {
    ...call,
    rang: call.rang.slice(),
    ring: call.ring && { ...call.ring, extensions: call.ring.extensions.slice() },
    agents: call.agents.slice(),
    talkers: call.talkers.slice(),
    talks: call.talks.map((turn) => ({ ...turn })),
    transfers: call.transfers.map((transfer) => ({ ...transfer })),
    toldTransfers: call.toldTransfers.slice(),
    dials: { ...call.dials },
    ending: call.ending && { ...call.ending },
    fleet: {
      ...call.fleet,
      peers: call.fleet.peers.slice(),
      rung: call.fleet.rung.slice(),
    },
    legs: call.legs.map(wholeLeg),
    past: call.past.slice(),
    again: call.again.slice(),
  };
}
