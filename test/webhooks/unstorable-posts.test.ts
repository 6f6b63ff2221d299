import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AcceptedWebhook } from '../../src/webhooks/parse.js';
import { createCutProxy, throughProxy } from '../support/cut-proxy.js';
import type { CutProxy } from '../support/cut-proxy.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { until } from '../support/until.js';
import { inbox, openStand } from './stand.js';
import type { Stand } from './stand.js';

let db: TestDb;
let line: CutProxy;
let stand: Stand;

beforeEach(async () => {
  db = await createTestDb();
  const { hostname, port } = new URL(db.url);
  line = await createCutProxy({ host: hostname, port: Number(port) });
  stand = await openStand({ url: throughProxy(db.url, line) });
});

afterEach(async () => {
  await stand.stop();
  await line.close();
  await db.drop();
});

/** The door would have taken the NUL out; whatever else slips past it must not stop the others. */
const accepted = (n: number, value: string): AcceptedWebhook => {
  return {
    pbx: 'p:1',
    enterprise: '0999',
    event: 'start',
    uid: `1.${n}`,
    raw: { value },
    arrivedAt: 1_700_000_000_000 + n,
  };
};
const five = [accepted(1, 'a'), accepted(2, 'b'), accepted(3, 'bad\u0000'), accepted(4, 'd'), accepted(5, 'e')];

test('a post the database cannot hold is refused and its neighbours are stored, in order', async () => {
  const results = await Promise.allSettled(five.map((webhook) => stand.intake.accept(webhook)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(results[2]).toMatchObject({ reason: { code: 'WEBHOOK_MALFORMED' } });
  expect(stand.intake.state()).toBe('direct');
  const rows = await inbox(db.pool);
  expect(rows.map((row) => row.unique_id)).toEqual(['1.1', '1.2', '1.4', '1.5']);
  expect(rows[0]).toMatchObject({ pbx: 'p:1', event_type: 'start', arrived_at: new Date(1_700_000_000_001) });
});

test('one that waited in the journal is passed over, once, and the rest is stored', async () => {
  line.cut();
  await Promise.all(five.map((webhook) => stand.intake.accept(webhook)));
  expect(stand.journal.pending()).toBe(5);
  line.heal();
  await until('the journal to be empty', () => stand.intake.state() === 'direct');
  expect((await inbox(db.pool)).map((row) => row.unique_id)).toEqual(['1.1', '1.2', '1.4', '1.5']);
  expect(stand.log().split('a journalled post cannot be stored').length).toBe(2);
});

test('a run that is stopping takes nothing more', async () => {
  const last = stand.intake.accept(accepted(1, 'a'));
  const stopped = stand.intake.stop();
  await expect(stand.intake.accept(accepted(2, 'b'))).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  await Promise.all([last, stopped]);
  expect((await inbox(db.pool)).map((row) => row.unique_id)).toEqual(['1.1']);
});
