/** Files of a source as one file of this machine, piece by piece: its length costs no memory. */
import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { soundBytes, waveHeader } from './header.js';
import type { Wave } from './header.js';
import type { Part } from './look.js';
import { SourceFailure } from './ports.js';
import type { Source } from './ports.js';

export interface Copied {
  bytes: number;
  /** `.wav`, `.mp3` … */
  ending: string;
  durationMs: number | null;
  /** The sound that is there, though its header had said otherwise. */
  damaged: boolean;
}

const SILENT_MS = 60_000;

/** @throws SourceFailure when a file changes, goes or breaks off meanwhile; the error of the disk as it is */
export async function copyParts(
  source: Source,
  parts: readonly Part[],
  to: string,
  signal: AbortSignal,
): Promise<Copied> {
  const [only] = parts;
  if (!only) throw new Error('there is no part to copy');
  const asItIs = parts.length === 1 && only.sound;
  const waves = parts.flatMap(({ head }) => (head.kind === 'wave' ? [head] : []));
  const damaged = parts.some((part) => !part.sound);
  try {
    const content = asItIs || waves.length !== parts.length ? whole(source, only) : joined(source, parts, waves);
    await pipeline(Readable.from(content, { objectMode: false }), createWriteStream(to), { signal });
    await onDisk(to);
    for (const part of parts) {
      const now = await source.stat(part.path);
      if (now?.bytes !== part.bytes) throw new SourceFailure(`${part.path} changed while it was copied`);
    }
    const durations = parts.map(({ durationMs }) => durationMs);
    return {
      bytes: await sizeOf(to),
      ending: extname(only.path).toLowerCase() || '.wav',
      durationMs: durations.reduce((sum, ms) => (sum === null || ms === null ? null : sum + ms)),
      damaged,
    };
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

async function* whole(source: Source, part: Part): AsyncGenerator<Buffer> {
  yield* exactly(await source.read(part.path), part.bytes, part.path);
}

/** One header for all, then their sound. */
async function* joined(source: Source, parts: readonly Part[], waves: readonly Wave[]): AsyncGenerator<Buffer> {
  const [first] = waves;
  if (!first) return;
  const lengths = parts.map((part, i) => soundBytes(waves[i] ?? first, part.bytes));
  yield waveHeader(
    first.format,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  for (const [i, part] of parts.entries()) {
    const start = (waves[i] ?? first).dataAt;
    const length = lengths[i] ?? 0;
    if (length === 0) continue;
    yield* exactly(await source.read(part.path, { start, end: start + length - 1 }), length, part.path);
  }
}

async function* exactly(stream: Readable, bytes: number, path: string): AsyncGenerator<Buffer> {
  let read = 0;
  // A host that goes without a word leaves a stream that never ends.
  const silent = setTimeout(() => stream.destroy(new Error('nothing more came')), SILENT_MS);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      silent.refresh();
      read += chunk.length;
      if (read > bytes) break;
      yield chunk;
    }
  } catch (error) {
    if (error instanceof SourceFailure) throw error;
    throw new SourceFailure(
      `${path} could not be read to its end: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    clearTimeout(silent);
    stream.destroy();
  }
  if (read !== bytes) throw new SourceFailure(`${path} gave ${read > bytes ? 'more' : 'fewer'} bytes than it has`);
}

/** What is told to be kept survives a power cut. */
async function onDisk(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
