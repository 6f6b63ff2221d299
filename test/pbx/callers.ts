import type { Asterisk } from './asterisk.js';
import { EXTENSIONS } from './dialplan.js';
import { FOREVER_MS } from './phones.js';
import { legsOf, type SipLeg } from './sip-trace.js';
import { runSipp } from './sipp.js';

export interface PlannedCall {
  /** `T` and four digits, one of its own per call: the phones' plans and Asterisk's records are found by it. */
  readonly tag: string;
  /** A line (`0001360`), an extension, or an outside number. */
  readonly dial: string;
  /** An extension calls from its phone; any other number is a client on the trunk. */
  readonly from: string;
  /** Hangs up so long after it began to ring, if nobody has answered. */
  readonly giveUpMs?: number;
  /** Hangs up so long after the PBX's answer, a greeting included; absent: the other side does. */
  readonly talkMs?: number;
}

export interface PlacedCall {
  readonly plan: PlannedCall;
  /** As the caller saw it; null if its INVITE was never sent. */
  readonly leg: SipLeg | null;
}

export interface RunningCalls {
  /** Resolves when every call has ended; rejects when one went otherwise than SIP allows, or none ended in time. */
  readonly done: Promise<PlacedCall[]>;
  /** As far as they have come. */
  soFar(): PlacedCall[];
  /** Begins no further call; resolves when those in progress have ended, however they went, or are cut after `graceMs`. */
  finish(graceMs?: number): Promise<PlacedCall[]>;
  /** Kills the callers as a power cut would: no BYE is sent. */
  stop(): Promise<void>;
}

/** `T0001`, `T0002` … */
export const tagOf = (n: number): string => `T${String(n).padStart(4, '0')}`;

export interface PlaceOptions {
  /** Calls begun per second; 5 when absent. */
  readonly perSecond?: number;
  /** For the last call to end; 60 s after the last one's begin and its talk when absent. */
  readonly timeoutMs?: number;
}

/** Places the calls in their order, at a steady rate, from one SIPp process. */
export async function placeCalls(
  asterisk: Asterisk,
  calls: readonly PlannedCall[],
  { perSecond = 5, timeoutMs }: PlaceOptions = {},
): Promise<RunningCalls> {
  const ports = asterisk.ports.lend();
  const run = await runSipp({
    scenario: 'caller',
    port: ports.source,
    ports,
    rows: { file: 'calls.csv', rows: calls.map(rowOf) },
    args: [...['-m', String(calls.length), '-r', String(perSecond), '-l', '1000'], `127.0.0.1:${asterisk.sipPort}`],
  });
  const soFar = () => {
    const legs = new Map(legsOf(run.trace()).map((leg) => [leg.tag, leg]));
    return calls.map((plan) => ({ plan, leg: legs.get(plan.tag) ?? null }));
  };
  const longest = Math.max(0, ...calls.map((call) => call.talkMs ?? 0));
  const limit = timeoutMs ?? (calls.length / perSecond) * 1_000 + longest + 60_000;
  let stopped: Promise<void> | null = null;
  const stop = () => (stopped ??= run.stop(0).then(() => asterisk.ports.giveBack(ports)));
  const wait = async () => {
    const timer = setTimeout(() => void run.stop(0), limit);
    const code = await run.exited;
    clearTimeout(timer);
    await stop();
    if (code !== 0) throw new Error(`calls went wrong (SIPp ended with ${code}):\n${run.complaints().slice(0, 4_000)}`);
    return soFar();
  };
  const done = wait();
  // Whoever stops the callers on purpose need not wait for `done` as well.
  done.catch(() => undefined);
  const finish = async (graceMs = longest + 60_000) => {
    await (stopped ??= run.stop(graceMs).then(() => asterisk.ports.giveBack(ports)));
    return soFar();
  };
  return { done, soFar, finish, stop };
}

function rowOf(call: PlannedCall): (string | number)[] {
  const phone = (EXTENSIONS as readonly string[]).includes(call.from) ? call.from : 'trunk';
  return [call.dial, call.from, call.tag, phone, call.giveUpMs ?? FOREVER_MS, call.talkMs ?? FOREVER_MS];
}

export async function placeCall(asterisk: Asterisk, call: PlannedCall): Promise<PlacedCall> {
  const [placed] = await (await placeCalls(asterisk, [call])).done;
  if (!placed) throw new Error('no call was placed');
  return placed;
}

/** When the first of the phones sent its own 180 for this call; null if none rang. */
export function firstRingingAt(phones: readonly { legs(): SipLeg[] }[], tag: string): number | null {
  const times = phones.flatMap((phone) =>
    phone.legs().flatMap((leg) => (leg.tag === tag && leg.ringingAt !== null ? [leg.ringingAt] : [])),
  );
  return times.length === 0 ? null : Math.min(...times);
}
