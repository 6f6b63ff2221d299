import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHead, waveHeader } from '../../src/recordings/header.js';
import { describeWith } from '../pbx/available.js';
import { isSmallDiskLeftOut } from '../support/small-disk.js';
import { until } from '../support/until.js';
import { FORMAT, openGround, record, wave, type Ground } from './ground.js';

describe.concurrent('a recording', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround();
  });
  afterAll(() => ground[Symbol.asyncDispose]());
  const toldOf = (id: string) => ground.told.filter(({ call }) => call.id === id);
  const listen = async (link: string) => Buffer.from(await (await fetch(link)).arrayBuffer());

  test('that is there at once is told once, with the address given at the end of the call', async () => {
    const { call, link } = await ground.ended();
    expect((await fetch(link)).headers.get('retry-after')).toBe('10');
    await record(ground, `${call.uid}.wav`, wave(2));
    const row = await ground.state(call.id, 'ready');
    expect(row).toMatchObject({ bytes: 44 + 32_000, parts: 1, damaged: false });
    await until('it to be told', () => toldOf(call.id).length === 1);
    expect(toldOf(call.id)[0]).toMatchObject({ kind: 'recording.ready', file: link, call: { recordingFile: link } });
    expect((await listen(link)).equals(wave(2))).toBe(true);
  });

  test('that comes late is absent until then, and heard all the same', async () => {
    const { call, link } = await ground.ended();
    await ground.state(call.id, 'absent');
    expect((await fetch(link)).status).toBe(404);
    await record(ground, `${call.uid}.wav`, wave(3));
    await ground.state(call.id, 'ready');
    expect(await listen(link)).toHaveLength(44 + 48_000);
    expect(toldOf(call.id)).toHaveLength(1);
  });

  test('that is still being written is waited for', async () => {
    const { call } = await ground.ended();
    const path = join(ground.monitor, `${call.uid}.wav`);
    await writeFile(path, Buffer.concat([waveHeader(FORMAT, 0), Buffer.alloc(4_000)]));
    for (let n = 0; n < 8; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await appendFile(path, Buffer.alloc(4_000));
    }
    expect((await ground.state(call.id, 'expected', 'ready')).state).toBe('expected');
    await writeFile(path, wave(36_000 / 16_000));
    const row = await ground.state(call.id, 'ready');
    expect(row).toMatchObject({ bytes: 36_044, damaged: false });
  });

  test('that is truncated is taken as far as it goes, after a while, with a header that fits', async () => {
    const { call, link } = await ground.ended();
    await record(ground, `${call.uid}.wav`, wave(2, 60));
    const row = await ground.state(call.id, 'ready');
    expect(row).toMatchObject({ damaged: true, bytes: 44 + 32_000 });
    const head = readHead(await listen(link), '.wav');
    expect(head).toMatchObject({ kind: 'wave', dataBytes: 32_000 });
  });

  test('that vanishes before it is whole is absent', async () => {
    const { call } = await ground.ended();
    await record(ground, `${call.uid}.wav`, wave(1, 9));
    await until('it to be seen', async () => (await ground.state(call.id, 'expected')).looks > 1);
    await rm(join(ground.monitor, `${call.uid}.wav`));
    await ground.state(call.id, 'absent');
    expect(toldOf(call.id)).toEqual([]);
  });

  test.each([
    ['a header', Buffer.from(wave(0))],
    ['a breath of silence', wave(0.06)],
  ])('that is %s is none', async (_what, bytes) => {
    const { call } = await ground.ended();
    await record(ground, `${call.uid}.wav`, bytes);
    await ground.state(call.id, 'absent');
    expect(toldOf(call.id)).toEqual([]);
  });

  test('of several channels is joined where they follow each other, and is one of them where they do not', async () => {
    const { call, link } = await ground.ended({ uid: '1700000000.1' }, ['1700000000.2', '1700000000.3']);
    await record(ground, '1700000000.1.wav', wave(2, 2, 1));
    // A second recording of the first channel's time; then what was said after it.
    await record(ground, '1700000000.2.wav', wave(1.8, 1.8, 2));
    await record(ground, '1700000000.3.wav', wave(5, 5, 3));
    const now = Math.floor(Date.now() / 1_000);
    for (const [name, at] of [
      ['1', now - 60],
      ['2', now - 60],
      ['3', now - 40],
    ] as const)
      execFileSync('touch', ['-d', `@${at}`, join(ground.monitor, `1700000000.${name}.wav`)]);
    expect(await ground.state(call.id, 'ready')).toMatchObject({ parts: 2 });
    const heard = await listen(link);
    expect(
      heard.equals(Buffer.concat([waveHeader(FORMAT, 7 * 16_000), Buffer.alloc(32_000, 1), Buffer.alloc(80_000, 3)])),
    ).toBe(true);
  });

  test('is found by the name the PBX said, and nowhere outside of its root', async () => {
    await mkdir(join(ground.monitor, '2026', '11'), { recursive: true });
    await writeFile(join(ground.monitor, '2026', '11', 'in-151.wav'), wave(1));
    await writeFile(join(ground.monitor, '..', 'secret.wav'), wave(1));
    await symlink(join(ground.monitor, '..', 'secret.wav'), join(ground.monitor, 'link.wav'));
    const named = await ground.ended({ recordingFile: join(ground.monitor, '2026/11/in-151.wav') });
    const strays = await Promise.all(
      [
        '../secret.wav',
        join(ground.monitor, '..', 'secret.wav'),
        'link.wav',
        '/etc/passwd',
        'http://127.0.0.1/x.wav',
        'a\0b',
      ].map((recordingFile) => ground.ended({ recordingFile: recordingFile.replace('\0', '%00') })),
    );
    await ground.state(named.call.id, 'ready');
    for (const { call } of strays) await ground.state(call.id, 'absent');
  });

  test('of a call nobody answered is not looked for', async () => {
    const { call, link } = await ground.ended({ result: 'missed' });
    expect(link).toBe('');
    const { rows } = await ground.db.pool.query('SELECT 1 FROM recordings WHERE call_id = $1', [call.id]);
    expect(rows).toEqual([]);
  });
});

describe('while a long history is fetched', () => {
  test('the recording of a call that has just ended is fetched first', async () => {
    await using ground = await openGround({ config: { parallel: 2 } });
    const history = await Promise.all(Array.from({ length: 24 }, () => ground.ended({ recovered: true })));
    await Promise.all(history.map(({ call }) => record(ground, `${call.uid}.wav`, wave(1))));
    const { call } = await ground.ended();
    await record(ground, `${call.uid}.wav`, wave(1));
    await ground.state(call.id, 'ready');
    await until('all of it', () => ground.told.length === 25);
    const order = ground.told.map((event) => event.call.id);
    expect(order.indexOf(call.id)).toBeLessThan(12);
  });
});

describe('two daemons on one database', () => {
  test('fetch and tell each recording once', async () => {
    await using one = await openGround();
    await using other = await openGround({ db: one.db, monitor: one.monitor });
    const ended = await Promise.all(Array.from({ length: 20 }, () => one.ended()));
    await Promise.all(ended.map(({ call }) => record(one, `${call.uid}.wav`, wave(1))));
    for (const { call } of ended) await one.state(call.id, 'ready');
    const told = [...one.told, ...other.told].map(({ call }) => call.id);
    await until('all to be told', () => [...one.told, ...other.told].length >= 20);
    expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
  });

  test('take over what one of them died with', async () => {
    await using ground = await openGround();
    const { call } = await ground.ended({ uid: '1700000000.77' });
    await ground.db.pool.query(
      `UPDATE recordings SET looks = looks + 5, due_at = now() + interval '300 milliseconds' WHERE call_id = $1`,
      [call.id],
    );
    await record(ground, '1700000000.77.wav', wave(1));
    await ground.state(call.id, 'ready');
    await until('it to be told', () => ground.told.length === 1);
  });
});

describeWith(['ffmpeg'], 'where mp3 is set', () => {
  test('a recording is kept as one, and its address says so', async () => {
    await using ground = await openGround({ recordings: { format: 'mp3' } });
    const { call, link } = await ground.ended();
    await record(ground, `${call.uid}.wav`, wave(3));
    const row = await ground.state(call.id, 'ready');
    expect(row.stored_as).toMatch(/\.mp3$/);
    expect(link).toMatch(/\.mp3$/);
    const answer = await fetch(link);
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.length).toBeLessThan(wave(3).length);
    expect(readHead(bytes, '.mp3').kind).toBe('mp3');
  });
});

describe('a disk that is full', () => {
  test.skipIf(isSmallDiskLeftOut())('loses nothing: it says so, and goes on when there is room', async () => {
    const dataDir = join(tmpdir(), `recordings-full-${process.pid}`);
    execFileSync('mkdir', ['-p', dataDir]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', dataDir]);
    try {
      await using ground = await openGround({ dataDir });
      const { call, link } = await ground.ended();
      await record(ground, `${call.uid}.wav`, wave(20));
      await until('it to be told', () => ground.joint.trouble());
      await until('the reason', async () => /ENOSPC/.test((await ground.state(call.id, 'expected')).last_error ?? ''));
      expect((await fetch(link)).status).toBe(404);
      expect(await readdir(join(dataDir, 'recordings-work'))).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=2m', dataDir]);
      const row = await ground.state(call.id, 'ready');
      expect(ground.joint.trouble()).toBeNull();
      expect((await readFile(join(dataDir, 'recordings', String(row.stored_as)))).equals(wave(20))).toBe(true);
    } finally {
      execFileSync('umount', ['-l', dataDir]);
      execFileSync('rm', ['-rf', dataDir]);
    }
  });
});
