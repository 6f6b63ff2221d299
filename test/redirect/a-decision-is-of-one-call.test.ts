import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Decision } from '../../src/redirect/ports.js';
import {
  claimDecision,
  decisionsSince,
  finishDecision,
  readDecision,
  saveOutcomesOf,
} from '../../src/redirect/store.js';
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
    /** A call with that id ends, as its owner writes it. */
    async function ends(result: string, by: string | null): Promise<void> {
      const id = randomUUID();
      await pool.query(
        `INSERT INTO calls (id, enterprise_number, external_id, pbx, unique_id, direction, started_at, result, answered_by, facts)
         VALUES ($1, '0367', $1::uuid::text, $2, $3, 'in', now(), $4, $5, '{}')`,
        [id, KEY.pbx, KEY.uid, result, by],
      );
      await pool.query(
        `INSERT INTO call_uids (pbx, uid, call_id) VALUES ($1, $2, $3)
         ON CONFLICT (pbx, uid) DO UPDATE SET call_id = EXCLUDED.call_id`,
        [KEY.pbx, KEY.uid, id],
      );
      await saveOutcomesOf(pool, [id], {});
    }
    await claimDecision(pool, KEY, decided('first', 'go'));
    await ends('answered', '151');
    await passTime(db, 5);
    await claimDecision(pool, KEY, decided('second', 'go'));
    await ends('missed', null);
    expect(await decisionsSince(pool, '0367', Date.now() - 86_400_000)).toMatchObject([
      { decision: { reason: 'second' }, outcome: { result: 'missed', answeredBy: null, fellThrough: true } },
      { decision: { reason: 'first' }, outcome: { result: 'answered', answeredBy: '151', fellThrough: false } },
    ]);
  });
});
