import { afterEach, describe, expect, it } from 'vitest';
import { ConnectorError } from '../../../src/integrations/contract.js';
import type { AmoCrmStandInOptions } from '../../standins/amocrm/server.js';
import { amoCrmGround } from './ground.js';
import type { Ground } from './ground.js';

let ground: Ground;
afterEach(() => ground.stop());
const soon = () => AbortSignal.timeout(5_000);

async function account(options: AmoCrmStandInOptions = {}, changes: Record<string, unknown> = {}, deps = {}) {
  ground = await amoCrmGround(options);
  return { crm: ground.crm, ...ground.connect(changes, deps) };
}

describe('users', () => {
  it('all pages are read, with the extension our settings give each and whether they still work there', async () => {
    const users = Array.from({ length: 300 }, (_, index) => ({
      id: index + 1,
      name: `User ${index + 1}`,
      active: index !== 3,
    }));
    const { connection } = await account({ users });
    const found = await connection.users?.(soon());
    expect(found).toHaveLength(300);
    expect(found?.[10]).toEqual({ id: '11', name: 'User 11', extension: '151', active: true });
    expect(found?.[3]).toMatchObject({ extension: null, active: false });
    expect(ground.asked()).toHaveLength(2);
  });

  it('a failure is thrown with its code, never taken for an empty list', async () => {
    const { connection } = await account({ tokens: { 'token-1': { admin: false } } });
    await expect(connection.users?.(soon())).rejects.toMatchObject({ name: 'ConnectorError', code: 'FORBIDDEN' });
  });
});

describe('who owns a client', () => {
  it('the responsible user of his contact, with the client’s name, in one question', async () => {
    const { connection } = await account();
    expect(await connection.findResponsible?.('+375290000001', soon())).toEqual({
      extension: '152',
      userId: '12',
      contactName: 'Petr Primerov',
    });
    expect(ground.asked()).toHaveLength(1);
  });

  it('is found however his number was written, and nobody else who happens to have it in another field', async () => {
    const { crm, connection } = await account();
    crm.state.contact({ name: 'order 79000000001', phones: ['+79000000009'], responsibleUserId: 11 });
    crm.state.contact({ name: 'Vera', phones: ['8 (900) 000-00-01'], responsibleUserId: 13 });
    expect(await connection.findResponsible?.('+79000000001', soon())).toMatchObject({
      contactName: 'Vera',
      userId: '13',
    });
    const asked = crm.exchanges.map(({ query }) => query.get('query'));
    expect(asked).toEqual(['79000000001', '89000000001']);
  });

  it('of two contacts the one that changed last; a company where no contact has the number', async () => {
    const { crm, connection } = await account();
    crm.state.contact({ phones: ['+375290000002'], responsibleUserId: 11, updatedAt: 100 });
    crm.state.contact({ phones: ['+375290000002'], responsibleUserId: 13, updatedAt: 200 });
    crm.state.company({ name: 'Ltd', phones: ['+375290000003'], responsibleUserId: 11 });
    expect(await connection.findResponsible?.('+375290000002', soon())).toMatchObject({ extension: '153' });
    expect(await connection.findResponsible?.('+375290000003', soon())).toMatchObject({
      contactName: 'Ltd',
      extension: '151',
    });
  });

  it('by setting the responsible user of his newest open lead', async () => {
    const { crm, connection } = await account({}, { responsible_from: 'lead' });
    const [contact] = crm.state.contacts;
    const contactIds = [contact?.id ?? 0];
    expect(await connection.findResponsible?.('+375290000001', soon())).toMatchObject({ userId: '12' });
    crm.state.lead({ contactIds, responsibleUserId: 11 });
    crm.state.close(crm.state.lead({ contactIds, responsibleUserId: 13 }));
    expect(await connection.findResponsible?.('+375290000001', soon())).toMatchObject({
      userId: '11',
      extension: '151',
    });
  });

  it('who has left has no extension; a client nobody knows is nobody’s', async () => {
    const crmUsers = () => [{ id: '12', name: 'Boris', extension: null, active: false }];
    const { connection } = await account({}, {}, { crmUsers });
    expect(await connection.findResponsible?.('+375290000001', soon())).toMatchObject({
      extension: null,
      userId: '12',
    });
    expect(await connection.findResponsible?.('+375290009999', soon())).toBeNull();
    expect(await connection.findResponsible?.('hello', soon())).toBeNull();
  });

  it('a CRM that cannot be asked is an error, which is not the same as no owner', async () => {
    const { crm, connection } = await account();
    crm.faults.next(1, { kind: 'html' });
    await expect(connection.findResponsible?.('+375290000001', soon())).rejects.toBeInstanceOf(ConnectorError);
    crm.faults.next(1, { kind: 'hang' });
    await expect(connection.findResponsible?.('+375290000001', AbortSignal.timeout(200))).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});

describe('the test button', () => {
  it('names the account, and nothing to warn of', async () => {
    const { connection } = await account();
    expect(await connection.check(soon())).toMatchObject({
      ok: true,
      account: expect.stringMatching(/^Example \(127\.0\.0\.1:\d+\)$/) as string,
      warnings: [],
    });
  });

  it('names each right that is missing, and what to do', async () => {
    const { connection } = await account({ tokens: { 'token-1': { admin: false, forbidden: ['contacts', 'leads'] } } });
    const result = await connection.check(soon());
    expect(result).toMatchObject({ ok: false, code: 'FORBIDDEN' });
    expect('why' in result ? result.why : '').toMatch(/contacts: in Settings.*; .*leads: in Settings/);
  });

  it('warns of rights it can do without', async () => {
    const forbidden = { 'token-1': { admin: false, forbidden: ['leads'] } };
    const { connection } = await account({ tokens: forbidden }, { unknown_client: 'contact' });
    expect(await connection.check(soon())).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('leads'), expect.stringContaining('administrator')],
    });
  });

  it('warns of “unsorted” that is off only where it is wanted', async () => {
    const unsorted = await account({ unsortedOn: false }, { unknown_client: 'unsorted' });
    expect(await unsorted.connection.check(soon())).toMatchObject({
      warnings: [expect.stringContaining('switched off')],
    });
    await ground.stop();
    const other = await account({ unsortedOn: false });
    expect(await other.connection.check(soon())).toMatchObject({ warnings: [] });
  });

  it('warns of a long-lived token that ends soon, and of nobody mapped', async () => {
    const claims = Buffer.from(JSON.stringify({ exp: Date.now() / 1_000 + 86_400 })).toString('base64url');
    const access_token = `head.${claims}.tail`;
    const { connection } = await account({ tokens: { [access_token]: {} } }, { access_token, user_extensions: {} });
    expect(await connection.check(soon())).toMatchObject({
      warnings: [expect.stringContaining('ends on'), expect.stringContaining('no extension')],
    });
  });

  it('says what answers there when it is no account', async () => {
    const { crm, connection } = await account();
    crm.faults.next(1, { kind: 'html', status: 404 });
    expect(await connection.check(soon())).toMatchObject({ ok: false, code: 'WRONG_HOST' });
  });
});
