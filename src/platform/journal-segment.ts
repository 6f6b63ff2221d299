/**
 * One file of a journal. Its name carries the journal's id and a lower bound of the sequences in it, so nothing in the file
 * needs to be whole for it to be read.
 */
import { open, readFile, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { findRecord, parseRecord } from './journal-format.js';
import type { JournalEntry } from './journal-format.js';

export interface Segment {
  path: string;
  journal: string;
  /** No sequence in the file is lower. */
  first: number;
  /** Highest sequence in it that is on disk; `first - 1` while it is empty. */
  last: number;
  /** Bytes that are on disk. */
  size: number;
  /** Everything before this offset is acknowledged. */
  from: number;
  /** Ends of records handed out and not acknowledged yet. */
  ends: Map<number, number>;
}

/** What opening a file found beside good records. */
export interface Findings {
  /** Bytes of an unfinished last record, cut off. Nobody was told that it is stored. */
  torn: number;
  /** Bytes between good records that are unreadable. */
  damaged: number;
}

const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(\d{16})\.journal$/;
const WINDOW_BYTES = 1024 * 1024;
const MOST_ENDS = 10_000;

export function segmentPath(dir: string, journal: string, first: number): string {
  return join(dir, `${journal}-${String(first).padStart(16, '0')}.journal`);
}

export function newSegment(dir: string, journal: string, first: number): Segment {
  return { path: segmentPath(dir, journal, first), journal, first, last: first - 1, size: 0, from: 0, ends: new Map() };
}

export function parseSegmentName(name: string): { journal: string; first: number } | null {
  const match = NAME.exec(name);
  return match ? { journal: match[1] ?? '', first: Number(match[2]) } : null;
}

/** Reads a whole file once, finds its last good record and cuts off what a crash left half written after it. */
export async function openSegment(
  dir: string,
  journal: string,
  first: number,
): Promise<{ segment: Segment; found: Findings }> {
  const segment = newSegment(dir, journal, first);
  const bytes = await readFile(segment.path);
  let damaged = 0;
  let at = 0;
  while (at < bytes.length) {
    const parsed = parseRecord(bytes, at);
    if (parsed.kind === 'entry') {
      segment.last = Math.max(segment.last, parsed.entry.sequence);
      at = parsed.end;
      segment.size = at;
      continue;
    }
    const next = findRecord(bytes, at);
    if (next === -1) break;
    damaged += next - at;
    at = next;
  }
  const torn = bytes.length - segment.size;
  if (torn > 0) await truncate(segment.path, segment.size);
  return { segment, found: { torn, damaged } };
}

/** Records from the first unacknowledged one up to what was on disk at the call, in order. Damaged stretches are skipped. */
export async function* readSegment(segment: Segment): AsyncGenerator<JournalEntry> {
  const until = segment.size;
  if (segment.from >= until) return;
  const file = await open(segment.path, 'r');
  try {
    let offset = segment.from;
    let wanted = WINDOW_BYTES;
    while (offset < until) {
      const bytes = await readAt(file, offset, Math.min(wanted, until - offset));
      if (bytes.length === 0) return;
      const whole = offset + bytes.length >= until;
      let at = 0;
      for (;;) {
        const parsed = parseRecord(bytes, at);
        if (parsed.kind === 'entry') {
          at = parsed.end;
          if (segment.ends.size < MOST_ENDS) segment.ends.set(parsed.entry.sequence, offset + at);
          yield parsed.entry;
          continue;
        }
        if (parsed.kind === 'incomplete' && !whole) break;
        const next = findRecord(bytes, at);
        if (next === -1) break;
        at = next;
      }
      if (at === 0 && whole) return;
      // A record longer than the window: take more of the file at once. Else go on behind the last one read.
      wanted = at === 0 ? wanted * 4 : WINDOW_BYTES;
      offset += at;
    }
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
