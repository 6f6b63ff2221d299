import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { wantedOf } from '../../src/recordings/range.js';
import { findOldLink } from '../../src/recordings/recordings-store.js';
import { withDb } from '../support/db.js';
import { until } from '../support/until.js';
import { openGround, record, wave, type Ground } from './ground.js';

describe('the address of a recording', () => {
  let ground: Ground;
  let link: string;
  let id: string;
  beforeAll(async () => {
    ground = await openGround({ recordings: { linkDays: 30, keepDays: 60 } });
    const { call, link: given } = await ground.ended({ startedAt: Date.parse('2026-11-28T07:05:17Z') });
    await record(ground, `${call.uid}.wav`, wave(1));
    await ground.state(call.id, 'ready');
    [link, id] = [given, call.id];
  });
  afterAll(() => ground[Symbol.asyncDispose]());
  const get = (headers: Record<string, string> = {}, url = link) => fetch(url, { headers });

  test('is answered whole and in part, with a name a person finds again', async () => {
    const whole = await get();
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-type')]).toEqual([
      200,
      '16044',
      'audio/wav',
    ]);
    expect(whole.headers.get('content-disposition')).toBe('inline; filename="2026-11-28_10-05-17_375290000001.wav"');
    await whole.arrayBuffer();
    const part = await get({ range: 'bytes=44-143' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 44-143/16044']);
    expect(Buffer.from(await part.arrayBuffer()).equals(Buffer.alloc(100, 7))).toBe(true);
    const tail = await get({ range: 'bytes=-10' });
    expect([tail.status, (await tail.arrayBuffer()).byteLength]).toEqual([206, 10]);
    const beyond = await get({ range: 'bytes=16044-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */16044']);
    const stale = await get({ range: 'bytes=0-9', 'if-range': '"another"' });
    expect([stale.status, (await stale.arrayBuffer()).byteLength]).toEqual([200, 16_044]);
    const head = await fetch(link, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
      200,
      '16044',
      'bytes',
    ]);
    for (const url of [link.replace('.wav', ''), link.replace('.wav', '.mp3')])
      expect((await get({}, url)).status).toBe(200);
    expect((await get({}, `${link}?download=1`)).headers.get('content-disposition')).toMatch(/^attachment/);
  });

  test.each([
    ['TelegramBot (like TwitterBot)', 403],
    ['WhatsApp/2.23.20.0', 403],
    ['Viber/13.3', 403],
    ['facebookexternalhit/1.1', 403],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36', 200],
    ['Bitrix24', 200],
    ['VLC/3.0.20 LibVLC/3.0.20', 200],
  ])('answers %s with %i', async (agent, status) => {
    expect((await get({ 'user-agent': agent })).status).toBe(status);
  });

  test('is given to Telegram where it is to send the audio', async () => {
    expect((await get({ 'user-agent': 'TelegramBot (like TwitterBot)' }, `${link}?fetch=1`)).status).toBe(200);
  });

  test('is what the page of the call plays', async () => {
    const { state, path } = (await ground.joint.recordingOf(id)) ?? {};
    expect(state).toBe('ready');
    const part = await get({ range: 'bytes=0-99' }, `${ground.url}/${path}`);
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 0-99/16044']);
  });

  test('is told to nobody who guesses, and stands in no log', async () => {
    const strangers = ['x', '../../etc/passwd', '%2e%2e%2fpasswd', 'A'.repeat(32), link.slice(-36, -5)];
    for (const name of strangers) expect((await get({}, `${ground.url}/recordings/file/${name}`)).status).toBe(404);
    await until('the listening to be logged', () => ground.log.some((line) => line.includes('recording served')));
    const token = /file\/([\w-]+)/.exec(link)?.[1] ?? '';
    expect(token).toHaveLength(32);
    expect(ground.log.filter((line) => line.includes(token))).toEqual([]);
  });

  test('ends with its days, and the recording with its own', async () => {
    await ground.db.pool.query(`UPDATE recordings SET ended_at = now() - interval '31 days' WHERE call_id = $1`, [id]);
    expect((await get()).status).toBe(410);
    // Whoever is logged in hears on his page what is kept, and nobody else's.
    expect((await get({ cookie: 'of=0368' })).status).toBe(410);
    expect((await get({ cookie: 'of=0367', range: 'bytes=0-9' })).status).toBe(206);
    expect(await ground.joint.recordingOf(id)).toMatchObject({ state: 'ready' });
    const kept = (await ground.state(id, 'ready')).stored_as ?? '';
    await using later = await openGround({ db: ground.db, dataDir: ground.dataDir, monitor: ground.monitor });
    expect(await later.state(id, 'ready')).toMatchObject({ stored_as: kept });
    await ground.db.pool.query(`UPDATE recordings SET keep_until = now() WHERE call_id = $1`, [id]);
    await using last = await openGround({ db: ground.db, dataDir: ground.dataDir, monitor: ground.monitor });
    await last.state(id, 'removed');
    await expect(readFile(join(ground.dataDir, 'recordings', kept))).rejects.toThrow('ENOENT');
  });
});

test('an address the old system gave out goes on working, and is looked for when it is opened', async () => {
  await withDb(
    async ({ url, pool: outside }) => {
      await outside.query(await readFile(new URL('../db/fleet/fleet-schema-a.sql', import.meta.url), 'utf8'));
      await migrate(url);
      const pool = createPool(url, { max: 5 });
      try {
        const token = '0b8f6f0e-2f3c-4a52-9d0e-3f1f5a2b7c11';
        await pool.query(
          `UPDATE public.calls SET uuid_token = $1, enterprise_id = '0367', unique_id = '1700000000.42'
            WHERE unique_id = (SELECT min(unique_id) FROM public.calls)`,
          [token],
        );
        await using ground = await openGround({ db: { pool, url, name: '', drop: async () => undefined } });
        await writeFile(join(ground.monitor, '1700000000.42.wav'), wave(2));
        const link = `${ground.url}/recordings/file/${token}`;
        const first = await fetch(link);
        expect([first.status, first.headers.get('retry-after')]).toEqual([404, '10']);
        const heard = await until('it to be fetched', async () => {
          const answer = await fetch(link);
          const bytes = Buffer.from(await answer.arrayBuffer());
          return answer.status === 200 && bytes;
        });
        expect(heard.equals(wave(2))).toBe(true);
        await rm(join(ground.monitor, '1700000000.42.wav'));
        expect((await fetch(link)).status).toBe(200);

        // Its table is asked of nothing but what that system gave out: whoever has it locked keeps no stranger waiting.
        const other = await pool.connect();
        try {
          await other.query('BEGIN; LOCK TABLE public.calls IN ACCESS EXCLUSIVE MODE');
          const guesses = ['A'.repeat(32), '1762336800-6-recording', token.replaceAll('-', '_'), `${token}-1`];
          for (const guess of guesses) {
            const signal = AbortSignal.timeout(3_000);
            expect((await fetch(`${ground.url}/recordings/file/${guess}.wav`, { signal })).status).toBe(404);
          }
        } finally {
          other.release(true);
        }
        // Nor is it looked through for each of many that only it could know.
        const unknown = Array.from({ length: 30 }, () => fetch(`${ground.url}/recordings/file/${randomUUID()}`));
        const statuses = (await Promise.all(unknown)).map(({ status }) => status);
        expect(new Set(statuses)).toEqual(new Set([404, 429]));
        expect((await fetch(link)).status).toBe(200);

        await pool.query('ALTER TABLE public.calls ALTER COLUMN uuid_token TYPE uuid USING uuid_token::uuid');
        expect(await findOldLink(pool, token)).toMatchObject({ enterprise: '0367', uid: '1700000000.42' });
      } finally {
        await pool.end();
      }
    },
    { empty: true },
  );
});

test.each([
  ['bytes=0-', 'part'],
  ['bytes=0-0', 'part'],
  ['bytes=5-3', 'whole'],
  ['bytes=0-1,5-6', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=100-', 'unsatisfiable'],
  ['items=0-1', 'whole'],
  [undefined, 'whole'],
])('a range of %s out of 100 bytes is %s', (header, kind) => {
  expect(wantedOf(header, 100).kind).toBe(kind);
});
