import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FILE_BEGIN, localFiles, readCsv } from '../../src/recovery/cdr-file.js';
import type { CsvPlace } from '../../src/recovery/cdr-file.js';
import { readCdrLine } from '../../src/recovery/cdr-record.js';
import type { CdrRecord } from '../../src/recovery/cdr-record.js';
import { callsOf } from '../../src/recovery/cdr-calls.js';

/** 2027-01-15 08:00:00 UTC. */
const BORN = 1_800_000_000;

function line(over: Partial<Record<'uid' | 'start' | 'end' | 'clid' | 'channel' | 'dst', string>> = {}): string {
  const { uid = `${BORN}.7`, start = '2027-01-15 08:00:00', end = '2027-01-15 08:00:30', clid = 'T' } = over;
  const { channel = 'PJSIP/trunk-00000001', dst = 'PJSIP/151-00000002' } = over;
  const text = [clid, channel, dst, 'Dial', 'PJSIP/151,20'].map((value) => `"${value.replaceAll('"', '""')}"`);
  const stamps = [start, end, end].map((value) => `"${value}"`);
  return `"","375290000001","0001363","from-trunk",${text.join(',')},${stamps.join(',')},30,25,"ANSWERED","DOCUMENTATION","${uid}",""`;
}

const read = (text: string, zone = 'auto') => readCdrLine(text, zone, 'Europe/Minsk');
const records = (...texts: string[]) =>
  texts.map((text) => read(text)).filter((one): one is CdrRecord => typeof one !== 'string');

describe('a record of Master.csv', () => {
  it('is read whatever its texts hold', () => {
    expect(read(line({ clid: '"Анна, ""A"" |\'" <375290000001>' }))).toMatchObject({
      clid: '"Анна, ""A"" |\'" <375290000001>',
      uid: `${BORN}.7`,
      start: BORN * 1_000,
      end: (BORN + 30) * 1_000,
    });
  });

  it('is in UTC or in the time of its place, as its unique id shows, unless a zone is set', () => {
    const local = line({ start: '2027-01-15 11:00:00', end: '2027-01-15 11:00:30' });
    expect(read(local)).toMatchObject({ start: BORN * 1_000 });
    expect(read(local, 'UTC')).toMatchObject({ start: (BORN + 3 * 3_600) * 1_000 });
    // A second record of a channel begins later, not three hours off.
    expect(read(line({ start: '2027-01-15 08:20:00', end: '2027-01-15 08:25:00' }))).toMatchObject({
      start: (BORN + 1_200) * 1_000,
    });
  });

  it('without a unique id, or broken, says why it cannot be used', () => {
    expect(read(line({ uid: '' }))).toMatch(/loguniqueid/);
    expect(read('half a li')).toBe('too few fields');
    expect(read(line({ start: 'noon', end: 'noon' }))).toBe('no times');
  });

  it('is one call with others that have a channel in common at that time', () => {
    const [first = '', moved = '', later = ''] = [
      line(),
      line({
        uid: `${BORN}.9`,
        channel: 'PJSIP/151-00000002',
        dst: 'PJSIP/152-00000003',
        start: '2027-01-15 08:00:29',
      }),
      line({ uid: `${BORN + 7_200}.1`, start: '2027-01-15 10:00:00', end: '2027-01-15 10:00:05' }),
    ];
    const groups = callsOf(records(first, moved, later)).map((call) => call.records.map(({ uid }) => uid));
    expect(groups).toEqual([[`${BORN}.7`, `${BORN}.9`], [`${BORN + 7_200}.1`]]);
  });
});

describe('the file', () => {
  it('is read on from where it was read to, whole lines only, also when it was put aside meanwhile', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cdr-'));
    const file = join(folder, 'Master.csv');
    let place: CsvPlace = FILE_BEGIN;
    const more = async () => {
      const lines: string[] = [];
      for await (const piece of readCsv(localFiles, file, place)) {
        lines.push(...piece.lines);
        place = piece.place;
      }
      return lines;
    };
    try {
      await expect(more()).rejects.toThrow('there is no');
      await writeFile(file, 'one\ntwo\nthr');
      expect(await more()).toEqual(['one', 'two']);
      await appendFile(file, 'ee\n');
      expect(await more()).toEqual(['three']);
      expect(await more()).toEqual([]);
      await appendFile(file, 'four\n');
      await rename(file, `${file}.1`);
      await writeFile(file, 'five\nand a line that makes it longer than the other was\n');
      expect(await more()).toEqual(['four', 'five', 'and a line that makes it longer than the other was']);
      expect(await more()).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
