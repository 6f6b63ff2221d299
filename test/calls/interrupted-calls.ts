/** Every way a call can be heard of and cut, for trials of clocks: what is told must not depend on them. */
import type { Fact, LiveChannel } from '../../src/calls/facts.js';
import { ami, answered, channel, hungUp, live, ringing, system, trunk } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { Run } from './run-tracker.js';

/** The daemon is killed and started again. */
export const RELOAD = 'reload';
export type Step = Fact | typeof RELOAD;

const lost = (ms: number) => system(ms, { kind: 'link.lost' });
const up = (ms: number, ...channels: LiveChannel[]): Fact[] => [
  system(ms, { kind: 'link.up', lostAt: null, restarted: false, skewMs: 0 }),
  fromPbx(system(ms, { kind: 'snapshot', channels })),
];
const fromPbx = (fact: Fact): Fact => ({ ...fact, source: 'ami' });
const both = (): LiveChannel[] => [
  live({ ...trunk(0), state: 'up' }, { bridge: 'bridge-0', application: 'Dial', seconds: 20 }),
  live(channel('150', 1, 0), { bridge: 'bridge-0', application: 'AppDial', seconds: 20 }),
];
const ringingNow = (): LiveChannel[] => [
  live(trunk(0), { application: 'Dial', seconds: 4 }),
  live(channel('150', 1, 0, { state: 'ringing' }), { application: 'AppDial', seconds: 3 }),
];
const pickedUp = (ms: number): Fact[] => answered(ms - 500, 0).slice(-3);
const posted = (ms: number, event: 'start' | 'dial' | 'hangup'): Fact => ({
  ...system(ms, { kind: 'fleet', fleet: fleetEvent({ event, uid: '1795386276.0', ...POST }) }),
  source: 'webhook',
  enterprise: '0367',
});
const POST = {
  phone: '375290000001',
  extensions: ['150'],
  callType: 0 as const,
  callStatus: '2',
  trunk: '0001360',
};

export const CALLS: Record<string, Step[]> = {
  'heard whole': [...up(0), ...answered(10, 0), ...hungUp(20_000, 0)],
  'that rings while the line is cut': [
    ...up(0),
    ...ringing(10, 0),
    lost(1_000),
    ...up(6_000, ...ringingNow()),
    ...pickedUp(8_000),
    ...hungUp(20_000, 0),
  ],
  'that ends while the line is cut': [...up(0), ...answered(10, 0), lost(5_000), ...up(25_000)],
  'that ends while we are down': [...up(0), ...answered(10, 0), RELOAD, lost(5_000), ...up(25_000)],
  'that talks while we are down': [
    ...up(0),
    ...answered(10, 0),
    RELOAD,
    lost(5_000),
    ...up(25_000, ...both()),
    ...hungUp(40_000, 0),
  ],
  'that rings when we first look': [...up(4_000, ...ringingNow()), ...pickedUp(8_000), ...hungUp(20_000, 0)],
  'that rings when we look, and again after a restart of ours': [
    ...up(4_000, ...ringingNow()),
    RELOAD,
    lost(4_500),
    ...up(5_000, ...ringingNow()),
    ...pickedUp(8_000),
    ...hungUp(20_000, 0),
  ],
  'that talks when we first look, and ends while the line is cut': [
    ...up(4_000, ...both()),
    lost(9_000),
    ...up(20_000),
  ],
  'that the PBX is asked about': [
    ...up(0),
    ...answered(10, 0),
    fromPbx(system(4_000, { kind: 'channel.seen', channel: channel('150', 1, 0) })),
    lost(5_000),
    ...up(25_000),
  ],
  'whose hang-up is not told and whose channels are gone': [
    ...up(0),
    ...answered(10, 0),
    fromPbx(system(9_000, { kind: 'channel.confirmed-gone', uid: '1795386276.1' })),
    fromPbx(system(9_000, { kind: 'channel.confirmed-gone', uid: '1795386276.0' })),
  ],
  'whose caller is first seen hanging up': [
    ...up(0),
    ami(1_000, { kind: 'channel.gone', channel: { ...trunk(0), state: 'up' }, cause: 16 }),
  ],
  'begun by posts and gone on with by AMI': [
    posted(0, 'start'),
    posted(2_000, 'dial'),
    ...up(3_000, ...ringingNow()),
    ...pickedUp(8_000),
    ...hungUp(20_000, 0),
  ],
  'known by posts alone while the line is cut': [
    ...up(0),
    ...answered(10, 9).map((fact) => fact),
    lost(500),
    posted(1_000, 'start'),
    posted(2_000, 'dial'),
    posted(30_000, 'hangup'),
    ...up(40_000),
  ],
};

export function run(steps: readonly Step[], told: (fact: Fact) => Fact): Run {
  const ran = new Run();
  for (const step of steps) {
    if (step === RELOAD) ran.reload();
    // It is noticed before any time passes by the new clock.
    else if (step.kind === 'clock.stepped') ran.fold(step);
    else ran.feed([told(step)]);
  }
  return ran;
}

/** As a PBX that stamps nothing tells it. */
export const unstamped = (fact: Fact): Fact => ({ ...fact, at: fact.arrivedAt, stamped: false });
