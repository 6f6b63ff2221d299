/**
 * Files of a host by SFTP. A question on a line that is lost is never answered, and one that is open when the line is closed fails late:
 * each is asked here by itself, ends with the line, and what is told of it afterwards concerns nobody.
 */
import type { SFTPWrapper } from 'ssh2';
import { TrunklineError } from '../platform/errors.js';
import { fileFailure } from './cdr-file.js';
import type { Files } from './cdr-file.js';

const NO_SUCH_FILE = 2;

type Done<T> = (error: Error | null | undefined, answer: T) => void;

export function sftpFiles(sftp: SFTPWrapper): Files {
  const lost = new Promise<never>((_resolve, reject) => {
    for (const event of ['error', 'end', 'close']) sftp.on(event, () => reject(lineLost()));
  });
  lost.catch(() => undefined);

  async function ask<T>(path: string, question: (done: Done<T>) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      question((error, told) => {
        if (!error) resolve(told);
        // What the host says has a number; what has none is of the line.
        else reject('code' in error ? fileFailure(path, error) : lineLost(error));
      });
    });
    return Promise.race([answer, lost]);
  }

  return {
    async size(path) {
      const size = (done: Done<number | null>) =>
        sftp.stat(path, (error, stats) => {
          if (error && 'code' in error && error.code === NO_SUCH_FILE) done(null, null);
          else done(error, error ? null : stats.size);
        });
      return ask(path, size);
    },
    async read(path, from, to) {
      const handle = await ask<Buffer>(path, (done) => sftp.open(path, 'r', done));
      try {
        const bytes = Buffer.alloc(to - from);
        let got = 0;
        while (got < bytes.length) {
          const read = (done: Done<number>) => sftp.read(handle, bytes, got, bytes.length - got, from + got, done);
          const more = await ask(path, read);
          if (more === 0) break;
          got += more;
        }
        return bytes.subarray(0, got);
      } finally {
        sftp.close(handle, () => undefined);
      }
    },
  };
}

function lineLost(cause?: Error): TrunklineError {
  return new TrunklineError('SSH_UNREACHABLE', 'the line to the host was lost', { cause });
}
