/**
 * Which records are one call, and what they tell of it as facts. Pure.
 *
 * Records are one call's when they have a channel in common: by unique id, by linked id where Asterisk writes it, by a
 * name at overlapping times (names come again after a restart), or as two halves of a Local channel.
 *
 * A record is one side's: its channel, whom it was put through to, and what came of it. As facts it is that channel's beginning and end, a
 * dial, and the bridge while both were in it. Whole seconds are all there is; who rang besides, how long, and holds are not told.
 */
import type { ChannelInfo, Fact } from '../calls/facts.js';
import type { CdrRecord } from './cdr-record.js';

export interface CdrCall {
  records: CdrRecord[];
}

/** Records this far apart are of different lives of a name. */
const TOUCH_MS = 2_000;

export function callsOf(records: readonly CdrRecord[]): CdrCall[] {
  const groups = new Groups(records.length);
  const byKey = new Map<string, number[]>();
  records.forEach((record, index) => {
    for (const key of keysOf(record)) {
      const others = byKey.get(key) ?? [];
      const sure = key.startsWith('id ');
      for (const other of others) if (sure || touches(record, records[other])) groups.join(index, other);
      others.push(index);
      byKey.set(key, others);
    }
  });
  const calls = new Map<number, CdrRecord[]>();
  records.forEach((record, index) => {
    const root = groups.rootOf(index);
    calls.set(root, [...(calls.get(root) ?? []), record]);
  });
  return [...calls.values()].map((own) => ({ records: own.toSorted((one, other) => one.start - other.start) }));
}

function keysOf({ uid, linkedid, channel, dstChannel }: CdrRecord): string[] {
  const names = [channel, dstChannel].filter((name) => name !== '').map(wholeName);
  return [`id ${uid}`, ...(linkedid === '' ? [] : [`id ${linkedid}`]), ...new Set(names)];
}

/** Both halves of a Local channel have one. */
const wholeName = (name: string) => `name ${name.replace(/^(Local\/.+);[12]$/, '$1')}`;

function touches(one: CdrRecord, other: CdrRecord | undefined): boolean {
  return other !== undefined && one.start <= other.end + TOUCH_MS && other.start <= one.end + TOUCH_MS;
}

class Groups {
  readonly #above: number[];

  constructor(count: number) {
    this.#above = Array.from({ length: count }, (_none, index) => index);
  }

  rootOf(index: number): number {
    let root = index;
    while (this.#above[root] !== root) root = this.#above[root] ?? root;
    this.#above[index] = root;
    return root;
  }

  join(one: number, other: number): void {
    this.#above[this.rootOf(one)] = this.rootOf(other);
  }
}

const DIAL_STATUS: Readonly<Record<string, string>> = {
  'NO ANSWER': 'NOANSWER',
  BUSY: 'BUSY',
  FAILED: 'CHANUNAVAIL',
  CONGESTION: 'CONGESTION',
};

/** What stands for the unique id of a channel that has no record of its own. */
export const UNTOLD_UID = /^cdr:/;

export function factsOf({ records }: CdrCall): Fact[] {
  const first = records[0];
  if (!first) return [];
  const uids = new Map(records.map(({ channel, uid }) => [channel, uid]));
  const called = new Set(records.map(({ dstChannel }) => dstChannel));
  const ends = new Map<string, { channel: ChannelInfo; at: number }>();
  const born = new Set<string>();
  const facts: Timed[] = [];
  const tell = (at: number, order: number, body: Body) =>
    facts.push({ order, fact: { ...body, source: 'ami', at, arrivedAt: at, stamped: true } as Fact });

  function meet(channel: ChannelInfo, from: number, until: number): void {
    if (!born.has(channel.uid)) tell(from, 0, { kind: 'channel.new', channel });
    born.add(channel.uid);
    const known = ends.get(channel.uid);
    ends.set(channel.uid, { channel, at: Math.max(known?.at ?? 0, until) });
  }

  records.forEach((record, index) => {
    const { uid, channel: name, dstChannel, start, end, answer } = record;
    const linkedid = record.linkedid || first.uid;
    const dialled = called.has(name) && uid !== first.uid;
    const channel = channelOf({ uid, linkedid, name, state: dialled ? 'down' : 'ring', number: record.src, record });
    meet(channel, start, end);
    if (dstChannel === '') return;
    const destUid = uids.get(dstChannel) ?? `cdr:${first.uid}:${dstChannel}`;
    const dest = channelOf({
      uid: destUid,
      linkedid,
      name: dstChannel,
      state: 'down',
      number: record.dst,
      record: null,
    });
    meet(dest, start, end);
    tell(start, 1, { kind: 'dial.begin', channel, dest, dialString: dstChannel.replace(/-[0-9a-f]{8}(;[12])?$/, '') });
    tell(start, 2, { kind: 'channel.state', channel: { ...dest, state: 'ringing' } });
    const talked = record.disposition === 'ANSWERED' && answer !== null;
    if (!talked) {
      tell(end, 3, { kind: 'dial.end', channel, dest, status: DIAL_STATUS[record.disposition] ?? 'NOANSWER' });
      return;
    }
    tell(answer, 3, { kind: 'dial.end', channel, dest, status: 'ANSWER' });
    const bridge = { bridge: `cdr:${uid}:${index}`, bridgeType: 'basic', technology: 'simple_bridge' };
    for (const one of [dest, channel])
      tell(answer, 4, { kind: 'bridge.enter', ...bridge, channel: { ...one, state: 'up' } });
    for (const one of [dest, channel]) tell(end, 5, { kind: 'bridge.leave', bridge: bridge.bridge, channel: one });
  });
  for (const { channel, at } of ends.values()) tell(at, 6, { kind: 'channel.gone', channel, cause: 16 });
  return facts.sort((one, other) => one.fact.at - other.fact.at || one.order - other.order).map(({ fact }) => fact);
}

interface Timed {
  order: number;
  fact: Fact;
}

type Body = Fact extends infer F
  ? F extends Fact
    ? Omit<F, 'source' | 'at' | 'arrivedAt' | 'stamped'>
    : never
  : never;

function channelOf(one: {
  uid: string;
  linkedid: string;
  name: string;
  state: string;
  number: string;
  record: CdrRecord | null;
}): ChannelInfo {
  return {
    uid: one.uid,
    linkedid: one.linkedid,
    name: one.name,
    state: one.state,
    callerNum: one.number || null,
    callerName: null,
    connectedNum: null,
    connectedName: null,
    context: one.record?.context || null,
    exten: one.record?.dst || null,
  };
}
