/**
 * Calls caught in the act: every call of a round is where it was meant to be (`aimed-moments.ts`) when the line to AMI is
 * cut, the daemon is killed or the PBX restarts. Each is judged by itself, and the account of all must add up besides.
 */
import { firstRingingAt, placeCalls, tagOf } from '../pbx/callers.js';
import type { RunningCalls } from '../pbx/callers.js';
import type { DrivenCall, LoadCall } from '../pbx/load.js';
import { startPhone } from '../pbx/phones.js';
import type { CalleePlan, Phone } from '../pbx/phones.js';
import { LAST_MOMENTS, MOMENTS, aimedPlan, complaints, wasHit } from './aimed-moments.js';
import type { Gap, Moment } from './aimed-moments.js';
import { comeToRest, figuresOf } from './settle.js';
import type { Figures, Tally } from './settle.js';
import type { Branch, Stage } from './stage.js';
import { sleep } from './waiting.js';

export const EVENTS = ['cut', 'kill', 'restart'] as const;
export type AimedEvent = (typeof EVENTS)[number];

export interface AimedOptions {
  /** One after the other. */
  events: readonly AimedEvent[];
  /** Calls at each moment, on each PBX. */
  perMoment: number;
  /** How long the line stays cut, and the daemon dead. */
  awayMs: number;
  /** How long a line that is well again may take to be used. */
  backMs: number;
}

/** Long enough that no call ends by the dialplan. */
const LINE = '0001359';
export const AIMED_DIALPLAN = `
[from-trunk](+)
exten => ${LINE},1,Dial(PJSIP/152,240,tT)
`;
const CODE = '152';
/** From the first INVITE of a round to what happens. */
const LEAD_MS = 4_500;
/** The calls of one moment begin this long after one another. */
const APART_MS = 700;
const REST_MS = 60_000;
const GRACE_MS = 5_000;
/** How long a PBX that is back is not heard yet. */
const RESTART_MS = 1_500;

/** One call of a round. */
interface Shot {
  event: AimedEvent;
  moment: Moment;
  branch: Branch;
  call: LoadCall;
  gap: Gap | null;
}

interface Round {
  /** Calls up when it happens, and calls that begin meanwhile, each in the order they are placed. */
  early: Shot[];
  late: Shot[];
}

const shotsOf = ({ early, late }: Round): Shot[] => [...early, ...late];

export async function aimed(stage: Stage, options: AimedOptions): Promise<Figures> {
  const began = Date.now();
  const bootMs = await timeOfBoot(stage);
  const rounds = new Map(stage.branches.map((branch) => [branch, planRounds(branch, options, bootMs)]));
  const phones = new Map<Branch, Phone>();
  const placed = new Map<Branch, RunningCalls[]>(stage.branches.map((branch) => [branch, []]));
  try {
    for (const [branch, planned] of rounds) phones.set(branch, await answering(branch, planned));
    for (const [index, event] of options.events.entries()) {
      const round = stage.branches.flatMap((branch) => rounds.get(branch)?.[index] ?? []);
      await happen(stage, event, options, round, placed);
    }
    await comeToRest(stage, REST_MS);
  } finally {
    for (const running of [...placed.values()].flat()) await running.stop();
    for (const phone of phones.values()) await phone.stop();
  }
  const driven = new Map<Branch, DrivenCall[]>();
  for (const [branch, planned] of rounds) {
    const shots = planned.flatMap(shotsOf);
    driven.set(branch, drivenBy(shots, placed.get(branch) ?? [], phones.get(branch)));
  }
  const { tallies, wrong } = await judge(stage, rounds, driven);
  const byEnterprise = new Map([...driven].map(([{ enterprise }, calls]) => [enterprise, calls]));
  const trial = { name: 'aimed', rounds: options.events.length, began, wrong, tallies };
  return figuresOf(stage, trial, byEnterprise, { cdrMayLack: options.events.includes('restart') });
}

/** A daemon that is killed is back as soon after, on this machine. */
async function timeOfBoot(stage: Stage): Promise<number> {
  await stage.linked();
  await stage.daemon.kill();
  const began = Date.now();
  await stage.daemon.start();
  await stage.linked();
  return Date.now() - began;
}

/** From what happens until the daemon surely listens again; after a restart of the PBX, from its being back. */
function overFor(event: AimedEvent, { awayMs, backMs }: AimedOptions, bootMs: number): number {
  // What a machine is slow with at one thing, it is slow with at another.
  const marginMs = Math.max(2_000, bootMs);
  switch (event) {
    case 'cut':
      return awayMs + backMs + marginMs;
    case 'kill':
      return awayMs + 2 * bootMs + marginMs;
    case 'restart':
      return RESTART_MS + backMs + marginMs;
  }
}

function planRounds(branch: Branch, options: AimedOptions, bootMs: number): Round[] {
  let count = 0;
  return options.events.map((event) => {
    const moments = (event === 'restart' ? LAST_MOMENTS : MOMENTS).filter((moment) => moment !== 'begun meanwhile');
    const overMs = overFor(event, options, bootMs);
    const shot = (moment: Moment, leadMs: number): Shot => {
      const tag = tagOf((count += 1));
      const external = `+37529${String(1_000_000 + count)}`;
      const { callee, ...caller } = aimedPlan(moment, { leadMs, awayMs: options.awayMs, overMs });
      return {
        event,
        moment,
        branch,
        gap: null,
        call: {
          plan: { tag, dial: LINE, from: external, ...caller },
          expected: callee.then === 'answer' ? 'answered' : 'abandoned',
          external,
          answeredBy: callee.then === 'answer' ? CODE : null,
          phones: { [CODE]: callee },
        },
      };
    };
    const turns = Array.from({ length: options.perMoment }, (_, turn) => turn);
    return {
      early: turns.flatMap((turn) =>
        moments.map((moment, i) => shot(moment, LEAD_MS - APART_MS * (turn + i / moments.length))),
      ),
      late: turns.map(() => shot('begun meanwhile', 0)),
    };
  });
}

function answering({ asterisk }: Branch, rounds: readonly Round[]): Promise<Phone> {
  const calls: Record<string, CalleePlan> = {};
  for (const { call } of rounds.flatMap(shotsOf)) calls[call.plan.tag] = call.phones[CODE] ?? { then: 'ring-on' };
  return startPhone(asterisk, CODE, { default: { then: 'unavailable', ringMs: 0 }, calls });
}

/** One round on every PBX at once. */
async function happen(
  stage: Stage,
  event: AimedEvent,
  { awayMs }: AimedOptions,
  round: readonly Round[],
  placed: Map<Branch, RunningCalls[]>,
): Promise<void> {
  const place = async (shots: readonly Shot[], perSecond: number) => {
    const [first] = shots;
    if (!first) return;
    const plans = shots.map(({ call }) => call.plan);
    placed.get(first.branch)?.push(await placeCalls(first.branch.asterisk, plans, { perSecond }));
  };
  const placeLate = () => Promise.all(round.map(({ late }) => place(late, 20)));
  const ofMoment = (round[0]?.early.length ?? 0) / turnsOf(round);
  await Promise.all(round.map(({ early }) => place(early, (ofMoment * 1_000) / APART_MS)));
  await sleep(LEAD_MS);

  const from = Date.now();
  const overAt = from + Math.max(...round.flatMap(shotsOf).map(({ call }) => lastsMs(call)));
  switch (event) {
    case 'cut':
      for (const { line } of stage.branches) line.cut();
      await sleep(awayMs / 3);
      await placeLate();
      await sleep(from + awayMs - Date.now());
      for (const { line } of stage.branches) line.heal();
      break;
    case 'kill':
      await stage.daemon.kill();
      await sleep(awayMs / 3);
      await placeLate();
      await sleep(from + awayMs - Date.now());
      await stage.daemon.start();
      break;
    case 'restart':
      await Promise.all(
        round.map(async ({ late }, i) => {
          const { asterisk, line } = stage.branches[i] as Branch;
          const restarting = asterisk.restart('now');
          // Whatever Asterisk still says arrives; then it is not heard again until somebody rings there.
          await sleep(500);
          line.cut();
          await restarting;
          await place(late, 20);
          await sleep(RESTART_MS);
          line.heal();
        }),
      );
  }
  await stage.linked();
  const to = Date.now();
  const downed = event === 'restart';
  for (const shot of round.flatMap(shotsOf)) shot.gap = { from, to, downed, heardUntil: from };
  // The next round begins when this one's calls are over; callers whose PBX forgot them would wait for ever.
  const graceMs = Math.max(0, overAt - Date.now()) + GRACE_MS;
  const running = stage.branches.flatMap((branch) => placed.get(branch)?.slice(-2) ?? []);
  await Promise.all(running.map((one) => one.finish(graceMs)));
}

/** The longest this call can take by itself. */
function lastsMs({ plan, phones }: LoadCall): number {
  const callee = phones[CODE];
  return (callee?.then === 'answer' ? callee.ringMs : 0) + (plan.giveUpMs ?? 0) + (plan.talkMs ?? 0);
}

function turnsOf(round: readonly Round[]): number {
  return Math.max(1, round[0]?.late.length ?? 1);
}

function drivenBy(shots: readonly Shot[], running: readonly RunningCalls[], phone: Phone | undefined): DrivenCall[] {
  const legs = new Map(running.flatMap((one) => one.soFar()).map(({ plan, leg }) => [plan.tag, leg]));
  return shots.map(({ call }) => ({
    ...call,
    placed: legs.get(call.plan.tag) ?? null,
    firstRingingAt: phone ? firstRingingAt([phone], call.plan.tag) : null,
  }));
}

async function judge(
  stage: Stage,
  rounds: ReadonlyMap<Branch, Round[]>,
  driven: ReadonlyMap<Branch, readonly DrivenCall[]>,
): Promise<{ tallies: Tally[]; wrong: string[] }> {
  const tallies = new Map<string, Tally>();
  const wrong: string[] = [];
  for (const [branch, planned] of rounds) {
    const calls = new Map(driven.get(branch)?.map((call) => [call.plan.tag, call]));
    const marks = await approximateByPhone(stage, branch);
    const listed = await beginningsOfGaps(stage, branch);
    for (const { event, moment, call, gap } of planned.flatMap(shotsOf)) {
      const what = `${event} × ${moment}, Asterisk ${branch.asterisk.version}`;
      const tally = tallies.get(what) ?? { what, good: 0, of: 0, missed: 0 };
      tallies.set(what, tally);
      const { placed: leg = null, firstRingingAt: rangAt = null } = calls.get(call.plan.tag) ?? {};
      if (!gap || !leg || !wasHit(moment, leg, rangAt, gap)) {
        tally.missed += 1;
        continue;
      }
      const heardUntil = listed.findLast((at) => at <= gap.to) ?? gap.from;
      const found = foundOf(stage, branch, call, marks);
      const said = complaints(moment, leg, { ...gap, heardUntil: Math.min(gap.from, heardUntil) }, found, CODE);
      tally.of += 1;
      if (said.length === 0) tally.good += 1;
      else wrong.push(`${what}: ${call.plan.tag} ${call.external}: ${said.join('; ')}`);
    }
  }
  return { tallies: [...tallies.values()], wrong };
}

function foundOf({ crm }: Stage, branch: Branch, { external }: LoadCall, marks: ReadonlyMap<string, boolean>) {
  const digits = external.slice(1);
  const isOurs = (id: string | null | undefined) => id?.startsWith(`${branch.enterprise}-`) ?? false;
  return {
    records: crm.state.calls.filter((record) => record.phone === digits && isOurs(record.externalId)),
    cards: crm.state.cards.filter((card) => card.phone === digits && isOurs(card.callExternalId)),
    approximate: marks.get(external) ?? null,
  };
}

/** Every call of these trials has a client of its own. */
async function approximateByPhone({ pool }: Stage, { pbx }: Branch): Promise<Map<string, boolean>> {
  const { rows } = await pool.query<{ phone: string; approximate: boolean }>(
    'SELECT phone, approximate FROM calls WHERE pbx = $1 AND phone IS NOT NULL',
    [pbx],
  );
  return new Map(rows.map(({ phone, approximate }) => [phone, approximate]));
}

async function beginningsOfGaps({ pool }: Stage, { pbx }: Branch): Promise<number[]> {
  const { rows } = await pool.query<{ at: Date }>(
    'SELECT started_at AS at FROM pbx_gaps WHERE pbx = $1 ORDER BY started_at',
    [pbx],
  );
  return rows.map(({ at }) => at.getTime());
}
