import { expect, it } from 'vitest';
import { insertCdrs, readUnsettled, settleCdrs } from '../../src/recovery/cdr-store.js';
import type { CdrRecord } from '../../src/recovery/cdr-record.js';
import { withDb } from '../support/db.js';

const PBX = 'unit:5038';
const T = 1_800_000_000_000;
const seconds = (n: number) => T + n * 1_000;

function record(uid: string, phone: string, start: number, end: number, linkedid = ''): CdrRecord {
  return {
    ...{ uid, linkedid, channel: `PJSIP/trunk-${uid}`, dstChannel: `PJSIP/${phone}-${uid}` },
    ...{ src: '375290000001', dst: '0001363', context: 'from-trunk', clid: '', app: 'Dial', appData: '' },
    ...{ start: seconds(start), answer: null, end: seconds(end), disposition: 'NO ANSWER' },
  } as unknown as CdrRecord;
}

/** Two phones of a group did not answer, the third talked for long. */
const group = (uid: string, linkedid = '') => [
  record(uid, '150', 0, 2, linkedid),
  record(uid, '151', 0, 2, linkedid),
  record(uid, '152', 0, 22, linkedid),
];

it('what a call has so far waits while a record of it is too young', () =>
  withDb(async ({ pool }) => {
    await insertCdrs(pool, PBX, [...group('1800000000.1'), record('1800000000.9', '150', 1, 3)]);
    const uids = async (until: number) =>
      (await readUnsettled(pool, PBX, seconds(until), 100)).map((row) => row.record.uid);
    // Others of the time come along, to be laid beside it; it is the other call that is next.
    expect(new Set(await uids(10))).toContain('1800000000.9');
    const young = await readUnsettled(pool, PBX, seconds(10), 100);
    await settleCdrs(
      pool,
      young.filter(({ record: { uid } }) => uid === '1800000000.9').map(({ id }) => id),
      null,
    );
    expect(await uids(10)).toEqual([]);
    expect(await uids(30)).toEqual(expect.arrayContaining(['1800000000.1', '1800000000.1', '1800000000.1']));
  }));

it.each(['', '1800000000.1'])('of a long backlog no call is cut by where a batch ends (linked id %j)', (linkedid) =>
  withDb(async ({ pool }) => {
    await insertCdrs(pool, PBX, group('1800000000.1', linkedid));
    const rows = await readUnsettled(pool, PBX, seconds(60), 2);
    expect(rows).toHaveLength(3);
  }),
);
