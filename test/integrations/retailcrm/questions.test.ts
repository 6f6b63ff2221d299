import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../../src/integrations/contract.js';
import type { ConnectionDeps } from '../../../src/integrations/contract.js';
import { retailcrm } from '../../../src/integrations/retailcrm/index.js';
import type { RetailCrmStandInOptions } from '../../standins/retailcrm/server.js';
import { startRetailCrmStandIn } from '../../standins/retailcrm/server.js';
import { connectLive } from '../delivering.js';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const STRONG = '0123456789abcdef0123456789abcdef';
const soon = () => AbortSignal.timeout(5_000);

async function account(
  options: RetailCrmStandInOptions = {},
  changes: Record<string, unknown> = {},
  deps: Partial<ConnectionDeps> = {},
) {
  const crm = await startRetailCrmStandIn(options);
  const raw = { enabled: true, api_url: crm.url, api_key: 'key-1', user_extensions: { '7': '151' }, ...changes };
  const live = connectLive(retailcrm, raw, deps);
  undo.push(crm.stop, live.close);
  return { crm, connection: live.connection };
}

describe('users', () => {
  it('all pages are read, with the extension our settings give each', async () => {
    const users = Array.from({ length: 230 }, (_, index) => ({
      id: index + 1,
      firstName: 'User',
      lastName: String(index + 1),
      active: index !== 3,
    }));
    const { crm, connection } = await account({ users });
    const found = await connection.users?.(soon());
    expect(found).toHaveLength(230);
    expect(found?.[6]).toEqual({ id: '7', name: 'User 7', extension: '151', active: true });
    expect(found?.[3]).toMatchObject({ extension: null, active: false });
    expect(crm.exchanges.map(({ query }) => `${query.get('limit')}/${query.get('page')}`)).toEqual([
      '100/1',
      '100/2',
      '100/3',
    ]);
  });

  it('a failure is thrown with its code, never taken for an empty list', async () => {
    const { crm, connection } = await account();
    crm.faults.next(1, { kind: 'status', status: 500 });
    await expect(connection.users?.(soon())).rejects.toMatchObject({ name: 'ConnectorError', code: 'HTTP_500' });
  });
});

describe('who owns a client', () => {
  const customers = [
    { phone: '+375290000001', managerId: 8, firstName: 'Petr', lastName: 'Primerov' },
    { phone: '+375290000002', managerId: 7 },
    { phone: '+375290000003' },
  ];

  it('the code RetailCRM names, with the client’s name', async () => {
    const { connection } = await account({ customers });
    expect(await connection.findResponsible?.('+375290000001', soon())).toEqual({
      extension: '152',
      userId: '8',
      contactName: 'Petr Primerov',
    });
  });

  it('our own table wins over the code RetailCRM remembers', async () => {
    const { connection } = await account({ customers }, { user_extensions: { '7': '177' } });
    expect(await connection.findResponsible?.('+375290000002', soon())).toMatchObject({
      extension: '177',
      userId: '7',
    });
  });

  it.each(['+375290000003', '+375290009999'])('%s has none', async (phone) => {
    const { connection } = await account({ customers });
    expect(await connection.findResponsible?.(phone, soon())).toBeNull();
  });

  it('a CRM that cannot be asked is an error, which is not the same as no owner', async () => {
    const { crm, connection } = await account({ customers });
    crm.faults.next(1, { kind: 'html' });
    await expect(connection.findResponsible?.('+375290000001', soon())).rejects.toBeInstanceOf(ConnectorError);
  });

  it('a deadline cuts the question off', async () => {
    const { crm, connection } = await account({ customers });
    crm.faults.next(1, { kind: 'hang' });
    await expect(connection.findResponsible?.('+375290000001', AbortSignal.timeout(200))).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});

describe('the test button', () => {
  it('warns of each right the key does not name, and blocks nothing', async () => {
    const { connection } = await account({
      keys: { 'key-1': ['telephony_read', 'telephony_write', 'integration_read', 'integration_write'] },
    });
    expect(await connection.check(soon())).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('user_read')],
    });
  });

  it('warns of a shop the key does not see, and of several with none chosen', async () => {
    const sites = ['shop-1', 'shop-2'];
    const chosen = await account({ sites }, { site: 'shop-9' });
    expect(await chosen.connection.check(soon())).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('shop-9')],
    });
    const open = await account({ sites });
    expect(await open.connection.check(soon())).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('several shops')],
    });
  });
});

describe('registration', () => {
  it('sends the whole table and our addresses, and can be repeated', async () => {
    const { crm, connection } = await account({}, { client_id: STRONG, user_extensions: { '7': '151', '8': '152' } });
    expect(await connection.register?.(soon())).toMatchObject({ ok: true, warnings: [] });
    expect(await connection.register?.(soon())).toMatchObject({ ok: true });
    expect([...crm.state.modules.keys()]).toEqual(['pbx-telephony']);
    expect(crm.state.modules.get('pbx-telephony')).toMatchObject({
      active: true,
      clientId: STRONG,
      baseUrl: 'https://pbx.example.invalid',
      integrations: {
        telephony: {
          makeCallUrl: 'https://pbx.example.invalid/retailcrm/make-call',
          allowEdit: false,
          inputEventSupported: true,
          outputEventSupported: true,
          hangupEventSupported: true,
          additionalCodes: [
            { userId: 7, code: '151' },
            { userId: 8, code: '152' },
          ],
        },
      },
    });
  });

  it.each(['0367', '', null, '00000000000000000000000000000000', 'abcdef0123456789'])(
    '%j is no proof of a callback',
    async (clientId) => {
      const { crm, connection } = await account({}, { client_id: clientId });
      expect(await connection.register?.(soon())).toMatchObject({ ok: false, code: 'CLIENT_ID_WEAK' });
      expect(crm.exchanges).toHaveLength(0);
    },
  );

  it('the enterprise’s own id stands in for a weak one of old settings', async () => {
    const { crm, connection } = await account({}, { client_id: '0367' }, { clientId: STRONG });
    expect(await connection.register?.(soon())).toMatchObject({ ok: true });
    expect(crm.state.modules.get('pbx-telephony')?.clientId).toBe(STRONG);
  });

  it('without a public address there is nothing to register', async () => {
    const { connection } = await account({}, { client_id: STRONG }, { publicUrl: null });
    expect(await connection.register?.(soon())).toMatchObject({ ok: false, code: 'PUBLIC_URL_MISSING' });
  });

  it('users RetailCRM does not have are named', async () => {
    const { connection } = await account({}, { client_id: STRONG, user_extensions: { '7': '151', '99': '199' } });
    expect(await connection.register?.(soon())).toMatchObject({ ok: true, warnings: [expect.stringContaining('99')] });
  });
});
