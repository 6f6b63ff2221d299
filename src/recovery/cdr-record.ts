/** One of Asterisk's own call detail records, as `Master.csv` has it. */
import { createHash } from 'node:crypto';
import { epochOf } from '../calls/tracker-time.js';
import { readStamp } from './when.js';

export interface CdrRecord {
  uid: string;
  /** Empty where Asterisk does not write it (`newcdrcolumns`). */
  linkedid: string;
  src: string;
  dst: string;
  context: string;
  clid: string;
  channel: string;
  dstChannel: string;
  lastApp: string;
  /** Unix ms. */
  start: number;
  answer: number | null;
  end: number;
  billSeconds: number;
  disposition: string;
}

const QUARTER_MS = 15 * 60_000;
/** A channel's record begins with it, or when it is asked anew: with an answered group, a transfer. */
const LATEST_MS = QUARTER_MS / 2;

/**
 * @param zone `auto`: stamps are in the zone that fits the unique id (UTC where `usegmtime` is on), `home` if none does
 * @returns why not, where the line is none
 */
export function readCdrLine(line: string, zone: string, home: string): CdrRecord | string {
  const field = fieldsOf(line);
  const at = (n: number) => field[n] ?? '';
  const uid = at(16);
  if (field.length < 15) return 'too few fields';
  if (!/^[\w.-]{1,150}$/.test(uid)) return 'no unique id: cdr.conf needs loguniqueid=yes';
  const stamps = [at(9), at(10), at(11)] as const;
  const zones = zone === 'auto' ? ['UTC', home] : [zone];
  const read = zones.map((name) => stamps.map((stamp) => readStamp(stamp, name)));
  const born = epochOf(uid);
  const fits = read.find(([start]) => fitsBirth(start, born)) ?? read.at(-1);
  const [start, answer, end] = fits ?? [];
  if (start === null || start === undefined || end === null || end === undefined) return 'no times';
  return {
    uid,
    linkedid: at(19),
    src: at(1),
    dst: at(2),
    context: at(3),
    clid: at(4),
    channel: at(5),
    dstChannel: at(6),
    lastApp: at(7),
    start,
    answer: answer ?? null,
    end: Math.max(start, end),
    billSeconds: Number(at(13)) || 0,
    disposition: at(14),
  };
}

/** A record may begin long after its channel; by whole hours less than a zone's offset it does not. */
export function fitsBirth(start: number | null | undefined, born: number | null): boolean {
  if (start === null || start === undefined || born === null) return false;
  return start - born >= -LATEST_MS && start - born < 3_600_000 - LATEST_MS;
}

export function digestOf(record: CdrRecord): string {
  const { uid, channel, dstChannel, start, end, disposition, dst } = record;
  const told = [uid, channel, dstChannel, start, end, disposition, dst].join('\n');
  return createHash('sha256').update(told).digest('base64url');
}

/** Quoted fields, a quote inside doubled; numbers bare. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (part) => part[1]?.replaceAll('""', '"') ?? part[2] ?? '',
  );
}
