import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openAmiProbe, headerOf, type AmiProbe } from './ami-probe.js';
import { asteriskConfig, type ConfigFiles } from './asterisk-config.js';
import { pathOf } from './available.js';
import { keepProcess, type KeptProcess } from './kept-process.js';
import { MANAGER_USERS, type ManagerUserName } from './manager-users.js';
import { parseMasterCsv, type CdrRow } from './master-csv.js';
import { takePortBlock, type PortBlock } from './ports.js';

/**
 * A real Asterisk from Debian's packages, in a chroot, on 127.0.0.1 and free ports.
 *
 * Several run side by side from one root: each has its own configuration, run, log and database folder in
 * `<root>/trunkline/<name>`, removed at `stop()`. It dies with the process that started it (see `kept-process.ts`).
 */
export interface Asterisk extends AsyncDisposable {
  readonly version: 16 | 22;
  readonly host: '127.0.0.1';
  readonly amiPort: number;
  readonly sipPort: number;
  readonly ports: PortBlock;
  readonly users: typeof MANAGER_USERS;
  /** Where recordings are, as this process sees it. */
  readonly recordings: string;
  pid(): number;
  /** Everything Asterisk wrote to its call detail record so far. */
  masterCsv(): CdrRow[];
  /** The file itself, as this process sees it. */
  readonly masterCsvPath: string;
  /** Its full log: notices, warnings, errors and dialplan steps. */
  log(): string;
  /** One command on Asterisk's own console, e.g. `core show channels`. */
  cli(command: string): Promise<string>;
  probe(user?: ManagerUserName): Promise<AmiProbe>;
  /** Writes one of its configuration files anew; it reads it when it is told to reload. */
  configure(file: string, text: string): void;
  /** `now` hangs up every call; `gracefully` waits for them. Resolves when it takes log-ins again. */
  restart(how: 'now' | 'gracefully'): Promise<void>;
  /** SIGKILL, as a crash; `start` brings it back with the same ports and the same records. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly version: 16 | 22;
  readonly systemName?: string;
  /** Phones and trunks on chan_sip: their channels are `SIP/…`, and so is what the dialplan here says. */
  readonly chanSip?: boolean;
  readonly extraDialplan?: string;
  /** More endpoints, as pjsip.conf writes them. */
  readonly extraPhones?: (ports: PortBlock) => string;
  /** Its zone as POSIX writes it, `<+03>-3`; UTC when absent. Its CDR is UTC all the same. */
  readonly timeZone?: string;
  /** Whole configuration files that replace those made here, e.g. `{ 'manager.conf': … }`; told the ports where they need them. */
  readonly files?: ConfigFiles | ((ports: PortBlock) => ConfigFiles);
}

const BOOT_MS = 60_000;

export async function startAsterisk(options: StartOptions): Promise<Asterisk> {
  const root = pathOf(`asterisk-${options.version}`);
  const ports = await takePortBlock();
  const name = `${process.pid}-${randomBytes(3).toString('hex')}`;
  const home = `/trunkline/${name}`;
  const folder = join(root, home);
  const inside = (path: string) => join(folder, path);
  for (const part of ['etc', 'run', 'log/cdr-csv', 'lib']) mkdirSync(inside(part), { recursive: true });
  mkdirSync(join(root, 'var/spool/asterisk/monitor'), { recursive: true });
  // It looks up its own name at start; nothing it does may wait for, or reach, a name server.
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost ${hostname()}\n`);
  writeFileSync(join(root, 'etc/resolv.conf'), '');
  for (const [file, text] of Object.entries(asteriskConfig({ ...options, home, ports }))) {
    writeFileSync(inside(`etc/${file}`), text);
  }

  const read = (path: string) => {
    try {
      return readFileSync(inside(path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };
  let running: KeptProcess | null = null;
  let stopped: Promise<void> | null = null;

  const process_ = () => {
    if (!running) throw new Error('this Asterisk is not running');
    return running;
  };
  const start = async () => {
    if (running?.running()) throw new Error('this Asterisk is already running');
    running = await keepProcess({
      command: ['chroot', root, '/usr/sbin/asterisk', '-f', '-C', `${home}/etc/asterisk.conf`],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', TZ: options.timeZone ?? 'UTC', HOME: home },
      removeAfter: folder,
    });
    await untilBooted(running, ports.ami, () => read('log/full'));
  };
  const cli = async (command: string) => {
    const args = [root, '/usr/sbin/asterisk', '-C', `${home}/etc/asterisk.conf`, '-rx', command];
    return (await promisify(execFile)('chroot', args, { timeout: 15_000 })).stdout;
  };
  const stop = async () => {
    if (running?.running()) await running.stop('SIGTERM', 10_000);
    rmSync(folder, { recursive: true, force: true });
    await ports.release();
  };

  const asterisk: Asterisk = {
    version: options.version,
    host: '127.0.0.1',
    amiPort: ports.ami,
    sipPort: ports.sip,
    ports,
    users: MANAGER_USERS,
    recordings: join(root, 'var/spool/asterisk/monitor'),
    pid: () => process_().pid,
    masterCsv: () => parseMasterCsv(read('log/cdr-csv/Master.csv')),
    masterCsvPath: inside('log/cdr-csv/Master.csv'),
    log: () => read('log/full'),
    cli,
    configure: (file, text) => writeFileSync(inside(`etc/${file}`), text),
    probe: (user = 'crm') => openAmiProbe({ port: ports.ami, ...MANAGER_USERS[user] }),
    async restart(how) {
      const witness = await openAmiProbe({ port: ports.ami, ...MANAGER_USERS.crm });
      await cli(`core restart ${how}`);
      await witness.closed;
      await untilBooted(process_(), ports.ami, () => read('log/full'));
    },
    async kill() {
      await process_().stop('SIGKILL', 5_000);
    },
    start,
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => asterisk.stop(),
  };
  try {
    await start();
  } catch (error) {
    await asterisk.stop();
    throw error;
  }
  return asterisk;
}

/** Booted: it takes a log-in and says so itself. */
async function untilBooted(process_: KeptProcess, port: number, log: () => string): Promise<void> {
  const deadline = Date.now() + BOOT_MS;
  for (;;) {
    if (!process_.running()) throw new Error(`Asterisk ended at start:\n${process_.output()}\n${log().slice(-4_000)}`);
    try {
      const probe = await openAmiProbe({ port, ...MANAGER_USERS.crm });
      try {
        await probe.find((message) => headerOf(message, 'Event') === 'FullyBooted', 2_000);
        return;
      } finally {
        await probe.close();
      }
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`Asterisk took no log-in in ${BOOT_MS / 1000} s:\n${log().slice(-4_000)}`, { cause: error });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
