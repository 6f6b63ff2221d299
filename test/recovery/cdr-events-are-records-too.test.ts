import { expect, test } from 'vitest';
import { dayIn } from '../../src/recovery/nightly.js';
import type { Reconciled } from '../../src/recovery/reconcile.js';
import { cli } from '../cli/run-cli.js';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { startPhoneAgent } from '../pbx/sip-agent/on-pbx.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const QUICK = { recovery: { settleMs: 1_500, pollMs: 200, retryMs: 300 } };
/** Neither the host's zone nor UTC: nothing but the events can tell what their stamps mean. */
const timezone = 'Asia/Tokyo';

/** Nobody answers there. */
const UNHEARD = `
[from-trunk](+)
exten => 0001490,1,Dial(PJSIP/151,2,tT)
`;

function daemonOn(asterisk: Asterisk, crm: RetailCrmStandIn, cdr: object, eventMask?: string): Promise<TestApp> {
  const more = { timezone, sources: ['ami'], recovery: { everyMinutes: 0.01, cdr } };
  const enterprise = retailCrmEnterprise({
    amiPort: asterisk.amiPort,
    crmUrl: crm.url,
    more,
    ...(eventMask ? { eventMask } : {}),
  });
  return startTestApp({ enterprises: [enterprise], config: QUICK });
}

const OPEN = `SELECT (SELECT count(*) FROM pbx_cdrs WHERE settled_at IS NULL)::int
  + (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'started'))::int AS n`;

async function reconciled({ db, config }: TestApp): Promise<Reconciled> {
  const env = { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: config.dataDir };
  const told = await cli(['reconcile', '0367', dayIn(timezone, Date.now()), '--json'], env);
  expect(told.stderr).toBe('');
  return JSON.parse(told.stdout) as Reconciled;
}

const recordsIn = (crm: RetailCrmStandIn) =>
  crm.state.calls
    .map(({ externalId, result, code, type, phone }) => ({ externalId, result, code, type, phone }))
    .sort((one, other) => String(one.externalId).localeCompare(String(other.externalId)));

describeWith(['asterisk-16', 'asterisk-22'], 'the Cdr events of a PBX', () => {
  test.concurrent.each([
    { version: 16, timeZone: '<+03>-3' },
    { version: 22, timeZone: '<-0430>4:30' },
  ] as const)(
    'give the calls nothing else told of, once, as they were heard (Asterisk $version)',
    { timeout: 120_000 },
    async ({ version, timeZone }) => {
      await using asterisk = await startAsterisk({ version, timeZone, extraDialplan: UNHEARD });
      const [missed, heard] = [await startRetailCrmStandIn(), await startRetailCrmStandIn()];
      // One hears of calls by their records alone; one hears all, and reads the file besides.
      await using deaf = await daemonOn(asterisk, missed, { at: 'ami' }, 'cdr');
      await using hearing = await daemonOn(asterisk, heard, { at: 'local', file: asterisk.masterCsvPath });
      await Promise.all([linkUp(deaf), linkUp(hearing)]);
      await using _answers = await startPhoneAgent(asterisk, '150', { default: { then: 'answer', ringMs: 500 } });
      await using calls = await startPhoneAgent(asterisk, '151', { default: { then: 'ring-on' } });
      await using client = await startPhoneAgent(asterisk, 'trunk', { default: { then: 'answer', ringMs: 500 } });
      const talks = await client.call('0001360', { from: '+375290000001' }).reached('talking');
      const out = await calls.call('70290000003').reached('talking');
      await client.call('0001490', { from: '+375290000002' }).reached('over');
      await Promise.all([talks.hangUp(), out.hangUp()]);
      const crms = [missed, heard];
      await until('the records', () => crms.every(({ state }) => state.calls.length >= 3), 30_000);
      await until('every record to be looked at, and every call acknowledged', async () => {
        const open = [deaf, hearing].map(({ db }) => db.pool.query<{ n: number }>(OPEN));
        return (await Promise.all(open)).every(({ rows }) => rows[0]?.n === 0);
      });
      const day = await Promise.all([reconciled(deaf), reconciled(hearing)]);
      for (const { pbxCalls, ourCalls, differences } of day)
        expect({ pbxCalls, ourCalls, differences }).toEqual({ pbxCalls: 3, ourCalls: 3, differences: [] });
      expect(day.map(({ recovered }) => recovered)).toEqual([3, 0]);
      expect(recordsIn(missed)).toEqual(recordsIn(heard));
      expect(missed.state.cards).toEqual([]);
      // The file's row and the event are one record, and both tell the same moments.
      const rows = await Promise.all(
        [deaf, hearing].map(({ db }) => db.pool.query('SELECT digest FROM pbx_cdrs ORDER BY digest')),
      );
      expect(rows[0]?.rows).toEqual(rows[1]?.rows);
      expect(rows[1]?.rowCount).toBe(asterisk.masterCsv().length);
      await Promise.all([deaf.stop(), hearing.stop()]);
      await Promise.all(crms.map((crm) => crm.stop()));
    },
  );
});
