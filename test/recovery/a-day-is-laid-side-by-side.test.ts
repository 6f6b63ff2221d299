import { describe, expect, it } from 'vitest';
import type { CdrRecord } from '../../src/recovery/cdr-record.js';
import { compare } from '../../src/recovery/reconcile.js';
import type { CallSide, PbxSide, Sides } from '../../src/recovery/reconcile.js';
import { boundsOf } from '../../src/recovery/reconcile-day.js';

const T = 1_800_000_000_000;

function record(uid: string, at: number): CdrRecord {
  return {
    uid,
    linkedid: '',
    ...{ src: '375290000001', dst: '0001363', context: 'from-trunk', clid: '', lastApp: 'Dial' },
    ...{ channel: `PJSIP/trunk-${uid}`, dstChannel: `PJSIP/151-${uid}`, disposition: 'ANSWERED' },
    ...{ start: at, answer: at + 5_000, end: at + 30_000, billSeconds: 25 },
  };
}

const pbx = (uid: string, over: Partial<PbxSide> = {}): PbxSide => ({
  records: [record(uid, T)],
  readAs: 'ours',
  fresh: false,
  ...over,
});

const ours = (uid: string, over: Partial<CallSide> = {}): CallSide => ({
  ...{
    id: uid,
    enterprise: '0367',
    externalId: `0367-${uid}`,
    uid,
    direction: 'in',
    startedAt: T,
    endedAt: T + 30_000,
  },
  ...{ live: false, recovered: false, told: true, uids: [uid] },
  ...over,
});

const sidesOf = (over: Partial<Sides>): Sides => ({
  ...{ enterprise: '0367', day: '2027-01-15', readAt: T + 60_000, gaps: [], types: ['retailcrm'] },
  ...{ pbx: [], calls: [], owing: [] },
  ...over,
});

const owed = (callId: string, state: string, why: string | null = null) => ({ callId, type: 'retailcrm', state, why });

describe('a day laid side by side', () => {
  it('is equal when every call of the PBX is held here and in the CRM, or owed to it by no rule', () => {
    const told = compare(
      sidesOf({
        pbx: [pbx('1.1'), pbx('1.2'), pbx('1.9', { readAs: 'nobodys' })],
        calls: [
          ours('1.1', { recovered: true }),
          ours('1.2', { direction: 'internal' }),
          ours('5.5', { enterprise: '0368' }),
        ],
        owing: [owed('1.1', 'done'), owed('1.2', 'not owed', 'an internal call')],
      }),
    );
    expect(told).toMatchObject({ pbxCalls: 2, ourCalls: 2, recovered: 1, differences: [] });
    expect(told.crms).toEqual([
      { type: 'retailcrm', acknowledged: 1, notOwed: { 'an internal call': 1 }, waiting: 0, missing: 0 },
    ]);
  });

  it('names each call that one side has and another lacks, with the reason', () => {
    const told = compare(
      sidesOf({
        pbx: [
          pbx('1.1'),
          pbx('2.1', { records: [record('2.1', T + 100_000)] }),
          pbx('2.2', { records: [record('2.2', T + 200_000)], fresh: true }),
          pbx('2.3', { records: [record('2.3', T + 300_000)] }),
          pbx('2.4', { records: [record('2.4', T + 500_000)], readAs: 'unreadable' }),
        ],
        gaps: [{ from: T + 290_000, to: T + 400_000 }],
        calls: [ours('1.1'), ours('3.1'), ours('3.2', { startedAt: T + 120_000 })],
        owing: [owed('1.1', 'dead', 'HTTP 400'), owed('3.1', 'pending', 'HTTP 503')],
      }),
    );
    expect([told.pbxCalls, told.ourCalls]).toEqual([5, 3]);
    const said = told.differences.map(({ what, call, why }) => `${call}: ${what}: ${why}`);
    expect(said).toEqual([
      '0367-3.1: not in the PBX: Asterisk wrote no record of it (cdr.conf: unanswered, or its channels)',
      '0367-1.1: not in the CRM: HTTP 400',
      '0367-3.1: on its way: HTTP 503',
      '2.1: not here: nothing told of it; `trunkline recover` looks again',
      '0367-3.2: not in the PBX: its record was not read yet',
      '0367-3.2: not in the CRM: it was never owed: the integration was set up later, or what was sent is forgotten by age',
      '2.2: not here: its records were not looked at yet',
      '2.3: not here: it fell into a gap that is not recovered yet',
      '2.4: not here: its records make no call; the log of recovery says why',
    ]);
  });

  it('has 23, 24 or 25 hours', () => {
    const hours = (day: string, zone: string) => {
      const { from, to } = boundsOf(day, zone);
      return (to - from) / 3_600_000;
    };
    expect(hours('2026-03-29', 'Europe/Warsaw')).toBe(23);
    expect(hours('2026-10-25', 'Europe/Warsaw')).toBe(25);
    expect(hours('2026-11-20', 'Europe/Minsk')).toBe(24);
  });
});
