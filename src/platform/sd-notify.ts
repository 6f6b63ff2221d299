/**
 * Tells systemd how the daemon is: READY, RELOADING, WATCHDOG, STOPPING.
 *
 * Node opens no unix datagram sockets, so each message is one run of `systemd-notify`, which stands wherever systemd does;
 * it waits until the manager has read the message, so its sender is still known then. The unit needs `NotifyAccess=all`:
 * the message comes from a child. Perl, which every Debian has, is the stand-in where only a socket is (containers).
 * Messages keep their order; a failure is logged once and changes nothing else.
 */
import { spawn } from 'node:child_process';
import type { Logger } from './log.js';

export interface ServiceNotifier {
  ready(status: string): Promise<void>;
  /** Around a reload: systemd counts the service as reloading until `ready`. */
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /** Pings while `healthy` says so, at half the time systemd allows. Returns the undo. */
  watchdog(healthy: () => boolean): () => void;
}

/** Longer than a manager takes to read; what is killed after it has been sent by then. */
const SEND_MS = 3_000;

const PERL = `use Socket; my $p = $ENV{NOTIFY_SOCKET}; $p =~ s/^@/\\0/;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or exit 1; send($s, join("\\n", @ARGV), 0, pack_sockaddr_un($p)) or exit 1;`;

/** Does nothing where `NOTIFY_SOCKET` is not set. */
export function createServiceNotifier(env: Readonly<Record<string, string | undefined>>, log: Logger): ServiceNotifier {
  const socket = env['NOTIFY_SOCKET'];
  let last: Promise<void> = Promise.resolve();
  let complained = false;

  function send(...lines: string[]): Promise<void> {
    if (!socket) return Promise.resolve();
    last = last.then(async () => {
      const sent = (await runs('systemd-notify', lines, env)) || (await runs('perl', ['-e', PERL, ...lines], env));
      if (sent || complained) return;
      complained = true;
      log.error({ socket }, 'systemd could not be told: neither systemd-notify nor perl worked');
    });
    return last;
  }

  return {
    ready: (status) => send('READY=1', `STATUS=${status}`),
    reloading: () => send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => send('STOPPING=1'),
    watchdog(healthy) {
      const allowedMs = watchdogMs(env);
      if (!socket || allowedMs === null) return () => undefined;
      let pending = false;
      const timer = setInterval(() => {
        // A ping that waits for its turn is enough: they must not pile up behind a slow one.
        if (pending || !healthy()) return;
        pending = true;
        void send('WATCHDOG=1').finally(() => (pending = false));
      }, allowedMs / 2);
      return () => clearInterval(timer);
    },
  };
}

/** What `WatchdogSec` allows between two pings; null when nobody watches, or not this process. */
function watchdogMs(env: Readonly<Record<string, string | undefined>>): number | null {
  const allowed = Number(env['WATCHDOG_USEC']) / 1000;
  const pid = env['WATCHDOG_PID'];
  if (!(allowed > 0) || (pid !== undefined && pid !== '' && Number(pid) !== process.pid)) return null;
  return allowed;
}

/** True when the program was there and did it. */
function runs(program: string, args: string[], env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  return new Promise((resolve) => {
    const { PATH, NOTIFY_SOCKET } = env;
    const child = spawn(program, args, { stdio: 'ignore', timeout: SEND_MS, env: { PATH, NOTIFY_SOCKET } });
    child.on('error', () => resolve(false));
    child.on('exit', (code, signal) => resolve(code === 0 || signal !== null));
  });
}
