import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.js';
import { pathOf } from './available.js';
import { keepProcess, type KeptProcess } from './kept-process.js';

/**
 * The SSH server of a PBX host: Debian's own openssh-server, from the root an Asterisk of that version runs in, on 127.0.0.1
 * and a free port.
 *
 * Two users log in, by password or by key: `files` has SFTP and nothing else, and sees only `folder` as `/`; `shell` runs
 * commands on the host (sqlite3 is there) and has SFTP over all of it. Neither is root. Several run side by side, beside any
 * Asterisk of the same root; what one of them wrote is removed at `stop()`.
 */
export interface SshHost extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly users: { readonly files: string; readonly shell: string };
  readonly password: string;
  /** PEM, as ssh2 reads it. */
  readonly privateKey: string;
  /** Of the host key, as `ssh-keygen -l` and ssh write it: `SHA256:…`. It changes at `changeHostKey`. */
  fingerprint(): string;
  /** What `files` sees as `/`, as this process sees it. */
  readonly folder: string;
  /** The same as the host itself (its shell, its Asterisk) sees it. */
  readonly folderInside: string;
  /** The host comes back with another key, as after a reinstall, or as somebody in between. */
  changeHostKey(): Promise<void>;
  /** SIGKILL of the server and of every session, and of nothing else; `start` brings it back on its port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  log(): string;
  stop(): Promise<void>;
}

const USERS = { files: 'trunkline-files', shell: 'trunkline-shell' } as const;
const PASSWORD = 'ssh-word-1';
/** Of that word. */
const CRYPTED = '$6$trunkline$iXzjBqkTUzMmFMWej76ZmTNeq1YkjqWp.keJ/FVg5asw8I8/QXJZXJjExoioNj8FLStlBwDDkj7aMN571v5wU.';
const BOOT_MS = 20_000;

export async function startSshHost({ version }: { version: 16 | 22 }): Promise<SshHost> {
  const root = pathOf(`asterisk-${version}`);
  const home = `/trunkline/ssh-${process.pid}-${randomBytes(3).toString('hex')}`;
  const place = join(root, home);
  const folder = join(place, 'files');
  for (const path of [folder, join(root, 'run/sshd')]) mkdirSync(path, { recursive: true });
  // It lets nobody into a folder that others than root may write.
  for (const path of [place, folder, join(root, 'run/sshd')]) chmodSync(path, 0o755);
  for (const user of Object.values(USERS)) await addUser(root, user);

  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(place, 'authorized_keys'), `${openSshKey(key.publicKey.export({ format: 'jwk' }))} test\n`);
  const hostKey = async () => {
    rmSync(join(place, 'host_key'), { force: true });
    rmSync(join(place, 'host_key.pub'), { force: true });
    await inRoot(root, ['/usr/bin/ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', `${home}/host_key`]);
  };
  await hostKey();

  const port = await freePort();
  writeFileSync(join(place, 'sshd_config'), config({ home, port }));
  let running: KeptProcess | null = null;
  let stopped: Promise<void> | null = null;

  const start = async () => {
    if (running?.running()) throw new Error('this SSH server is already running');
    running = await keepProcess({
      command: ['chroot', root, '/usr/sbin/sshd', '-D', '-f', `${home}/sshd_config`, '-E', `${home}/log`],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
      removeAfter: place,
    });
    await untilListening(running, port, log);
  };
  const log = () => readIfThere(join(place, 'log'));
  const kill = async () => {
    if (!running?.running()) return;
    const family = descendants(running.pid);
    // They hold its output open: it is at an end when they are.
    const ended = running.stop('SIGKILL', 5_000);
    for (const pid of family) killIfThere(pid);
    await ended;
  };
  const stop = async () => {
    await kill();
    rmSync(place, { recursive: true, force: true });
  };
  const host: SshHost = {
    host: '127.0.0.1',
    port,
    users: USERS,
    password: PASSWORD,
    privateKey: key.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    fingerprint: () => fingerprintOf(readFileSync(join(place, 'host_key.pub'), 'utf8')),
    folder,
    folderInside: `${home}/files`,
    async changeHostKey() {
      await kill();
      await hostKey();
      await start();
    },
    kill,
    start,
    log,
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => host.stop(),
  };
  try {
    await start();
  } catch (error) {
    await host.stop();
    throw error;
  }
  return host;
}

function config({ home, port }: { home: string; port: number }): string {
  return `
ListenAddress 127.0.0.1:${port}
HostKey ${home}/host_key
PidFile none
UsePAM no
UseDNS no
PermitRootLogin no
PasswordAuthentication yes
PubkeyAuthentication yes
AuthorizedKeysFile ${home}/authorized_keys
AllowUsers ${USERS.files} ${USERS.shell}
MaxStartups 100
MaxSessions 100
LogLevel VERBOSE
PrintMotd no
Subsystem sftp internal-sftp
Match User ${USERS.files}
  ChrootDirectory ${home}/files
  ForceCommand internal-sftp
  AllowTcpForwarding no
`;
}

/** A user of the root, once; another process may be at it. */
async function addUser(root: string, name: string): Promise<void> {
  const known = () => new RegExp(`^${name}:`, 'm').test(readFileSync(join(root, 'etc/passwd'), 'utf8'));
  for (let tries = 0; !known(); tries += 1) {
    const shell = name === USERS.shell ? '/bin/sh' : '/usr/sbin/nologin';
    try {
      await inRoot(root, ['/usr/sbin/useradd', '--no-create-home', '-s', shell, '-p', CRYPTED, name]);
    } catch (error) {
      if (known()) return;
      if (tries >= 20) throw error;
      await pause(100);
    }
  }
}

async function inRoot(root: string, command: readonly string[]): Promise<void> {
  await promisify(execFile)('chroot', [root, ...command], { timeout: 15_000 });
}

/** `ssh-rsa AAAA…`: each part with its length in front. */
function openSshKey(jwk: { n?: string; e?: string }): string {
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const number = (text = '') => {
    const bytes = Buffer.from(text, 'base64url');
    return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  const blob = Buffer.concat([part(Buffer.from('ssh-rsa')), part(number(jwk.e)), part(number(jwk.n))]);
  return `ssh-rsa ${blob.toString('base64')}`;
}

function fingerprintOf(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Its sessions are children, in groups of their own: a server that is killed would leave them. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .map(Number)
    .filter((one) => one > 0)
    .map((one) => ({ pid: one, parent: Number(/\) \S (\d+)/.exec(readIfThere(`/proc/${one}/stat`))?.[1]) }));
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function untilListening(running: KeptProcess, port: number, log: () => string): Promise<void> {
  const deadline = Date.now() + BOOT_MS;
  for (;;) {
    if (!running.running()) throw new Error(`sshd ended at start:\n${running.output()}\n${log()}`);
    const socket = connect({ host: '127.0.0.1', port });
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (up) return;
    if (Date.now() > deadline) throw new Error(`sshd did not listen in ${BOOT_MS / 1000} s:\n${log()}`);
    await pause(50);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ESRCH')
      throw error;
    return '';
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
