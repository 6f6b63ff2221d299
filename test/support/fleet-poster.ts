import { setTimeout as sleep } from 'node:timers/promises';
import type { AmiProbe } from '../pbx/ami-probe.js';
import { fleetScript, type ScriptBuild } from './fleet-posts.js';

/** What a PBX of the fleet runs beside Asterisk: it reads AMI and posts webhooks, one at a time, in order, never twice. */
export interface FleetPoster {
  /** Every post that was answered, in order. */
  readonly posted: readonly Posted[];
  /** The longest that a post was behind what it tells of, of this time (Unix ms); milliseconds. */
  lagBetween(from: number, to: number): number;
  /** Resolves when nothing more came for a while and all of it is posted; then stops. */
  stop(): Promise<void>;
}

export interface Posted {
  path: string;
  status: number;
  body: Readonly<Record<string, unknown>>;
  /** When what it tells of was heard, and when it was answered; Unix ms. */
  heardAt: number;
  answeredAt: number;
}

export interface FleetPosterOptions {
  probe: AmiProbe;
  url: string;
  token: string;
  /** How long after what it tells each post comes, at the least, milliseconds. */
  lagMs?: number;
  build?: ScriptBuild;
}

/** A PBX's last word on a call comes after the callers' own, and later on a busy machine. */
const QUIET_MS = 1_500;

export function startFleetPoster({ probe, url, token, lagMs = 0, build }: FleetPosterOptions): FleetPoster {
  const posted: Posted[] = [];
  const postOf = fleetScript(build);
  let read = 0;
  let stoppedAt: number | null = null;

  async function send(path: string, body: Readonly<Record<string, unknown>>, heardAt: number): Promise<void> {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-type': 'application/json', Token: token },
      body: JSON.stringify({ Token: token, ...body }),
    });
    await answer.text();
    posted.push({ path, status: answer.status, body, heardAt, answeredAt: Date.now() });
  }

  function isOver(): boolean {
    if (stoppedAt === null || read < probe.messages.length) return false;
    const lastAt = read > 0 ? probe.heardAt(read - 1) : 0;
    return Date.now() - Math.max(stoppedAt, lastAt) > QUIET_MS;
  }

  async function run(): Promise<void> {
    while (!isOver()) {
      const message = probe.messages[read];
      if (!message) {
        await sleep(10);
        continue;
      }
      const heardAt = probe.heardAt(read);
      read += 1;
      const post = postOf(message);
      if (!post) continue;
      const wait = heardAt + lagMs - Date.now();
      if (wait > 0) await sleep(wait);
      await send(post.path, post.body, heardAt);
    }
  }

  const done = run();
  return {
    posted,
    lagBetween: (from, to) =>
      Math.max(
        0,
        ...posted.flatMap(({ heardAt, answeredAt }) =>
          heardAt >= from && heardAt <= to ? [answeredAt - heardAt] : [],
        ),
      ),
    async stop() {
      stoppedAt ??= Date.now();
      await done;
    },
  };
}
