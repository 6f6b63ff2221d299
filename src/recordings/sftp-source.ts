/**
 * Recordings on the PBX's host, by SFTP. One session serves several files. What the host answers of one file concerns that file alone; where
 * it does not answer the line is lost, for all of them, and the next look opens another one.
 */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { SFTPWrapper } from 'ssh2';
import { openSsh } from '../platform/ssh.js';
import type { HostKeys, SshSession, SshTarget } from '../platform/ssh.js';
import { SourceFailure } from './ports.js';
import type { Source } from './ports.js';

const NO_SUCH_FILE = 2;
const ANSWER_MS = 20_000;
const PIECE_BYTES = 65_536;

export async function openSftp(target: SshTarget, root: string, keys: HostKeys, signal: AbortSignal): Promise<Source> {
  const session = await openSsh(target, keys, signal);
  try {
    const files = await session.sftp();
    // Whatever goes wrong with the line is told to whoever asks.
    files.on('error', () => undefined);
    const line = watch(files);
    return over(session, line, await real(line, root));
  } catch (error) {
    session.close();
    throw error;
  }
}

function over(session: SshSession, line: Line, root: string): Source {
  const { files } = line;

  /** A link that leads out of the root is not there. */
  async function place(path: string): Promise<string | null> {
    try {
      const found = await real(line, posix.join(root, path));
      return found.startsWith(root === '/' ? '/' : `${root}/`) ? found : null;
    } catch (error) {
      if (codeOf(error) === NO_SUCH_FILE) return null;
      throw failure(path, error);
    }
  }

  /** Asked for piece by piece: a stream of ssh2's own waits for ever where the host falls silent. */
  async function* bytesOf(path: string, found: string, { start: at, end } = { start: 0, end: Infinity }) {
    try {
      const handle = await ask<Buffer>(line, (done) => files.open(found, 'r', done));
      try {
        while (at <= end) {
          const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at + 1));
          const bytes = await ask<number>(line, (done) => files.read(handle, piece, 0, piece.length, at, done));
          if (bytes === 0) return;
          yield piece.subarray(0, bytes);
          at += bytes;
        }
      } finally {
        files.close(handle, () => undefined);
      }
    } catch (error) {
      throw failure(path, error);
    }
  }

  return {
    async stat(path) {
      const found = await place(path);
      if (found === null) return null;
      try {
        const stats = await ask<{ size: number; mtime: number; isFile(): boolean }>(line, (done) =>
          files.stat(found, done),
        );
        return stats.isFile() ? { bytes: stats.size, modifiedAt: stats.mtime * 1_000 } : null;
      } catch (error) {
        if (codeOf(error) === NO_SUCH_FILE) return null;
        throw failure(path, error);
      }
    },
    async read(path, range): Promise<Readable> {
      const found = await place(path);
      if (found === null) throw new SourceFailure(`${path} is not there any more`);
      return Readable.from(bytesOf(path, found, range), { objectMode: false });
    },
    isOpen: () => !line.lost.signal.aborted,
    close: () => session.close(),
  };
}

interface Line {
  files: SFTPWrapper;
  /** A question on a line that is lost is never answered. */
  lost: AbortController;
}

function watch(files: SFTPWrapper): Line {
  const lost = new AbortController();
  for (const event of ['end', 'close']) files.on(event, () => lost.abort());
  return { files, lost };
}

function real(line: Line, path: string): Promise<string> {
  return ask<string>(line, (done) => line.files.realpath(path, done));
}

function ask<T>({ lost }: Line, question: (done: (error: Error | undefined, answer: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = () => over(new SourceFailure('the line to the host was lost'));
    const timer = setTimeout(
      () => over(new SourceFailure(`the host did not answer in ${ANSWER_MS / 1_000} s`)),
      ANSWER_MS,
    );
    function over(error: Error | undefined, answer?: T): void {
      clearTimeout(timer);
      lost.signal.removeEventListener('abort', gone);
      if (!error) return resolve(answer as T);
      // What the host answers has a number; anything else is no answer.
      if (typeof codeOf(error) !== 'number') lost.abort();
      reject(error);
    }
    if (lost.signal.aborted) return gone();
    lost.signal.addEventListener('abort', gone);
    question(over);
  });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

function failure(path: string, error: unknown): SourceFailure {
  if (error instanceof SourceFailure) return error;
  return new SourceFailure(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
