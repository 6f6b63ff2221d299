import { expect, test } from 'vitest';
import type { Decision } from '../../src/redirect/ports.js';
import { claimDecision, decisionsSince, finishDecision, readDecision } from '../../src/redirect/store.js';
import { withDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';

const KEY = { pbx: '127.0.0.1:5038', uid: '1795386276.0', enterprise: '0367' };
const decided = (reason: string, action: Decision['action'] = null): Decision => ({
  mode: 'owner',
  heardBy: 'event',
  phone: '+375290000001',
  line: null,
  asked: [],
  candidates: ['151'],
  namedBy: 'retailcrm',
  name: null,
  chosen: '151',
  target: 'PJSIP/151',
  action,
  reason,
  decidedMs: 10,
  wireMs: null,
});

async function passTime({ pool }: TestDb, hours: number): Promise<void> {
  await pool.query("UPDATE redirect_decisions SET decided_at = decided_at - $1 * interval '1 hour'", [hours]);
}

test('a call is decided once, whoever asks, however often', async () => {
  await withDb(async ({ pool }) => {
    const claims = Array.from({ length: 5 }, (_, n) => claimDecision(pool, KEY, decided(`try ${n}`)));
    expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
    expect(await claimDecision(pool, KEY, decided('after a restart of the daemon'))).toBe(false);
    expect(await readDecision(pool, KEY)).toMatchObject({ action: null });
    await finishDecision(pool, KEY, decided('done', 'go'));
    expect(await readDecision(pool, KEY)).toMatchObject({ reason: 'done', action: 'go' });
    expect(await claimDecision(pool, KEY, decided('once more'))).toBe(false);
    expect(await claimDecision(pool, { ...KEY, enterprise: '0368' }, decided('of another enterprise'))).toBe(true);
    expect(await claimDecision(pool, { ...KEY, pbx: '127.0.0.1:5039' }, decided('on another PBX'))).toBe(true);
  });
});

test('a call whose unique id an earlier one had is decided by itself, once, and leaves that one as it was', async () => {
  await withDb(async (db) => {
    const { pool } = db;
    for (const turn of ['first', 'second', 'third']) {
      expect(await readDecision(pool, KEY)).toBeNull();
      const claims = [1, 2, 3].map(() => claimDecision(pool, KEY, decided(turn)));
      expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
      await finishDecision(pool, KEY, decided(`${turn} done`, 'go'));
      expect(await claimDecision(pool, KEY, decided('again'))).toBe(false);
      expect(await readDecision(pool, KEY)).toMatchObject({ reason: `${turn} done` });
      await passTime(db, 3);
    }
    const { rows } = await pool.query<{ reason: string }>(
      "SELECT decision->>'reason' AS reason FROM redirect_decisions ORDER BY turn",
    );
    expect(rows.map(({ reason }) => reason)).toEqual(['first done', 'second done', 'third done']);
  });
});

test('what became of a decided call is told of the call it was, not of one that had its id later', async () => {
  await withDb(async (db) => {
    const { pool } = db;
    const call = (hoursAgo: number, result: string, by: string | null) =>
      pool.query(
        `INSERT INTO calls (id, enterprise_number, external_id, pbx, unique_id, direction, started_at, result, answered_by, facts)
         VALUES (gen_random_uuid(), '0367', $4, $1, $2, 'in', now() - $3 * interval '1 hour', $5, $6, '{}')`,
        [KEY.pbx, KEY.uid, hoursAgo, `0367-${KEY.uid}-${hoursAgo}`, result, by],
      );
    await claimDecision(pool, KEY, decided('first', 'go'));
    await passTime(db, 5);
    await claimDecision(pool, KEY, decided('second', 'go'));
    await call(5, 'answered', '151');
    await call(0, 'missed', null);
    expect(await decisionsSince(pool, '0367', Date.now() - 86_400_000)).toMatchObject([
      { decision: { reason: 'second' }, result: 'missed', answeredBy: null },
      { decision: { reason: 'first' }, result: 'answered', answeredBy: '151' },
    ]);
  });
});
