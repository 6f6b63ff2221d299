/** Plays scenarios as real calls, several PBXs of one version side by side, each with one scenario at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { headerOf, type AmiProbe, type ProbeMessage } from '../ami-probe.js';
import type { CdrRow } from '../master-csv.js';
import { startFleetPbx, type FleetPbx } from './fleet-pbx.js';
import { Stage } from './stage.js';
import { measured, type Scenario, type Told, type TrueRecord } from './truth.js';

/** A scenario as it was played. */
export interface Played {
  readonly scenario: Scenario;
  readonly calls: readonly TrueRecord[];
  /** Where what Asterisk itself wrote down is not what the scenario tells; or that it could not be played. */
  readonly complaints: readonly string[];
  /** Everything AMI told meanwhile, as bytes and as messages. */
  readonly ami: Buffer;
  readonly messages: readonly ProbeMessage[];
  /** When it was played, Unix ms. */
  readonly time: readonly [from: number, to: number];
  /** Unique ids of its channels. */
  readonly uids: ReadonlySet<string>;
}

/** PBXs that scenarios are played on side by side. */
export async function startLanes(version: 16 | 22, count: number): Promise<FleetPbx[]> {
  const started = await Promise.allSettled(Array.from({ length: count }, () => startFleetPbx(version)));
  const lanes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return lanes;
  await stopLanes(lanes);
  throw failed.reason;
}

export async function stopLanes(lanes: readonly FleetPbx[]): Promise<void> {
  await Promise.all(lanes.map((pbx) => pbx.stop()));
}

/** What an AMI user was told from beginning to end, without the greeting. */
export type Heard = Readonly<Record<(typeof LISTENERS)[number], Buffer>>;
const LISTENERS = ['crm', 'safe', 'fleet'] as const;

export interface PlayedLane {
  readonly pbx: FleetPbx;
  readonly played: readonly Played[];
  readonly heard: Heard;
}

/** Each lane takes the next scenario when it is done with one. */
export async function play(lanes: readonly FleetPbx[], scenarios: readonly Scenario[]): Promise<PlayedLane[]> {
  const waiting = [...scenarios];
  const playLane = async (pbx: FleetPbx): Promise<PlayedLane> => {
    const played: Played[] = [];
    const probes = await Promise.all(LISTENERS.map((user) => pbx.asterisk.probe(user)));
    const [probe] = probes as [AmiProbe, ...AmiProbe[]];
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) played.push(await playOne(pbx, next, probe));
      const heard = LISTENERS.map((user, n) => [user, afterGreeting(probes[n])] as const);
      return { pbx, played, heard: Object.fromEntries(heard) as Heard };
    } finally {
      await Promise.all(probes.map((one) => one.close()));
    }
  };
  return await Promise.all(lanes.map(playLane));
}

function afterGreeting(probe: AmiProbe | undefined): Buffer {
  const bytes = probe?.raw() ?? Buffer.alloc(0);
  return bytes.subarray(bytes.indexOf('\n') + 1);
}

async function playOne(pbx: FleetPbx, scenario: Scenario, probe: AmiProbe): Promise<Played> {
  const stage = new Stage(pbx);
  const { asterisk } = pbx;
  const began = Date.now();
  const from = { messages: probe.messages.length, bytes: probe.raw().length, rows: asterisk.masterCsv().length };
  let told: readonly Told[] = [];
  const complaints: string[] = [];
  try {
    told = await scenario.play(stage);
  } catch (error) {
    complaints.push(`could not be played: ${(error as Error).message}`);
    await asterisk.cli('channel request hangup all');
    await stage.quiet();
  }
  stage.reset();
  // The last words come a moment after the last channel is gone.
  await sleep(200);
  const messages = probe.messages.slice(from.messages);
  const rows = asterisk.masterCsv().slice(from.rows);
  complaints.push(...told.flatMap((one) => [...ringsElsewhere(stage, one), ...recordedElsewise(rows, one)]));
  return {
    scenario,
    calls: told.map(measured),
    complaints,
    ami: probe.raw().subarray(from.bytes),
    messages,
    time: [began, Date.now()],
    uids: new Set(messages.flatMap((one) => (isNew(one) ? [headerOf(one, 'Uniqueid') ?? ''] : []))),
  };
}

const isNew = (message: ProbeMessage) => headerOf(message, 'Event') === 'Newchannel';

/** Who rang, by the phones' own 180s. */
function ringsElsewhere(stage: Stage, { call, wait }: Told): string[] {
  if (call.direction === 'out') return [];
  const rung = [...new Set(stage.rung(wait[0]).flatMap(({ who, at }) => (at <= wait[1] ? [who] : [])))].sort();
  const told = [...call.rang].sort();
  return rung.join() === told.join() ? [] : [`rang ${rung.join()} instead of ${told.join()}`];
}

/** That it was, and whether it was answered, by Asterisk's own records; one that came in was answered by the dialplan. */
function recordedElsewise(rows: readonly CdrRow[], { call }: Told): string[] {
  const number = call.external?.slice(1) ?? call.caller ?? '';
  const mine = rows.filter((row) => [row.src, row.dst, row.clid].some((text) => text.includes(number)));
  const answered = mine.some((row) => row.disposition === 'ANSWERED');
  if (mine.length === 0) return ['Master.csv has nothing of it'];
  if (call.direction === 'in' ? call.result === 'answered' && !answered : answered !== (call.result === 'answered'))
    return [`Master.csv has ${mine.map((row) => row.disposition).join()} for ${call.result}`];
  return [];
}
