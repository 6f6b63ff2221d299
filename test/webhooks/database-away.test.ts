import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCutProxy, throughProxy } from '../support/cut-proxy.js';
import type { CutProxy } from '../support/cut-proxy.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { isSmallDiskLeftOut } from '../support/small-disk.js';
import { until } from '../support/until.js';
import { inbox, openStand } from './stand.js';
import type { Stand, StandOptions } from './stand.js';

const ENTERPRISES = ['0001', '0002', '0003', '0004'];
const SENDERS = Object.fromEntries(
  ENTERPRISES.map((number) => [`token-${number}`, { number, pbxKey: `pbx-${number}:5038` }]),
);

let db: TestDb;
let line: CutProxy;
let stands: Stand[];

beforeEach(async () => {
  db = await createTestDb();
  const { hostname, port } = new URL(db.url);
  line = await createCutProxy({ host: hostname, port: Number(port) });
  stands = [];
});

afterEach(async () => {
  line.heal();
  for (const stand of stands) await stand.stop();
  await line.close();
  await db.drop();
});

async function open(options: Partial<StandOptions> = {}): Promise<Stand> {
  const stand = await openStand({ url: throughProxy(db.url, line), senders: SENDERS, ...options });
  stands.push(stand);
  return stand;
}

/** Hosts that post one after another, as the fleet does, until told to stop. Returns what each was answered, by number. */
function load(stand: Stand): { stop(): Promise<Record<string, number[]>>; sent(): number } {
  let running = true;
  let sent = 0;
  const hosts = ENTERPRISES.map(async (enterprise) => {
    const statuses: number[] = [];
    while (running) {
      const body = { Token: `token-${enterprise}`, UniqueId: `1700000000.${statuses.length}`, n: statuses.length };
      sent += 1;
      statuses.push((await stand.post('/start', body)).status);
    }
    return [enterprise, statuses] as const;
  });
  return {
    sent: () => sent,
    async stop() {
      running = false;
      return Object.fromEntries(await Promise.all(hosts));
    },
  };
}

/** Every acknowledged post is in the inbox once and in the order its host sent it. */
async function expectAllOnceInOrder(answered: Record<string, number[]>): Promise<void> {
  const rows = await inbox(db.pool);
  for (const enterprise of ENTERPRISES) {
    const expected = (answered[enterprise] ?? []).flatMap((status, n) => (status === 200 ? [n] : []));
    const found = rows.filter((row) => row.enterprise_number === enterprise).map((row) => row.raw_data['n']);
    expect(found, enterprise).toEqual(expected);
  }
}

describe('while the database is away', () => {
  test.each(['cut', 'hang', 'deafen'] as const)(
    '(%s) no post is refused, and afterwards each is there once, in order',
    async (how) => {
      const stand = await open({ commitMs: 300 });
      const hosts = load(stand);
      await until('posts are stored directly', () => hosts.sent() > 60);
      for (let round = 0; round < 3; round += 1) {
        line[how]();
        await until('the journal is used', () => stand.intake.state() === 'journal' && stand.journal.pending() > 0);
        const before = hosts.sent();
        await until('posts go on', () => hosts.sent() > before + 40);
        line.heal();
        await until('the journal is empty', () => stand.intake.state() === 'direct');
        const after = hosts.sent();
        await until('posts are stored directly again', () => hosts.sent() > after + 40);
      }
      const answered = await hosts.stop();
      await until('the journal is empty', () => stand.journal.pending() === 0);
      expect(new Set(Object.values(answered).flat())).toEqual(new Set([200]));
      await expectAllOnceInOrder(answered);
      expect((await inbox(db.pool)).some((row) => row.origin?.startsWith(stand.journal.id))).toBe(true);
      expect(stand.lost).toEqual([]);
    },
  );

  test('a commit whose answer is lost stores nothing twice, though the owner has folded its rows already', async () => {
    const stand = await open({ commitMs: 300 });
    await stand.post('/start', { Token: 'token-0001', UniqueId: '1.0' });
    line.deafen();
    expect(await stand.post('/start', { Token: 'token-0001', UniqueId: '1.1' })).toMatchObject({ status: 200 });
    await until('the deaf commit happened', async () => (await inbox(db.pool)).length === 2);
    await db.pool.query('DELETE FROM webhook_inbox');
    line.heal();
    await until('the journal is empty', () => stand.intake.state() === 'direct');
    expect(await inbox(db.pool)).toEqual([]);
    await stand.post('/start', { Token: 'token-0001', UniqueId: '1.2' });
    expect((await inbox(db.pool)).map((row) => row.unique_id)).toEqual(['1.2']);
    expect(stand.stored.length).toBe(3);
  });

  test('a commit that arrives long after it was given up stores nothing', async () => {
    const stand = await open({ commitMs: 200 });
    await stand.post('/start', { Token: 'token-0001', UniqueId: '1.0' });
    line.hang();
    for (const uid of ['1.1', '1.2']) {
      expect(await stand.post('/start', { Token: 'token-0001', UniqueId: uid })).toMatchObject({ status: 200 });
    }
    line.healNew();
    await until('the journal is empty', () => stand.intake.state() === 'direct');
    await stand.post('/start', { Token: 'token-0001', UniqueId: '1.3' });
    const held = line.connections();
    line.heal();
    await until('what was held has arrived', () => line.connections() < held);
    expect((await inbox(db.pool)).map((row) => row.unique_id)).toEqual(['1.0', '1.1', '1.2', '1.3']);
  });

  test('posts kept in the journal by a run that ended come first in the next one', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'journal-'));
    try {
      const first = await open({ journal: { dir } });
      line.cut();
      for (const n of [1, 2, 3]) await first.post('/start', { Token: 'token-0001', UniqueId: `1.${n}` });
      await first.stop();
      const second = await open({ journal: { dir } });
      stands = [second];
      expect(second.intake.state()).toBe('journal');
      await second.post('/start', { Token: 'token-0001', UniqueId: '1.4' });
      line.heal();
      await until('the journal is empty', () => second.intake.state() === 'direct');
      await second.post('/start', { Token: 'token-0001', UniqueId: '1.5' });
      expect((await inbox(db.pool)).map((row) => row.unique_id)).toEqual(['1.1', '1.2', '1.3', '1.4', '1.5']);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  test('a journal that is full too answers 503, tells of the loss, and is over when the database is back', async () => {
    const stand = await open({ journal: { maxBytes: 2_000 } });
    line.cut();
    const statuses: number[] = [];
    for (let n = 0; n < 20; n += 1) {
      statuses.push((await stand.post('/start', { Token: 'token-0001', UniqueId: `1.${n}`, n })).status);
    }
    const kept = statuses.indexOf(503);
    expect(kept).toBeGreaterThan(2);
    expect(statuses).toEqual([...Array<number>(kept).fill(200), ...Array<number>(20 - kept).fill(503)]);
    expect(stand.lost).toHaveLength(20 - kept);
    expect(stand.lost[0]).toMatchObject({ enterprise: '0001', pbx: 'pbx-0001:5038' });
    expect(stand.journal.trouble()).toMatchObject({ code: 'JOURNAL_FULL' });
    line.heal();
    await until('the journal is empty', () => stand.intake.state() === 'direct');
    expect((await stand.post('/start', { Token: 'token-0001', UniqueId: '1.99', n: 99 })).status).toBe(200);
    expect((await inbox(db.pool)).map((row) => row.raw_data['n'])).toEqual([...Array(kept).keys(), 99]);
  });

  test('a journal whose folder is gone answers 503 with its code', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'journal-'));
    const stand = await open({ journal: { dir: join(dir, 'a') } });
    await rm(dir, { recursive: true });
    line.cut();
    const answer = await stand.post('/start', { Token: 'token-0001', UniqueId: '1.1' });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'JOURNAL_FAILED' });
    expect(stand.lost).toHaveLength(1);
  });

  test.skipIf(isSmallDiskLeftOut())(
    'a full disk under the journal answers 503 and is over when there is room',
    async () => {
      const dir = await mkdtemp(join(tmpdir(), 'journal-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]);
      try {
        await mkdir(join(dir, 'journal'));
        const stand = await open({ journal: { dir: join(dir, 'journal') } });
        line.cut();
        const answered: number[] = [];
        while (!answered.includes(503) && answered.length < 500) {
          const body = { Token: 'token-0001', UniqueId: '1.1', n: answered.length, filler: 'x'.repeat(2_000) };
          answered.push((await stand.post('/start', body)).status);
        }
        expect(answered.filter((status) => status === 200).length).toBeGreaterThan(5);
        expect(answered.at(-1)).toBe(503);
        line.heal();
        await until('the journal is empty', () => stand.intake.state() === 'direct');
        expect((await inbox(db.pool)).map((row) => row.raw_data['n'])).toEqual([...Array(answered.length - 1).keys()]);
        await stand.stop();
        stands = [];
      } finally {
        execFileSync('umount', [dir]);
        await rm(dir, { recursive: true });
      }
    },
  );
});
