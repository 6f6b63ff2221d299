import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { momentsOf } from '../../src/platform/time-zone.js';
import { answered, system } from './ami-facts.js';
import { fleetEvent } from '../../src/calls/facts.js';
import { PROFILE, Run } from './run-tracker.js';

interface Told {
  /** Where the host's clock is, and the enterprise. */
  host: string;
  enterprise?: string;
  begun: string;
  ended: string;
  /** As the host's clock showed them. */
  startTime: string;
  endTime: string;
  /** The PBX's clock less ours. */
  skewMs?: number;
  lagMs?: number;
  /** So long after its channel was made. */
  afterMs?: number;
}

const kyiv = { host: 'Europe/Kyiv' };
const warsaw = { host: 'Europe/Warsaw' };
/** On 26 October 2025 and 30 March 2025 at 01:00 UTC; 5 October 2025 at 15:00 UTC on Lord Howe, by half an hour. */
const CALLS: Record<string, Told> = {
  'before the autumn change': {
    ...kyiv,
    begun: '2025-10-25T23:30:00Z',
    ended: '2025-10-25T23:40:00Z',
    startTime: '2025-10-26 02:30:00',
    endTime: '2025-10-26 02:40:00',
  },
  'in the doubled hour, the first time': {
    ...kyiv,
    begun: '2025-10-26T00:30:00Z',
    ended: '2025-10-26T00:40:00Z',
    startTime: '2025-10-26 03:30:00',
    endTime: '2025-10-26 03:40:00',
  },
  'across the autumn change': {
    ...kyiv,
    begun: '2025-10-26T00:50:00Z',
    ended: '2025-10-26T01:10:00Z',
    startTime: '2025-10-26 03:50:00',
    endTime: '2025-10-26 03:10:00',
  },
  'from the first time far into the second': {
    ...kyiv,
    begun: '2025-10-26T00:20:00Z',
    ended: '2025-10-26T01:40:00Z',
    startTime: '2025-10-26 03:20:00',
    endTime: '2025-10-26 03:40:00',
  },
  'in the doubled hour, the second time': {
    ...kyiv,
    begun: '2025-10-26T01:20:00Z',
    ended: '2025-10-26T01:30:00Z',
    startTime: '2025-10-26 03:20:00',
    endTime: '2025-10-26 03:30:00',
  },
  'the first time, and told half an hour late': {
    ...kyiv,
    begun: '2025-10-26T00:10:00Z',
    ended: '2025-10-26T00:15:00Z',
    startTime: '2025-10-26 03:10:00',
    endTime: '2025-10-26 03:15:00',
    lagMs: 1_800_000,
  },
  'the second time, by a PBX that is five minutes ahead': {
    ...kyiv,
    begun: '2025-10-26T01:20:00Z',
    ended: '2025-10-26T01:22:00Z',
    startTime: '2025-10-26 03:20:00',
    endTime: '2025-10-26 03:22:00',
    skewMs: 300_000,
  },
  'after the autumn change': {
    ...kyiv,
    begun: '2025-10-26T02:10:00Z',
    ended: '2025-10-26T02:20:00Z',
    startTime: '2025-10-26 04:10:00',
    endTime: '2025-10-26 04:20:00',
  },
  'whose channel was made just before the change and whose dialplan ran just after': {
    ...kyiv,
    begun: '2025-10-26T01:00:01Z',
    ended: '2025-10-26T01:05:00Z',
    startTime: '2025-10-26 03:00:01',
    endTime: '2025-10-26 03:05:00',
    afterMs: 2_000,
  },
  'across the autumn change in Warsaw': {
    ...warsaw,
    begun: '2025-10-26T00:59:00Z',
    ended: '2025-10-26T01:01:00Z',
    startTime: '2025-10-26 02:59:00',
    endTime: '2025-10-26 02:01:00',
  },
  'across the spring change': {
    ...kyiv,
    begun: '2025-03-30T00:55:00Z',
    ended: '2025-03-30T01:05:00Z',
    startTime: '2025-03-30 02:55:00',
    endTime: '2025-03-30 04:05:00',
  },
  'across the spring change in Warsaw': {
    ...warsaw,
    begun: '2025-03-30T00:10:00Z',
    ended: '2025-03-30T01:50:00Z',
    startTime: '2025-03-30 01:10:00',
    endTime: '2025-03-30 03:50:00',
  },
  'across a change by half an hour': {
    host: 'Australia/Lord_Howe',
    begun: '2025-10-04T15:20:00Z',
    ended: '2025-10-04T15:40:00Z',
    startTime: '2025-10-05 01:50:00',
    endTime: '2025-10-05 02:40:00',
  },
  'across the autumn change on a host that keeps UTC': {
    host: 'UTC',
    enterprise: 'Europe/Kyiv',
    begun: '2025-10-26T00:50:00Z',
    ended: '2025-10-26T01:10:00Z',
    startTime: '2025-10-26 00:50:00',
    endTime: '2025-10-26 01:10:00',
  },
  'across the autumn change on a host abroad': {
    host: 'Europe/Kyiv',
    enterprise: 'Asia/Almaty',
    begun: '2025-10-26T00:50:00Z',
    ended: '2025-10-26T01:10:00Z',
    startTime: '2025-10-26 03:50:00',
    endTime: '2025-10-26 03:10:00',
  },
  'across the spring change on a host abroad': {
    host: 'Europe/Kyiv',
    enterprise: 'Asia/Almaty',
    begun: '2025-03-30T00:55:00Z',
    ended: '2025-03-30T01:05:00Z',
    startTime: '2025-03-30 02:55:00',
    endTime: '2025-03-30 04:05:00',
  },
};

function hangup({ startTime, endTime }: Told, uid: string, arrivedAt: number): Fact {
  const fleet = fleetEvent({
    event: 'hangup',
    uid,
    phone: '375290000001',
    extensions: ['150'],
    callType: 0,
    callStatus: '2',
    trunk: '0001363',
    dateReceived: startTime,
    startTime,
    endTime,
  });
  return { kind: 'fleet', source: 'webhook', enterprise: '0367', at: arrivedAt, arrivedAt, stamped: false, fleet };
}

describe('a call of which only the hang-up was posted', () => {
  it.each(Object.entries(CALLS))('%s', (_name, told) => {
    const [begun, ended] = [Date.parse(told.begun), Date.parse(told.ended)];
    expect(momentsOf(Date.parse(`${told.startTime.replace(' ', 'T')}Z`), told.host)).toContain(begun);
    expect(momentsOf(Date.parse(`${told.endTime.replace(' ', 'T')}Z`), told.host)).toContain(ended);
    const run = new Run({ enterprises: [{ ...PROFILE, timezone: told.enterprise ?? told.host }] });
    const made = begun - (told.afterMs ?? 0);
    const uid = `${made / 1_000}.7`;
    const arrivedAt = ended - (told.skewMs ?? 0) + (told.lagMs ?? 4_000);
    run.feed([hangup(told, uid, arrivedAt)]).passTime(arrivedAt + 60_000);
    expect(run.records).toMatchObject([{ result: 'answered', startedAt: made, endedAt: ended }]);
  });
});

describe('a call whose end fell into a gap', () => {
  it('across the autumn change ends when its hang-up says', () => {
    const told = CALLS['across the autumn change'] as Told;
    const [begun, ended] = [Date.parse(told.begun), Date.parse(told.ended)];
    const run = new Run({ enterprises: [{ ...PROFILE, timezone: 'Europe/Kyiv' }] });
    const uids = ['0', '1'].map((n) => `${begun / 1_000}.${n}`);
    const moved = (fact: Fact): Fact => {
      const text = JSON.stringify(fact).replace(/1795386276\.([01])/g, (_all, n: string) => uids[Number(n)] ?? '');
      return JSON.parse(text) as Fact;
    };
    const at = (fact: Fact, when: number): Fact => ({ ...moved(fact), at: when, arrivedAt: when });
    run.feed(answered(0, 0).map((fact, i) => at(fact, begun + i * 10)));
    run.feed([at(system(0, { kind: 'link.lost' }), begun + 60_000)]);
    run.feed([at(system(0, { kind: 'link.up', lostAt: null, restarted: false }), ended + 2_000)]);
    run.feed([hangup(told, uids[0] ?? '', ended + 3_000)]);
    run.feed([at(system(0, { kind: 'snapshot', channels: [] }), ended + 4_000)]);
    expect(run.records).toMatchObject([{ result: 'answered', endedAt: ended, approximate: true }]);
  });
});
