import { expect, test } from 'vitest';
import { cli } from '../cli/run-cli.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CRM_OFF = { enabled: false, api_url: 'https://example.retailcrm.ru', api_key: 'key-2' };
const BRIDGE = '00000000-0000-4000-8000-000000000010';

test(
  'every finished call has, for each integration, what it was owed or why nothing',
  { timeout: 120_000 },
  async () => {
    const crm = await startRetailCrmStandIn();
    const on = retailCrmEnterprise({
      amiPort: null,
      crmUrl: crm.url,
      more: { sources: ['webhook'] },
    }) as { integrations: Record<string, object> };
    on.integrations['megaplan'] = { enabled: true, webhook_url: 'https://example.invalid/rest/1/secret-word/' };
    const enterprises = [
      on,
      retailCrmEnterprise({
        number: '0416',
        token: 'unit-token-0416',
        amiPort: null,
        crmUrl: crm.url,
        apiKey: 'key-1',
        more: { sources: ['webhook'], mode: 'shadow' },
      }),
      {
        ...retailCrmEnterprise({
          number: '0422',
          token: 'unit-token-0422',
          amiPort: null,
          crmUrl: crm.url,
          more: { sources: ['webhook'] },
        }),
        integrations: { retailcrm: CRM_OFF },
      },
    ];
    await using running = await startTestApp({ enterprises });
    const { db, config, app } = running;
    const second = Math.floor(Date.now() / 1000);
    const uid = (n: number) => `${second}.${n}`;

    async function post(token: string, event: string, body: Record<string, unknown>): Promise<void> {
      const answer = await fetch(`${app.url}/${event}`, {
        method: 'POST',
        headers: { Token: token },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
    }
    async function missed(token: string, id: string, Phone: string): Promise<void> {
      const call = { UniqueId: id, Phone, CallType: 0, Trunk: '0001363' };
      await post(token, 'start', call);
      await post(token, 'dial', { ...call, Extensions: ['150', '151'] });
      await post(token, 'hangup', { ...call, CallStatus: '0', Extensions: [] });
    }
    const show = (number: string, id: string, ...more: string[]) =>
      cli(['call', 'show', number, id, ...more], { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: config.dataDir });

    await missed('unit-token-0001', uid(1), '375290000001');
    await missed('unit-token-0001', uid(2), 'anonymous');
    await post('unit-token-0001', 'hangup', {
      ...{ UniqueId: uid(3), Phone: '150', CallType: 2, CallStatus: '0', Extensions: ['151'], Trunk: '' },
    });
    await missed('unit-token-0416', uid(4), '375290000004');
    await missed('unit-token-0422', uid(5), '375290000005');
    // 151's channel is heard of before anything says whom it serves; a bridge shows it.
    const client = { UniqueId: uid(6), Channel: 'SIP/0001363-00000006', CallerIDNum: '375290000006' };
    const staff = { UniqueId: uid(7), Channel: 'SIP/151-00000007', CallerIDNum: '151' };
    await post('unit-token-0001', 'bridge', { ...staff, BridgeUniqueid: BRIDGE });
    await post('unit-token-0001', 'start', { UniqueId: uid(6), Phone: '375290000006', CallType: 0, Trunk: '0001363' });
    await post('unit-token-0001', 'bridge', { ...client, BridgeUniqueid: BRIDGE });
    await post('unit-token-0001', 'hangup', {
      ...{
        UniqueId: uid(6),
        Phone: '375290000006',
        CallType: 0,
        CallStatus: '2',
        Extensions: ['151'],
        Trunk: '0001363',
      },
    });
    await until('every call to be over', async () => {
      const { rows } = await db.pool.query('SELECT 1 FROM calls WHERE ended_at IS NOT NULL');
      return rows.length >= 6;
    });
    await until(
      'every delivery to be settled',
      async () => {
        const { rows } = await db.pool.query("SELECT 1 FROM deliveries WHERE state IN ('pending', 'started')");
        return rows.length === 0;
      },
      30_000,
    );

    const plain = (await show('0367', `0367-${uid(1)}`)).stdout;
    expect(plain).toContain('[direction-posted]');
    expect(plain).toContain('[not-answered]');
    expect(plain).toMatch(/retailcrm +\d call\.finished +record +done/);
    expect(plain).toMatch(/attempt 1: success in \d+ ms/);
    expect(plain).toMatch(/megaplan +\d call\.finished +nothing: this version has no connector of this kind/);
    expect(plain).not.toContain('secret-word');
    expect(plain).not.toContain('unit-token');

    expect((await show('0367', uid(2))).stdout).toMatch(/call\.ringing +nothing: .*number/);
    expect((await show('0367', uid(2))).stdout).toContain('[client-withheld]');
    expect((await show('0367', uid(3))).stdout).toMatch(/retailcrm +\d call\.finished +nothing: an internal call/);
    expect((await show('0416', uid(4))).stdout).toMatch(/record +skipped: shadow/);
    expect((await show('0422', uid(5))).stdout).toMatch(
      /retailcrm +\d call\.finished +nothing: the integration is off/,
    );
    const merged = await show('0367', uid(7));
    expect(merged.stdout).toContain('[merged]');
    expect(merged.stdout).toContain(`call 0367-${uid(6)}`);
    expect(merged.stdout).toContain('[first-talk]');

    const { rows: ours } = await db.pool.query<{ id: string }>('SELECT id FROM calls WHERE unique_id = $1', [uid(1)]);
    expect((await show('0367', ours[0]?.id ?? '')).stdout).toBe(plain);
    expect(await show('0999', uid(1))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ENTERPRISE_UNKNOWN') as string,
    });
    expect(await show('0416', uid(1))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('CALL_UNKNOWN') as string,
    });
    await db.pool.query(
      `INSERT INTO calls (id, enterprise_number, external_id, pbx, unique_id, direction, started_at, ended_at, facts)
     SELECT gen_random_uuid(), enterprise_number, external_id, pbx, unique_id, direction, started_at, ended_at, facts
       FROM calls WHERE id = $1`,
      [ours[0]?.id],
    );
    expect((await show('0367', uid(1))).stderr).toContain('CALL_AMBIGUOUS');
    await db.pool.query('DELETE FROM calls WHERE unique_id = $1 AND id <> $2', [uid(1), ours[0]?.id]);

    // No finished call without a delivery or a reason for each integration its enterprise has.
    const { rows: silent } = await db.pool.query(
      `SELECT c.external_id, i.type FROM calls c JOIN enterprises e ON e.number = c.enterprise_number
      CROSS JOIN LATERAL jsonb_object_keys(e.integrations_config) AS i (type)
      WHERE c.ended_at IS NOT NULL AND c.merged_into IS NULL
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.call_id = c.id AND d.integration_type = i.type)
        AND NOT EXISTS (SELECT FROM call_notes, jsonb_array_elements(notes) AS n (note) WHERE call_id = c.id
                         AND (note->>'rule' = 'told-nobody'
                              OR (note->>'rule' = 'not-owed' AND note->'detail'->>'integration' = i.type)))`,
    );
    expect(silent).toEqual([]);

    // Notes go with their call.
    await db.pool.query('DELETE FROM calls');
    expect((await db.pool.query('SELECT 1 FROM call_notes')).rowCount).toBe(0);
    await running.stop();
    await crm.stop();
  },
);
