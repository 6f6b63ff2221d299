/**
 * A host of the fleet: each event of its calls stands in a database of its own and is posted once. What nobody takes is lost, and so is one
 * of thirty of the others, as of the fleet's.
 */
import { keepEvents } from '../pbx/event-database.js';
import type { KeptEvent } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import { dayOf, local, madeCall } from '../recovery/made-calls.js';
import type { MadeCall } from '../recovery/made-calls.js';
import { post } from './posts.js';
import { sleep } from './waiting.js';

const LOST = 1 / 30;
/** Of this many calls one is not answered. */
const ONE_MISSED_OF = 4;
const KEEP_MS = 300;

export interface HostedCall {
  call: MadeCall;
  /** Seconds; 0: not answered. */
  talks: number;
  /** Events nobody took. */
  lost: number;
  /** Of those that were taken, how long after what it tells of the latest was answered, milliseconds. */
  lagMs: number;
}

export interface CallShape {
  /** Between two calls. */
  everyMs: number;
  waits: number;
  talks: readonly [number, number];
}

export interface PostingHost {
  readonly number: string;
  readonly token: string;
  /** How its enterprise reads its databases. */
  readonly more: object;
  /** Calls to `url` until `end`, which waits for the last one. */
  begin(url: string, shape: CallShape): { end(): Promise<HostedCall[]> };
  /** Nobody reaches it any more, and it reaches nobody by itself. */
  cut(): void;
  heal(): void;
  stop(): Promise<void>;
}

export async function startPostingHost(number: string, everyMinutes: number): Promise<PostingHost> {
  const ssh = await startSshHost({ version: 22 });
  const token = `token-${number}`;
  const waiting: { day: string; row: KeptEvent }[] = [];
  let keeping = Promise.resolve();

  async function keepWaiting(): Promise<void> {
    const byDay = new Map<string, KeptEvent[]>();
    for (const { day, row } of waiting.splice(0)) byDay.set(day, [...(byDay.get(day) ?? []), row]);
    for (const [day, rows] of byDay) await keepEvents(ssh, day, rows);
  }

  async function hold(url: string, { call, talks }: Pick<HostedCall, 'call' | 'talks'>): Promise<HostedCall> {
    let lost = 0;
    let lagMs = 0;
    for (const { after, event, body } of call.events) {
      const at = call.at + after;
      await sleep(Math.max(0, at * 1_000 - Date.now()));
      const told = { Token: token, ...body };
      waiting.push({ day: dayOf(at), row: { at: local(at), event, body: told } });
      const taken =
        Math.random() >= LOST && (await post(`${url}/${event}`, JSON.stringify(told)).catch(() => 0)) === 200;
      if (taken) lagMs = Math.max(lagMs, Date.now() - at * 1_000);
      else lost += 1;
    }
    return { call, talks, lost, lagMs };
  }

  return {
    number,
    token,
    more: {
      ssh: { host: ssh.host, port: ssh.port, username: ssh.users.shell, password: ssh.password },
      recovery: { everyMinutes, events: { folder: ssh.folderInside } },
    },
    begin(url, { everyMs, waits, talks: [least, most] }) {
      const calls: Promise<HostedCall>[] = [];
      let running = true;
      const placing = (async () => {
        for (let n = 0; running; n += 1) {
          const missed = n % ONE_MISSED_OF === ONE_MISSED_OF - 1;
          const talks = missed ? 0 : Math.round(least + Math.random() * (most - least));
          const call = madeCall(Math.floor(Date.now() / 1_000), { missed, waits, talks });
          calls.push(hold(url, { call, talks }));
          await sleep(everyMs);
        }
      })();
      const keeper = setInterval(() => void (keeping = keeping.then(keepWaiting)), KEEP_MS);
      return {
        async end() {
          running = false;
          await placing;
          const all = await Promise.all(calls);
          clearInterval(keeper);
          await keeping.then(keepWaiting);
          return all;
        },
      };
    },
    cut: () => void ssh.kill(),
    heal: () => void ssh.start(),
    stop: () => ssh.stop(),
  };
}
