/**
 * Files of a host by SFTP. What the host answers of one file concerns that file alone; where it does not answer the line is lost, for
 * all of them, and stays so. ssh2 never answers a question on a lost line, and answers late one that was open when the line was closed:
 * so each ends with the line, and what is told of it afterwards concerns nobody.
 */
import type { SFTPWrapper } from 'ssh2';
import { TrunklineError } from './errors.js';

/** What a host says of one file, in its words. */
export class SftpRefusal extends Error {
  override readonly name = 'SftpRefusal';

  /** `status`: a code of the protocol (draft-ietf-secsh-filexfer-02, 7). */
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const NO_SUCH_FILE = 2;
export const SFTP_PERMISSION_DENIED = 3;

export interface SftpStats {
  bytes: number;
  /** Unix ms by the host's clock. */
  modifiedAt: number;
  isFile: boolean;
}

/** Each throws SftpRefusal, or TrunklineError SSH_UNREACHABLE when the line is lost. */
export interface Sftp {
  /** Null: there is none. */
  stat(path: string): Promise<SftpStats | null>;
  /** Where links lead; null: nowhere. */
  realPath(path: string): Promise<string | null>;
  /** Bytes from `from` up to `to`, which is not counted, or the end; at most 64 KiB at a time, each asked for when it is taken. */
  read(path: string, from: number, to?: number): AsyncGenerator<Buffer, void, void>;
  isOpen(): boolean;
}

const ANSWER_MS = 20_000;
const PIECE_BYTES = 65_536;

type Done<T> = (error: Error | null | undefined, answer: T) => void;

export function overSftp(files: SFTPWrapper): Sftp {
  const lost = new AbortController();
  for (const event of ['error', 'end', 'close']) files.on(event, () => lost.abort());

  function ask<T>(question: (done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = () => over(unreachable('the line to the host was lost'));
      const timer = setTimeout(() => over(unreachable(`the host did not answer in ${ANSWER_MS / 1_000} s`)), ANSWER_MS);
      function over(error: Error | null | undefined, answer?: T): void {
        clearTimeout(timer);
        lost.signal.removeEventListener('abort', gone);
        if (!error) return resolve(answer as T);
        const told = asTold(error);
        if (told instanceof TrunklineError) lost.abort();
        reject(told);
      }
      if (lost.signal.aborted) return gone();
      lost.signal.addEventListener('abort', gone);
      question(over);
    });
  }

  return {
    stat: (path) =>
      orNull(
        ask<{ size: number; mtime: number; isFile(): boolean }>((done) => files.stat(path, done)).then((stats) => ({
          bytes: stats.size,
          modifiedAt: stats.mtime * 1_000,
          isFile: stats.isFile(),
        })),
      ),
    realPath: (path) => orNull(ask<string>((done) => files.realpath(path, done))),
    async *read(path, from, to = Infinity) {
      const handle = await ask<Buffer>((done) => files.open(path, 'r', done));
      try {
        for (let at = from; at < to;) {
          const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - at));
          const bytes = await ask<number>((done) => files.read(handle, piece, 0, piece.length, at, done));
          if (bytes === 0) return;
          yield piece.subarray(0, bytes);
          at += bytes;
        }
      } finally {
        files.close(handle, () => undefined);
      }
    },
    isOpen: () => !lost.signal.aborted,
  };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SftpRefusal && error.status === NO_SUCH_FILE) return null;
    throw error;
  }
}

/** What the host answers has a number; anything else is no answer. */
function asTold(error: Error): SftpRefusal | TrunklineError {
  if (error instanceof TrunklineError) return error;
  if ('code' in error && typeof error.code === 'number') return new SftpRefusal(error.message, error.code);
  return unreachable('the line to the host was lost', error);
}

function unreachable(why: string, cause?: Error): TrunklineError {
  return new TrunklineError('SSH_UNREACHABLE', why, { cause });
}
