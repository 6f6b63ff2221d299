/** One look at where a call's recording may be. A file is complete when it is as long as at the last look and its header is sound. */
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { HEAD_BYTES, NOTHING_BYTES, isSound, readHead, soundBytes } from './header.js';
import type { Head } from './header.js';
import type { Candidate } from './place.js';
import type { Source } from './ports.js';

/** Bytes by path, as a look found them. */
export type Seen = Record<string, number>;

export interface Part extends Candidate {
  bytes: number;
  head: Head;
  sound: boolean;
  durationMs: number | null;
  /** Unix ms by the host's clock; null when not known. */
  endedAt: number | null;
}

export type Looked =
  | { kind: 'nothing'; seen: Seen }
  /** Files without a sound in them, and they do not grow. */
  | { kind: 'empty'; seen: Seen }
  | { kind: 'growing'; seen: Seen }
  /** They do not grow; some header says something else than the bytes that are there. */
  | { kind: 'unsound'; seen: Seen; parts: Part[] }
  | { kind: 'complete'; seen: Seen; parts: Part[] };

export async function look(source: Source, places: readonly Candidate[], before: Seen): Promise<Looked> {
  const seen: Seen = {};
  const parts: Part[] = [];
  let stable = true;
  for (const place of places) {
    const found = await source.stat(place.path);
    if (!found) continue;
    seen[place.path] = found.bytes;
    if (before[place.path] !== found.bytes) stable = false;
    if (found.bytes <= NOTHING_BYTES) continue;
    const head = readHead(await first(source, place.path), extname(place.path));
    const durationMs =
      head.kind === 'wave' && head.bytesPerSecond > 0
        ? Math.round((soundBytes(head, found.bytes) / head.bytesPerSecond) * 1_000)
        : null;
    const sound = isSound(head, found.bytes);
    parts.push({ ...place, bytes: found.bytes, head, sound, durationMs, endedAt: found.modifiedAt });
  }
  if (Object.keys(seen).length === 0) return { kind: 'nothing', seen };
  if (!stable) return { kind: 'growing', seen };
  if (parts.length === 0) return { kind: 'empty', seen };
  return { kind: parts.every((part) => part.sound) ? 'complete' : 'unsound', seen, parts };
}

async function first(source: Source, path: string): Promise<Buffer> {
  return readAll(await source.read(path, { start: 0, end: HEAD_BYTES - 1 }));
}

async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
