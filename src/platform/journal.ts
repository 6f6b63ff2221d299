/**
 * An append-only journal on disk: where facts wait that must not be lost while the database is away.
 *
 * A journal is a folder. It has one id (a UUID) and one growing sequence, over any number of files and restarts; whoever
 * moves records elsewhere stores `id` and `sequence` with them, and reading them again is harmless.
 *
 * Promises
 * - `append` resolves after fsync. Appends that wait together share one.
 * - Records come back in the order of their sequence. Numbers may be missing (a failed append uses them up), none repeats.
 * - What a crash left half written is cut off at the next open: nobody was told that it is stored. A damaged stretch
 *   between good records is skipped and reported, and costs only what lies in it.
 * - A failed append may still come back when the journal is read after a restart, never twice.
 * - Never more than `maxBytes` on disk. Acknowledged files are deleted; a journal acknowledged to its end takes no space.
 *
 * One process at a time may have a folder open.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { TrunklineError } from './errors.js';
import { MAX_BODY_BYTES, encodeBody, encodeRecord, recordBytes } from './journal-format.js';
import { newSegment, openSegment, parseSegmentName, readSegment, segmentPath } from './journal-segment.js';
import type { Segment } from './journal-segment.js';
import type { Logger } from './log.js';

export interface JournalPosition {
  /** Id of the journal, a UUID. */
  journal: string;
  sequence: number;
}

export interface JournalRecord extends JournalPosition {
  topic: string;
  payload: unknown;
}

export interface Journal {
  readonly id: string;
  /**
   * Resolves when the record is on disk. `payload` is kept as JSON.
   * @throws TrunklineError JOURNAL_FULL when the cap is reached or the disk is full, JOURNAL_FAILED for anything else
   */
  append(topic: string, payload: unknown): Promise<JournalPosition>;
  /** Everything on disk at the call that is not acknowledged, oldest first. */
  read(): AsyncIterable<JournalRecord>;
  /** These records and all before them are kept elsewhere. @throws TrunklineError JOURNAL_FAILED */
  acknowledge(upTo: number): Promise<void>;
  /** Bytes on disk. */
  bytes(): number;
  /** Records on disk that are not acknowledged, at most; 0 exactly when there are none. */
  pending(): number;
  /** Why the last append failed; null when it did not. */
  trouble(): TrunklineError | null;
  /** Writes and removes a byte when there was trouble, so that a repaired disk is noticed without a fact at risk. */
  check(): Promise<TrunklineError | null>;
  /** Waits for appends that are on their way. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** Made when it is not there. */
  dir: string;
  /** Default 1 GiB. */
  maxBytes?: number;
  /** A new file is begun beyond this; default 16 MiB. */
  segmentBytes?: number;
  log?: Logger;
}

interface Waiting {
  body: Buffer;
  resolve(at: JournalPosition): void;
  reject(error: TrunklineError): void;
}

/** A journal that was full is not well before this much of it is free again. */
const NEARLY_FULL = 0.9;
const MOST_BATCH_BYTES = 4 * 1024 * 1024;

/** @throws TrunklineError JOURNAL_FULL or JOURNAL_FAILED when the folder cannot be made or read. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  try {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    return new DiskJournal(options, await readFolder(options));
  } catch (error) {
    throw asJournalError(error);
  }
}

async function readFolder({ dir, log }: JournalOptions): Promise<Segment[]> {
  const names = (await readdir(dir)).sort();
  const segments: Segment[] = [];
  for (const name of names) {
    const parsed = parseSegmentName(name);
    if (!parsed) continue;
    const { segment, found } = await openSegment(dir, parsed.journal, parsed.first);
    if (found.torn > 0) log?.warn({ file: name, bytes: found.torn }, 'journal: an unfinished record is cut off');
    if (found.damaged > 0) log?.error({ file: name, bytes: found.damaged }, 'journal: damaged records are skipped');
    segments.push(segment);
  }
  const ids = new Set(segments.map((segment) => segment.journal));
  if (ids.size > 1)
    throw new TrunklineError('JOURNAL_FAILED', `${dir} holds files of ${ids.size} journals; keep one there`);
  return segments;
}

class DiskJournal implements Journal {
  readonly id: string;
  readonly #dir: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #segments: Segment[];
  /** Open for writing: the last segment. Null before the first append, and after a failure that forbids trusting the file. */
  #file: FileHandle | null = null;
  #next: number;
  #acknowledged: number;
  #waiting: Waiting[] = [];
  #unwrittenBytes = 0;
  #trouble: TrunklineError | null = null;
  #closed = false;
  /** Whatever writes runs alone, in turn. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: JournalOptions, segments: Segment[]) {
    this.#dir = options.dir;
    this.#maxBytes = options.maxBytes ?? 1024 ** 3;
    this.#segmentBytes = options.segmentBytes ?? 16 * 1024 * 1024;
    this.#segments = segments;
    this.id = segments[0]?.journal ?? randomUUID();
    this.#next = segments.reduce((next, segment) => Math.max(next, segment.first, segment.last + 1), 1);
    this.#acknowledged = (segments[0]?.first ?? 1) - 1;
  }

  async append(topic: string, payload: unknown): Promise<JournalPosition> {
    const body = encodeBody(topic, payload);
    const refusal = this.#refusal(body);
    if (refusal) throw refusal;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ body, resolve, reject });
      this.#unwrittenBytes += recordBytes(body);
      // Those who come while a batch is being written make up the next one.
      if (this.#waiting.length === 1) this.#scheduleBatch();
    });
  }

  #scheduleBatch(): void {
    void this.#alone(async () => {
      const batch = this.#takeBatch();
      if (this.#waiting.length > 0) this.#scheduleBatch();
      if (batch.length > 0) await this.#writeBatch(batch);
    });
  }

  #refusal(body: Buffer): TrunklineError | null {
    if (this.#closed) return new TrunklineError('JOURNAL_FAILED', 'the journal is closed');
    if (body.length > MAX_BODY_BYTES) {
      return new TrunklineError('JOURNAL_FAILED', `a record of ${body.length} bytes is too long for the journal`);
    }
    if (this.bytes() + this.#unwrittenBytes + recordBytes(body) <= this.#maxBytes) return null;
    this.#trouble = new TrunklineError('JOURNAL_FULL', `the journal has reached its limit of ${this.#maxBytes} bytes`);
    return this.#trouble;
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { body } of this.#waiting) {
      if (count > 0 && bytes + recordBytes(body) > MOST_BATCH_BYTES) break;
      bytes += recordBytes(body);
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeBatch(batch: Waiting[]): Promise<void> {
    const first = this.#next;
    this.#next += batch.length;
    try {
      const bytes = Buffer.concat(batch.map(({ body }, index) => encodeRecord(first + index, body)));
      const segment = await this.#writable(first);
      await this.#write(segment, bytes);
      segment.size += bytes.length;
      segment.last = this.#next - 1;
    } catch (error) {
      const failure = asJournalError(error);
      this.#trouble = failure;
      for (const { reject } of batch) reject(failure);
      return;
    } finally {
      for (const { body } of batch) this.#unwrittenBytes -= recordBytes(body);
    }
    this.#trouble = null;
    batch.forEach(({ resolve }, index) => resolve({ journal: this.id, sequence: first + index }));
  }

  async #writable(first: number): Promise<Segment> {
    const current = this.#segments.at(-1);
    if (current && this.#file && current.size < this.#segmentBytes) return current;
    await this.#closeFile();
    // A file of an earlier run, or one that failed, is never gone on with.
    const segment = newSegment(this.#dir, this.id, first);
    const file = await open(segment.path, 'w', 0o600);
    try {
      await syncFolder(this.#dir);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    if (current?.path === segment.path) this.#segments.pop();
    this.#segments.push(segment);
    this.#file = file;
    return segment;
  }

  async #write(segment: Segment, bytes: Buffer): Promise<void> {
    const file = this.#file;
    if (!file) throw new Error('no file is open');
    try {
      let written = 0;
      while (written < bytes.length) {
        written += (await file.write(bytes, written, bytes.length - written, segment.size + written)).bytesWritten;
      }
      await file.datasync();
    } catch (error) {
      await this.#abandon(file, segment);
      throw error;
    }
  }

  /** After a failed fsync nobody knows what a file holds, and a second fsync would lie: it is not written to again. */
  async #abandon(file: FileHandle, segment: Segment): Promise<void> {
    await file.truncate(segment.size).catch(() => undefined);
    await this.#closeFile();
    if (segment.size > 0) return;
    // Else a full disk would be left with one empty file for every try.
    await rm(segment.path, { force: true }).catch(() => undefined);
    this.#segments.pop();
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => undefined);
  }

  async *read(): AsyncGenerator<JournalRecord> {
    for (const segment of [...this.#segments]) {
      if (segment.last <= this.#acknowledged) continue;
      for await (const { sequence, topic, payload } of readSegment(segment)) {
        if (sequence <= this.#acknowledged) continue;
        yield { journal: this.id, sequence, topic, payload };
      }
    }
  }

  async acknowledge(upTo: number): Promise<void> {
    if (upTo <= this.#acknowledged) return;
    this.#acknowledged = upTo;
    // A number beyond ours was given out before a crash took the record: it must not be given out again.
    this.#next = Math.max(this.#next, upTo + 1);
    for (const segment of this.#segments) {
      const end = segment.ends.get(upTo);
      if (end === undefined) continue;
      segment.from = end;
      segment.ends.clear();
    }
    try {
      await this.#alone(() => this.#dropAcknowledged());
    } catch (error) {
      throw asJournalError(error);
    }
  }

  async #dropAcknowledged(): Promise<void> {
    while (this.#segments.length > 1 && (this.#segments[0]?.last ?? 0) <= this.#acknowledged) {
      const segment = this.#segments[0];
      if (segment) await rm(segment.path, { force: true });
      this.#segments.shift();
    }
    const last = this.#segments[0];
    if (this.#segments.length === 1 && last && last.size > 0 && last.last <= this.#acknowledged)
      await this.#empty(last);
  }

  /** Renamed before it is emptied: its name is what remembers which sequences were given out. */
  async #empty(segment: Segment): Promise<void> {
    await this.#closeFile();
    const path = segmentPath(this.#dir, this.id, this.#next);
    await rename(segment.path, path);
    await syncFolder(this.#dir);
    const file = await open(path, 'r+');
    try {
      await file.truncate(0);
    } finally {
      await file.close();
    }
    Object.assign(segment, newSegment(this.#dir, this.id, this.#next));
  }

  bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  pending(): number {
    const last = this.#segments.reduce((highest, segment) => Math.max(highest, segment.last), 0);
    return Math.max(0, last - this.#acknowledged);
  }

  trouble(): TrunklineError | null {
    return this.#trouble;
  }

  async check(): Promise<TrunklineError | null> {
    if (!this.#trouble || this.#closed) return this.#trouble;
    if (this.bytes() > this.#maxBytes * NEARLY_FULL) return this.#trouble;
    await this.#alone(async () => {
      try {
        const segment = await this.#writable(this.#next);
        await this.#write(segment, Buffer.from([0]));
        await this.#file?.truncate(segment.size);
        this.#trouble = null;
      } catch (error) {
        this.#trouble = asJournalError(error);
      }
    });
    return this.#trouble;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#alone(() => this.#closeFile());
  }

  #alone(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** A new name lives in its folder, and only a synced folder survives a power cut. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function asJournalError(error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new TrunklineError('JOURNAL_FULL', 'the disk of the journal is full', { cause: error });
  return new TrunklineError('JOURNAL_FAILED', `the journal cannot be written: ${code}`, { cause: error });
}
