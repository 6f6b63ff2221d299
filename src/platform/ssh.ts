/**
 * A session with a host over SSH. A host is known by its key: the one that is set, else the one it was first seen with. Before that is
 * proved nothing is sent, no password either.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Client } from 'ssh2';
import type { ClientChannel, SFTPWrapper } from 'ssh2';
import { TrunklineError } from './errors.js';
import { overSftp } from './sftp.js';
import type { Sftp } from './sftp.js';

export interface SshTarget {
  host: string;
  port: number;
  username: string;
  password: string | null;
  privateKey: string | null;
  /** `SHA256:…`; null: the one it was first seen with. */
  hostKey: string | null;
}

export interface HostKeys {
  /** The key this host is known by; `seen` is kept when there is none yet. Answers the one that counts. */
  pin(host: string, port: number, seen: string): Promise<string>;
}

export interface SshRun {
  stdout: Readable;
  /** Of the command, once its output was read. Its words on stderr are at most a few lines. */
  ended: Promise<{ code: number | null; stderr: string }>;
}

export interface SshSession {
  /** Runs a command by the user's shell, `input` being what it reads. */
  run(command: string, input?: string): Promise<SshRun>;
  sftp(): Promise<Sftp>;
  close(): void;
}

const CONNECT_MS = 15_000;
const ALIVE_MS = 10_000;
const MOST_STDERR = 2_000;

/** @throws TrunklineError SSH_UNREACHABLE, SSH_AUTH_FAILED, SSH_HOST_KEY_CHANGED */
export async function openSsh(target: SshTarget, keys: HostKeys, signal?: AbortSignal): Promise<SshSession> {
  const client = new Client();
  const where = `${target.host}:${target.port}`;
  let refused: TrunklineError | null = null;
  // One that goes later is told by whoever waits for it.
  client.on('error', () => undefined);
  const abort = () => client.destroy();
  signal?.addEventListener('abort', abort);
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      client.once('error', (error) => reject(refused ?? asTold(error, where)));
      client.once('close', () => reject(refused ?? new TrunklineError('SSH_UNREACHABLE', `${where} closed the line`)));
      client.connect({
        host: target.host,
        port: target.port,
        username: target.username,
        ...(target.password === null ? {} : { password: target.password }),
        ...(target.privateKey === null ? {} : { privateKey: target.privateKey }),
        readyTimeout: CONNECT_MS,
        keepaliveInterval: ALIVE_MS,
        keepaliveCountMax: 3,
        hostVerifier: (key: Buffer, verified: (ok: boolean) => void) => {
          isKnown(target, keys, key).then(
            () => verified(true),
            (error: unknown) => {
              refused = error as TrunklineError;
              verified(false);
            },
          );
        },
      });
    });
  } catch (error) {
    client.destroy();
    throw error instanceof TrunklineError
      ? error
      : new TrunklineError('SSH_AUTH_FAILED', `${where}: the key or the password cannot be used`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  const gone = new Promise<never>((_resolve, reject) => {
    client.once('close', () => reject(new TrunklineError('SSH_UNREACHABLE', `the line to ${where} was lost`)));
  });
  gone.catch(() => undefined);
  const onLine = <T>(work: Promise<T>) =>
    Promise.race([work, gone]).catch((error: unknown) => {
      if (error instanceof TrunklineError) throw error;
      throw new TrunklineError('SSH_UNREACHABLE', `the line to ${where} was lost`, { cause: error });
    });
  signal?.addEventListener('abort', abort);
  client.once('close', () => signal?.removeEventListener('abort', abort));
  return {
    run: (command, input) => onLine(run(client, command, input)),
    sftp: () => onLine(sftp(client, where)),
    close: () => client.end(),
  };
}

/** One argument of a POSIX shell, whatever is in it. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function isKnown({ host, port, hostKey }: SshTarget, keys: HostKeys, key: Buffer): Promise<void> {
  const seen = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
  const known = hostKey ?? (await keys.pin(host, port, seen));
  if (known === seen) return;
  throw new TrunklineError(
    'SSH_HOST_KEY_CHANGED',
    `${host}:${port} shows the host key ${seen}, and is known by ${known}: it was set up anew, or somebody stands in between`,
  );
}

function run(client: Client, command: string, input?: string): Promise<SshRun> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error: Error | undefined, channel: ClientChannel) => {
      if (error) return reject(new TrunklineError('SSH_FAILED', error.message, { cause: error }));
      let stderr = '';
      channel.stderr.setEncoding('utf8');
      channel.stderr.on('data', (text: string) => (stderr = (stderr + text).slice(0, MOST_STDERR)));
      const ended = new Promise<{ code: number | null; stderr: string }>((over) => {
        let code: number | null = null;
        channel.on('exit', (status: number | null) => (code = status));
        channel.on('close', () => over({ code, stderr }));
      });
      channel.end(input ?? '');
      resolve({ stdout: channel, ended });
    });
  });
}

function sftp(client: Client, where: string): Promise<Sftp> {
  return new Promise((resolve, reject) => {
    client.sftp((error: Error | undefined, files: SFTPWrapper) => {
      if (error) reject(new TrunklineError('SSH_FAILED', `${where} has no SFTP: ${error.message}`, { cause: error }));
      else resolve(overSftp(files));
    });
  });
}

function asTold(error: Error & { level?: string }, where: string): TrunklineError {
  if (error.level === 'client-authentication')
    return new TrunklineError('SSH_AUTH_FAILED', `${where} refuses the user`, { cause: error });
  return new TrunklineError('SSH_UNREACHABLE', `${where}: ${error.message}`, { cause: error });
}
