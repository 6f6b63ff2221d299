/**
 * One of Asterisk's own records as the link to it tells it (`cdr_manager`): the row that `Master.csv` has of it, or would have.
 *
 * Its stamps are in the zone of the PBX, whatever that is; an event comes when its record is over, so how far they are from when it came
 * is that zone. Of records that are told in batches, much later, the unique id tells it.
 */
import type { Fact } from '../calls/facts.js';
import { epochOf } from '../calls/tracker-time.js';
import { wellFormed } from '../platform/well-formed.js';
import { fitsBirth } from './cdr-record.js';
import type { CdrRecord } from './cdr-record.js';
import { readStamp } from './when.js';

export type CdrFact = Extract<Fact, { kind: 'cdr' }>;

const QUARTER_MS = 15 * 60_000;
const UNIQUE_ID = /^[\w.-]{1,150}$/;

/** Null: it is no record that anything could be made of. `home`: the zone of its enterprise. */
export function recordOf(fact: CdrFact, home: string): CdrRecord | null {
  const { uid, told } = fact;
  if (!told || !UNIQUE_ID.test(uid)) return null;
  const [startUtc, endUtc] = [readStamp(told.start, 'UTC'), readStamp(told.end, 'UTC')];
  if (startUtc === null || endUtc === null) return null;
  const off = Math.round((endUtc - fact.at) / QUARTER_MS) * QUARTER_MS;
  const byArrival = (stamp: string) => minus(readStamp(stamp, 'UTC'), off);
  const ways = [byArrival, (stamp: string) => readStamp(stamp, 'UTC'), (stamp: string) => readStamp(stamp, home)];
  const born = epochOf(uid);
  const read = ways.find((way) => fitsBirth(way(told.start), born)) ?? byArrival;
  const [start, end] = [read(told.start) ?? 0, read(told.end) ?? 0];
  return {
    uid,
    linkedid: wellFormed(fact.linkedid ?? ''),
    src: wellFormed(told.src),
    dst: wellFormed(told.dst),
    context: wellFormed(told.context),
    clid: wellFormed(told.clid),
    channel: wellFormed(fact.channel),
    dstChannel: wellFormed(fact.destChannel ?? ''),
    lastApp: wellFormed(told.lastApp),
    start,
    answer: read(told.answer),
    end: Math.max(start, end),
    billSeconds: told.billSeconds,
    disposition: wellFormed(fact.disposition),
  };
}

const minus = (at: number | null, off: number) => (at === null ? null : at - off);
