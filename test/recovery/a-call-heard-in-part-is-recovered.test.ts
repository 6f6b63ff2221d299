import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { closeGaps, openGap, saveFold, saveNotes } from '../../src/calls/store.js';
import { inTransaction } from '../../src/db/tx.js';
import { dayIn } from '../../src/recovery/nightly.js';
import type { Reconciled } from '../../src/recovery/reconcile.js';
import { T0, ami, channel, trunk } from '../calls/ami-facts.js';
import { Run } from '../calls/run-tracker.js';
import { cli } from '../cli/run-cli.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const PBX = 'webhook/0367';
const DAY = dayIn('Europe/Minsk', T0);
const UID = trunk(0).uid;

/** Its line of `Master.csv`, in UTC: 150 talked for 12 s. */
function record(): string {
  const at = (seconds: number) => new Date(T0 + seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const texts = ['', '375290000001', '0001360', 'from-trunk', '', trunk(0).name, channel('150', 1, 0).name, 'Dial', ''];
  const all = [...texts, at(0), at(3), at(15)].map((text) => `"${text}"`);
  return `${all.join(',')},15,12,"ANSWERED","DOCUMENTATION","${UID}","","","${UID}",""\n`;
}

/** The link came back in the middle of the talk, and both were gone before anybody had shown who was there. */
async function hearItsEnd({ db }: TestApp): Promise<string> {
  const phone = channel('150', 1, 0);
  const heard = new Run({ pbx: PBX }).feed([
    ami(14_000, { kind: 'channel.hold', channel: phone, on: true }),
    ami(15_000, { kind: 'channel.gone', channel: phone, cause: 16 }),
    ami(15_010, { kind: 'channel.gone', channel: { ...trunk(0), state: 'up' }, cause: 16 }),
  ]);
  expect(heard.records).toEqual([]);
  // At once: the daemon may begin to follow this PBX just now, and would go on with a call it finds going on.
  await inTransaction(db.pool, async (tx) => {
    for (const fold of heard.folds) {
      await saveFold(tx, PBX, 1, fold);
      await saveNotes(tx, fold.notes);
    }
  });
  return heard.finished[0]?.id ?? '';
}

it.each([
  { beside: 'beside a gap is told as the PBX recorded it, and is missing until then', gap: true },
  { beside: 'though nothing was missed stays as it is', gap: false },
])('a call of which too little was heard, $beside', { timeout: 60_000 }, async ({ gap }) => {
  const folder = await mkdtemp(join(tmpdir(), 'cdr-'));
  const file = join(folder, 'Master.csv');
  await writeFile(file, '');
  const crm = await startRetailCrmStandIn();
  const recovery = { everyMinutes: 0, cdr: { at: 'local', file, zone: 'UTC', days: 366 } };
  const enterprise = retailCrmEnterprise({ amiPort: null, crmUrl: crm.url, more: { recovery } });
  await using app = await startTestApp({
    enterprises: [enterprise],
    config: { recovery: { settleMs: 1_000, pollMs: 100, retryMs: 300 } },
  });
  const { pool } = app.db;
  const env = { DATABASE_URL: app.db.url, TRUNKLINE_DATA_DIR: app.config.dataDir };
  const reconciled = async () =>
    JSON.parse((await cli(['reconcile', '0367', DAY, '--json'], env)).stdout) as Reconciled;

  const heard = await hearItsEnd(app);
  if (gap) {
    await openGap(pool, PBX, 'CONNECTION', T0 - 60_000);
    await closeGaps(pool, PBX, T0 + 14_500);
    await pool.query('UPDATE pbx_gaps SET recovered_at = now()');
  }
  await writeFile(file, record());
  const before = await reconciled();
  expect(before).toMatchObject({ pbxCalls: gap ? 1 : 0, ourCalls: 0 });
  expect(before.differences.map(({ what, call }) => ({ what, call }))).toEqual(
    gap ? [{ what: 'not here', call: UID }] : [],
  );

  const { code, stderr } = await cli(['recover', '0367', '--from', DAY, '--to', DAY], env);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const merged = async () =>
    (await pool.query<{ id: string }>('SELECT id FROM calls WHERE merged_into IS NOT NULL')).rows;
  if (!gap) {
    expect(await merged()).toEqual([]);
    expect(crm.state.calls).toEqual([]);
  } else {
    await until('its record', () => crm.state.calls.length > 0);
    const { externalId, result, code: extension, duration } = crm.state.calls[0] ?? {};
    expect({ externalId, result, extension, duration }).toEqual({
      ...{ externalId: `0367-${UID}`, result: 'answered', extension: '150', duration: 12 },
    });
    expect(crm.state.cards).toEqual([]);
    expect(await merged()).toEqual([{ id: heard }]);
    await until('it to be acknowledged', async () => (await reconciled()).differences.length === 0);
    expect(await reconciled()).toMatchObject({ pbxCalls: 1, ourCalls: 1, recovered: 1 });
  }
  await crm.stop();
  await rm(folder, { recursive: true });
});
