import type { Asterisk } from './asterisk.js';
import { placeCalls, tagOf, type PlacedCall, type PlannedCall } from './callers.js';
import type { Extension } from './dialplan.js';
import type { CdrRow } from './master-csv.js';
import { startPhone, type CalleePlan, type Phone } from './phones.js';

/**
 * Calls in numbers: a steady rate, a mix of outcomes, talk of 1 to 20 s. Every call has a tag, so that the caller's
 * trace, the phones' traces, Asterisk's own records and what a CRM was told can be laid side by side.
 */
export type Outcome = 'answered' | 'missed' | 'busy' | 'abandoned';

export interface LoadCall {
  readonly plan: PlannedCall;
  readonly expected: Outcome;
  /** The client in E.164. A hundred numbers take turns, none of them a colleague's mobile, each in three ways of writing. */
  readonly external: string;
  /** Who is meant to answer; null when nobody is. */
  readonly answeredBy: Extension | null;
  readonly phones: Readonly<Partial<Record<Extension, CalleePlan>>>;
}

export interface LoadOptions {
  readonly count: number;
  /** Whole seconds of talk are drawn evenly from this range; 1 to 20 when absent. */
  readonly talkSeconds?: readonly [number, number];
  /** Shares of the outcomes; 6 : 2 : 1 : 1 when absent. */
  readonly mix?: Readonly<Record<Outcome, number>>;
  /** The same seed gives the same calls. */
  readonly seed?: number;
  /** The number in the first call's tag; 1 when absent. */
  readonly firstTag?: number;
}

const WAYS = [(n: string) => `+37529${n}`, (n: string) => `37529${n}`, (n: string) => `8029${n}`];

export function planLoad(options: LoadOptions): LoadCall[] {
  const random = randomOf(options.seed ?? 1);
  const mix = options.mix ?? { answered: 6, missed: 2, busy: 1, abandoned: 1 };
  const [shortest, longest] = options.talkSeconds ?? [1, 20];
  return Array.from({ length: options.count }, (_, i) => {
    const subscriber = `0000${100 + (i % 100)}`;
    const from = WAYS[Math.floor(random() * WAYS.length)]?.(subscriber) ?? '';
    const tag = tagOf((options.firstTag ?? 1) + i);
    const talkMs = Math.floor(shortest + random() * (longest - shortest + 1)) * 1_000;
    const ringMs = 300 + Math.floor(random() * 15) * 100;
    const expected = draw(mix, random());
    return {
      ...callOf(expected, { tag, from, talkMs, ringMs, dice: random() }),
      expected,
      external: `+37529${subscriber}`,
    };
  });
}

interface Drawn {
  readonly tag: string;
  readonly from: string;
  readonly talkMs: number;
  readonly ringMs: number;
  readonly dice: number;
}

function callOf(outcome: Outcome, d: Drawn): Pick<LoadCall, 'plan' | 'answeredBy' | 'phones'> {
  const call = { tag: d.tag, from: d.from };
  switch (outcome) {
    case 'answered': {
      const theyHangUp = d.dice < 0.3;
      const plan = { ...call, ...(theyHangUp ? {} : { talkMs: d.talkMs }) };
      const answer: CalleePlan = { then: 'answer', ringMs: d.ringMs, ...(theyHangUp ? { talkMs: d.talkMs } : {}) };
      // One in four goes to the group, where the others ring on and lose.
      const group = d.dice * 100 - Math.floor(d.dice * 100) < 0.25;
      if (group) {
        const ringOn: CalleePlan = { then: 'ring-on' };
        return {
          plan: { ...plan, dial: '0001362' },
          answeredBy: '152',
          phones: { 150: ringOn, 151: ringOn, 152: answer },
        };
      }
      const [dial, extension] = d.dice < 0.5 ? (['0001360', '150'] as const) : (['0001367', '151'] as const);
      return { plan: { ...plan, dial }, answeredBy: extension, phones: { [extension]: answer } };
    }
    case 'missed':
      return { plan: { ...call, dial: '0001361' }, answeredBy: null, phones: { 150: { then: 'ring-on' } } };
    case 'busy':
      return { plan: { ...call, dial: '0001360' }, answeredBy: null, phones: { 150: { then: 'busy', ringMs: 0 } } };
    case 'abandoned':
      return {
        plan: { ...call, dial: '0001367', giveUpMs: 500 + Math.floor(d.dice * 2_500) },
        answeredBy: null,
        phones: { 151: { then: 'ring-on' } },
      };
  }
}

export interface DrivenCall extends LoadCall {
  readonly placed: PlacedCall['leg'];
  /** The earliest 180 a phone sent for it, epoch ms. */
  readonly firstRingingAt: number | null;
}

export interface Load {
  readonly calls: readonly LoadCall[];
  readonly done: Promise<DrivenCall[]>;
  soFar(): DrivenCall[];
  /** Begins no further call; resolves when those in progress have ended, or are cut after `graceMs`. */
  finish(graceMs?: number): Promise<DrivenCall[]>;
  stop(): Promise<void>;
}

/** Starts the phones 150, 151 and 152 and the callers. The phones are stopped when the last call has ended. */
export async function driveCalls(
  asterisk: Asterisk,
  calls: readonly LoadCall[],
  { perSecond = 5 }: { readonly perSecond?: number } = {},
): Promise<Load> {
  const phones: Phone[] = [];
  const stopPhones = () => Promise.all(phones.map((phone) => phone.stop()));
  try {
    for (const extension of ['150', '151', '152'] as const)
      phones.push(await startPhone(asterisk, extension, phonePlan(calls, extension)));
    const plans = calls.map((call) => call.plan);
    const running = await placeCalls(asterisk, plans, { perSecond });
    const driven = (placed: readonly PlacedCall[]): DrivenCall[] => {
      const ringing = ringingByTag(phones);
      return calls.map((call, i) => ({
        ...call,
        placed: placed[i]?.leg ?? null,
        firstRingingAt: ringing.get(call.plan.tag) ?? null,
      }));
    };
    const done = running.done.finally(stopPhones).then(driven);
    done.catch(() => undefined);
    return {
      calls,
      done,
      soFar: () => driven(running.soFar()),
      async finish(graceMs) {
        const placed = await running.finish(graceMs);
        await stopPhones();
        return driven(placed);
      },
      async stop() {
        await running.stop();
        await stopPhones();
      },
    };
  } catch (error) {
    await stopPhones();
    throw error;
  }
}

/** The traces are long: they are read once for all calls. */
function ringingByTag(phones: readonly Phone[]): Map<string, number> {
  const earliest = new Map<string, number>();
  for (const { tag, ringingAt } of phones.flatMap((phone) => phone.legs())) {
    if (tag !== null && ringingAt !== null) earliest.set(tag, Math.min(ringingAt, earliest.get(tag) ?? Infinity));
  }
  return earliest;
}

function phonePlan(calls: readonly LoadCall[], extension: Extension) {
  const entries = calls.flatMap(({ plan, phones }) => {
    const what = phones[extension];
    return what ? [[plan.tag, what] as const] : [];
  });
  return { default: { then: 'unavailable', ringMs: 0 } as const, calls: Object.fromEntries(entries) };
}

/** What Asterisk's own records say of one tagged call. */
export interface RecordedCall {
  readonly tag: string;
  readonly linkedid: string;
  readonly answered: boolean;
  /** Of the answered leg, whole seconds. */
  readonly billSeconds: number;
  readonly start: number;
  readonly rows: readonly CdrRow[];
}

/** Master.csv by tag: calls from the trunk carry it as the caller's name. */
export function recordedCalls(rows: readonly CdrRow[]): Map<string, RecordedCall> {
  const calls = new Map<string, RecordedCall>();
  for (const row of rows) {
    const tag = /^"?(T\d{4})/.exec(row.clid)?.[1];
    if (tag === undefined) continue;
    const call = calls.get(tag);
    calls.set(tag, {
      tag,
      linkedid: row.linkedid,
      answered: (call?.answered ?? false) || row.disposition === 'ANSWERED',
      billSeconds: Math.max(call?.billSeconds ?? 0, row.billSeconds),
      start: Math.min(call?.start ?? Infinity, row.start),
      rows: [...(call?.rows ?? []), row],
    });
  }
  return calls;
}

function draw(mix: Readonly<Record<Outcome, number>>, dice: number): Outcome {
  const entries = Object.entries(mix) as [Outcome, number][];
  let left = dice * entries.reduce((sum, [, share]) => sum + share, 0);
  for (const [outcome, share] of entries) {
    left -= share;
    if (left < 0) return outcome;
  }
  return 'answered';
}

/** Park and Miller's generator: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
