import type { Asterisk } from './asterisk.js';
import type { Extension } from './dialplan.js';
import { legsOf, type SipLeg, type SipMessage } from './sip-trace.js';
import { runSipp, untilUdpBound } from './sipp.js';

/** What a phone does with a call. `ring-on` rings until the caller or the PBX gives up. */
export type CalleePlan =
  | {
      readonly then: 'answer';
      readonly ringMs: number;
      /** Absent: the other side hangs up. */ readonly talkMs?: number;
    }
  | { readonly then: 'busy' | 'decline' | 'unavailable'; /** 0: refused without ringing. */ readonly ringMs: number }
  | { readonly then: 'ring-on' };

export interface PhoneOptions {
  readonly default: CalleePlan;
  /** By the caller's tag, or by the number called (the far end of the trunk). */
  readonly calls?: Readonly<Record<string, CalleePlan>>;
}

export interface Phone extends AsyncDisposable {
  readonly who: Extension | 'trunk';
  trace(): SipMessage[];
  legs(): SipLeg[];
  complaints(): string;
  stop(): Promise<void>;
}

/** A phone, or the far end of the trunk, that takes any number of calls at once. */
export async function startPhone(asterisk: Asterisk, who: Extension | 'trunk', options: PhoneOptions): Promise<Phone> {
  const ports = asterisk.ports.lend();
  const port = who === 'trunk' ? asterisk.ports.trunk : asterisk.ports.phone(who);
  const run = await runSipp({
    scenario: 'callee',
    port,
    ports,
    rows: {
      file: 'plan.csv',
      rows: [
        rowOf('default', options.default),
        ...Object.entries(options.calls ?? {}).map(([key, p]) => rowOf(key, p)),
      ],
    },
    args: ['-infindex', 'plan.csv', '0'],
  });
  let stopped: Promise<void> | null = null;
  const phone: Phone = {
    who,
    trace: () => run.trace(),
    legs: () => legsOf(run.trace()),
    complaints: () => run.complaints(),
    stop: () => (stopped ??= run.stop().then(() => asterisk.ports.giveBack(ports))),
    [Symbol.asyncDispose]: () => phone.stop(),
  };
  try {
    await untilUdpBound(port, run);
  } catch (error) {
    await phone.stop();
    throw error;
  }
  return phone;
}

/** Longer than any test waits. */
export const FOREVER_MS = 3_600_000;
const STATUS = { busy: 486, decline: 603, unavailable: 480 } as const;

function rowOf(key: string, plan: CalleePlan): (string | number)[] {
  switch (plan.then) {
    case 'answer':
      return [key, plan.ringMs, 200, plan.talkMs ?? FOREVER_MS];
    case 'ring-on':
      return [key, FOREVER_MS, 480, FOREVER_MS];
    case 'busy':
    case 'decline':
    case 'unavailable':
      return [key, plan.ringMs, STATUS[plan.then], FOREVER_MS];
  }
}
