/**
 * How a record lies in a journal file: marker, length, sequence, checksum, then the body as JSON. The checksum covers
 * length, sequence and body, so neither a torn write nor a changed byte passes for a record; the marker lets a reader find
 * the next good record behind a damaged one.
 */
import { crc32 } from 'node:zlib';

export interface JournalEntry {
  sequence: number;
  topic: string;
  payload: unknown;
}

export type Parsed =
  | { kind: 'entry'; entry: JournalEntry; end: number }
  /** The buffer ends before the record does. */
  | { kind: 'incomplete' }
  | { kind: 'damaged' };

const MARKER = Buffer.from([0xf1, 0x7c, 0x0a, 0xe5]);
const HEAD_BYTES = 20;
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function encodeBody(topic: string, payload: unknown): Buffer {
  return Buffer.from(JSON.stringify({ topic, payload }), 'utf8');
}

export function recordBytes(body: Buffer): number {
  return HEAD_BYTES + body.length;
}

export function encodeRecord(sequence: number, body: Buffer): Buffer {
  const record = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  MARKER.copy(record, 0);
  record.writeUInt32BE(body.length, 4);
  record.writeBigUInt64BE(BigInt(sequence), 8);
  record.writeUInt32BE(crc32(body, crc32(record.subarray(4, 16))), 16);
  body.copy(record, HEAD_BYTES);
  return record;
}

export function parseRecord(bytes: Buffer, at: number): Parsed {
  if (bytes.length - at < HEAD_BYTES) return { kind: 'incomplete' };
  if (bytes.compare(MARKER, 0, 4, at, at + 4) !== 0) return { kind: 'damaged' };
  const length = bytes.readUInt32BE(at + 4);
  if (length > MAX_BODY_BYTES) return { kind: 'damaged' };
  const end = at + HEAD_BYTES + length;
  if (end > bytes.length) return { kind: 'incomplete' };
  const body = bytes.subarray(at + HEAD_BYTES, end);
  if (crc32(body, crc32(bytes.subarray(at + 4, at + 16))) !== bytes.readUInt32BE(at + 16)) return { kind: 'damaged' };
  const { topic, payload } = JSON.parse(body.toString('utf8')) as { topic: string; payload: unknown };
  return { kind: 'entry', entry: { sequence: Number(bytes.readBigUInt64BE(at + 8)), topic, payload }, end };
}

/** Where the next whole record begins after `at`, or -1. */
export function findRecord(bytes: Buffer, at: number): number {
  for (let next = bytes.indexOf(MARKER, at + 1); next !== -1; next = bytes.indexOf(MARKER, next + 1)) {
    if (parseRecord(bytes, next).kind === 'entry') return next;
  }
  return -1;
}
