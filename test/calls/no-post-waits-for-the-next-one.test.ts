import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Owner } from '../../src/calls/owner.js';
import type { InboxFact } from '../../src/calls/owner.js';
import { consumeInbox, readInbox } from '../../src/calls/store.js';
import { Tracker } from '../../src/calls/tracker.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { toFact } from '../../src/webhooks/parse.js';
import type { FleetEventName } from '../../src/webhooks/parse.js';
import type { Pool } from '../../src/db/pool.js';
import { inTransaction } from '../../src/db/tx.js';
import { createTestDb } from '../support/db.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { context } from './run-tracker.js';

const PBX = 'webhook/0367';

async function post(pool: Pool, uid: string): Promise<void> {
  const raw = { UniqueId: uid, Phone: '375290000001', CallType: 0, Trunk: '0001363' };
  await pool.query(
    `INSERT INTO webhook_inbox (pbx, enterprise_number, event_type, unique_id, raw_data, arrived_at)
     VALUES ($1, '0367', 'start', $2, $3, now())`,
    [PBX, uid, raw],
  );
}

const waiting = async (pool: Pool) => (await pool.query('SELECT FROM webhook_inbox')).rowCount;

it('a post that is stored while the inbox is looked at is folded, though nothing comes behind it', async () => {
  const db = await createTestDb();
  const folded: string[] = [];
  /** What happens between the database's answer and whoever asked. */
  let meanwhile: () => Promise<void> = () => Promise.resolve();
  const owner = await Owner.create({
    ...{ pbx: PBX, run: randomUUID(), clock: systemClock, log: createLogger('silent') },
    settled: () => Promise.resolve(),
    loadTracker: () => Promise.resolve(new Tracker(context({ pbx: PBX }))),
    recall: () => Promise.resolve({ ended: [], taken: [] }),
    async persist({ inboxIds, facts }) {
      await inTransaction(db.pool, (tx) => consumeInbox(tx, inboxIds));
      folded.push(...facts.map(({ uid }) => uid));
    },
    async readInbox(limit) {
      const rows = await readInbox(db.pool, PBX, limit);
      await meanwhile();
      return rows.map((row): InboxFact => {
        const fact = toFact({ ...row, event: row.event as FleetEventName });
        return { id: row.id, fact, eventType: row.event, uid: row.uid, raw: row.raw };
      });
    },
    openJournal: () => Promise.reject(new Error('the database is there')),
    isAway: () => false,
    askPbx: () => Promise.resolve(),
    onFolded: () => undefined,
    onLoss: () => undefined,
    count: () => undefined,
  });
  meanwhile = async () => {
    meanwhile = () => Promise.resolve();
    await post(db.pool, '1700000000.2');
    owner.inboxChanged();
  };
  await post(db.pool, '1700000000.1');
  for (let worked = true; worked;) worked = await owner.tick();
  expect(folded).toEqual(['1700000000.1', '1700000000.2']);
  expect(await waiting(db.pool)).toBe(0);
  await db.drop();
});

it('a post nobody was told of is found', async () => {
  const crm = await startRetailCrmStandIn();
  await using running = await startTestApp({ enterprises: [retailCrmEnterprise({ amiPort: null, crmUrl: crm.url })] });
  const { pool } = running.db;
  // What was there from the beginning is looked for anyway.
  await until('the PBX to be ours', async () => {
    await fetch(`${running.app.url}/start`, {
      method: 'POST',
      headers: { Token: 'unit-token-0001' },
      body: JSON.stringify({ UniqueId: '1700000000.1', Phone: '375290000001', CallType: 0, Trunk: '0001363' }),
    }).then((answer) => answer.text());
    return (await pool.query('SELECT FROM calls')).rowCount === 1 && (await waiting(pool)) === 0;
  });
  await post(pool, '1700000000.9');
  await until('the post to be folded', async () => (await waiting(pool)) === 0, 15_000);
  expect((await pool.query("SELECT FROM calls WHERE unique_id = '1700000000.9'")).rowCount).toBe(1);
  await crm.stop();
});
