/**
 * `Master.csv`, read from where it was read to. A file that has been put aside begins anew: it is shorter than that place,
 * or begins with other bytes. What was left unread of it is looked for in `Master.csv.1`. A file that is nowhere is a wrong address, not a
 * PBX without calls.
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { TrunklineError } from '../platform/errors.js';
import { SFTP_PERMISSION_DENIED, SftpRefusal } from '../platform/sftp.js';
import type { Sftp } from '../platform/sftp.js';

/** Files on this machine, or on a host. */
export interface Files {
  /** Null when there is none. */
  size(path: string): Promise<number | null>;
  /** As much of these bytes as there is. */
  read(path: string, from: number, to: number): Promise<Buffer>;
}

export interface CsvPlace {
  offset: number;
  /** Of the file's first bytes, `headBytes` of them; null before anything was read. */
  head: string | null;
  headBytes: number;
}

export const FILE_BEGIN: CsvPlace = { offset: 0, head: null, headBytes: 0 };

export const localFiles: Files = {
  size: (path) =>
    stat(path).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw fileFailure(path, error);
      },
    ),
  async read(path, from, to) {
    try {
      await using file = await open(path);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw fileFailure(path, error);
    }
  },
};

export function sftpFiles(sftp: Sftp): Files {
  return {
    size: (path) =>
      sftp.stat(path).then(
        (stats) => stats && stats.bytes,
        (error: unknown) => {
          throw fileFailure(path, error);
        },
      ),
    async read(path, from, to) {
      const pieces: Buffer[] = [];
      try {
        for await (const piece of sftp.read(path, from, to)) pieces.push(piece);
      } catch (error) {
        throw fileFailure(path, error);
      }
      return Buffer.concat(pieces);
    },
  };
}

const MAY_NOT: readonly unknown[] = ['EACCES', 'EPERM'];

function fileFailure(path: string, error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  const mayNot =
    error instanceof SftpRefusal
      ? error.status === SFTP_PERMISSION_DENIED
      : error instanceof Error && 'code' in error && MAY_NOT.includes(error.code);
  const why = error instanceof Error ? error.message : String(error);
  return new TrunklineError(mayNot ? 'RECOVERY_MAY_NOT_READ' : 'SSH_FAILED', `${path}: ${why}`, { cause: error });
}

const HEAD_BYTES = 256;
const PIECE = 1024 * 1024;

export interface CsvPiece {
  lines: string[];
  place: CsvPlace;
}

/** Whole lines behind this place, a piece at a time. A last line without its end is left for the next time. */
export async function* readCsv(files: Files, path: string, from: CsvPlace): AsyncGenerator<CsvPiece> {
  const size = await files.size(path);
  let place = from;
  if (size === null || !(await isSame(files, path, size, place))) {
    const aside = `${path}.1`;
    const asideSize = await files.size(aside);
    if (size === null && asideSize === null) throw new TrunklineError('RECOVERY_NOTHING_THERE', `there is no ${path}`);
    if (place.offset > 0 && asideSize !== null && (await isSame(files, aside, asideSize, place)))
      yield* pieces(files, aside, asideSize, place);
    place = FILE_BEGIN;
  }
  if (size !== null) yield* pieces(files, path, size, place);
}

async function* pieces(files: Files, path: string, size: number, from: CsvPlace): AsyncGenerator<CsvPiece> {
  const headBytes = Math.min(HEAD_BYTES, size);
  const head = { headBytes, head: headBytes === 0 ? null : await digest(files, path, headBytes) };
  for (let offset = from.offset; offset < size;) {
    const bytes = await files.read(path, offset, Math.min(size, offset + PIECE));
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end === 0) {
      if (bytes.length < PIECE) return;
      throw new TrunklineError('SSH_FAILED', `${path} has a line of more than a megabyte`);
    }
    offset += end;
    const lines = bytes.subarray(0, end).toString('utf8').split('\n');
    yield { lines: lines.filter((line) => line.trim() !== ''), place: { offset, ...head } };
  }
}

async function isSame(
  files: Files,
  path: string,
  size: number,
  { offset, head, headBytes }: CsvPlace,
): Promise<boolean> {
  if (head === null) return true;
  return size >= offset && size >= headBytes && (await digest(files, path, headBytes)) === head;
}

async function digest(files: Files, path: string, bytes: number): Promise<string> {
  return createHash('sha256')
    .update(await files.read(path, 0, bytes))
    .digest('base64url');
}
