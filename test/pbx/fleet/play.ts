/** Plays scenarios as real calls, several PBXs of one version side by side, each with one scenario at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { headerOf, type AmiProbe, type ProbeMessage } from '../ami-probe.js';
import type { CdrRow } from '../master-csv.js';
import { startFleetPbx, type FleetPbx } from './fleet-pbx.js';
import { Stage } from './stage.js';
import { measured, type Scenario, type Told, type TrueCall } from './truth.js';

/** A scenario as it was played. */
export interface Played {
  readonly scenario: Scenario;
  readonly lane: number;
  readonly told: readonly Told[];
  readonly calls: readonly TrueCall[];
  /** Where what Asterisk itself wrote down is not what the scenario tells; or that it could not be played. */
  readonly complaints: readonly string[];
  /** Everything AMI told meanwhile, as bytes and as messages. */
  readonly ami: Buffer;
  readonly messages: readonly ProbeMessage[];
  /** Unique ids of its channels. */
  readonly uids: ReadonlySet<string>;
}

export interface PlayOptions {
  readonly version: 16 | 22;
  readonly scenarios: readonly Scenario[];
  readonly lanes: number;
  /** A PBX is up and nothing was played on it yet; what it gives back is called when all was. */
  onPbx?(pbx: FleetPbx, lane: number): Promise<() => Promise<void>>;
}

export async function play({ version, scenarios, lanes, onPbx }: PlayOptions): Promise<Played[]> {
  const waiting = [...scenarios];
  const played: Played[] = [];
  const runLane = async (lane: number) => {
    await using pbx = await startFleetPbx(version);
    const leave = await onPbx?.(pbx, lane);
    const probe = await pbx.asterisk.probe('crm');
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        played.push(await playOne(new Stage(pbx), next, { probe, lane }));
      }
    } finally {
      await leave?.();
      await probe.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, scenarios.length) }, (_, lane) => runLane(lane)));
  return played;
}

async function playOne(
  stage: Stage,
  scenario: Scenario,
  { probe, lane }: { probe: AmiProbe; lane: number },
): Promise<Played> {
  const { asterisk } = stage.pbx;
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
    lane,
    told,
    calls: told.map(measured),
    complaints,
    ami: probe.raw().subarray(from.bytes),
    messages,
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
