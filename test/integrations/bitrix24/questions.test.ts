import { describe, expect, it } from 'vitest';
import { aPortal } from './ground.js';

const signal = () => AbortSignal.timeout(5_000);

describe('users', () => {
  const many = Array.from({ length: 260 }, (_, index) => ({
    id: index + 1,
    name: `User ${index + 1}`,
    inner: String(1000 + index),
  }));
  const portal = aPortal({
    users: [...many, { id: 300, name: 'Gone', inner: '1999', active: false }, { id: 301, name: 'Silent' }],
  });

  it('are read to the last page, in two requests', async () => {
    const users = await portal.connect({ user_extensions: { '2': '777' } }).connection.users?.(signal());
    expect(users).toHaveLength(262);
    expect(users?.slice(0, 2)).toEqual([
      { id: '1', name: 'User 1', extension: '1000', active: true },
      { id: '2', name: 'User 2', extension: '777', active: true },
    ]);
    expect(users?.slice(-2)).toEqual([
      { id: '300', name: 'Gone', extension: '1999', active: false },
      { id: '301', name: 'Silent', extension: null, active: true },
    ]);
    expect(portal.crm.exchanges).toHaveLength(2);
  });

  it('are not half a list when a page fails', async () => {
    portal.crm.moods.troubles = [
      { method: 'user.get', after: 3, status: 500, error: 'INTERNAL_SERVER_ERROR', text: '' },
    ];
    await expect(portal.connect().connection.users?.(signal())).rejects.toThrow('INTERNAL_SERVER_ERROR');
  });
});

describe('who owns a client', () => {
  const client = { phone: '+375290000001', name: 'Petr', assignedTo: 12 };
  const portal = aPortal({
    clients: [
      { ...client, type: 'COMPANY', id: 643, name: 'Daisy', assignedTo: 13 },
      { ...client, type: 'CONTACT', id: 651 },
      { type: 'LEAD', id: 700, phone: '+375290000002', name: ' ', assignedTo: 99 },
    ],
  });
  const find = (phone: string, changes = {}) => portal.connect(changes).connection.findResponsible?.(phone, signal());

  it('is asked in one request; a contact counts before a company, our table before the portal’s inner number', async () => {
    const nobodys = { user_extensions: {} };
    expect(await find('+375290000001', nobodys)).toEqual({ userId: '12', extension: '152', contactName: 'Petr' });
    expect(await find('+375290000001', { user_extensions: { '12': '777' } })).toMatchObject({ extension: '777' });
    expect(portal.crm.exchanges).toHaveLength(2);
  });

  it('may have no phone here, or be nobody', async () => {
    expect(await find('+375290000002')).toEqual({ userId: '99', extension: null, contactName: null });
    expect(await find('+375290000003')).toBeNull();
    expect(await find('nonsense')).toBeNull();
  });

  it('is an error when the portal does not answer: that is not nobody', async () => {
    portal.crm.faults.next(1, { kind: 'status', status: 503 });
    await expect(find('+375290000001')).rejects.toMatchObject({ code: 'HTTP_503' });
    portal.crm.faults.next(1, { kind: 'status', status: 200, body: '{"result":{"odd":1}}' });
    await expect(find('+375290000001')).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  });
});

describe('the test button', () => {
  const portal = aPortal({
    webhooks: { '1/secret': null, '1/calls-only': ['telephony'], '1/no-calls': ['crm', 'user_basic'] },
  });
  const check = (secret = 'secret', changes = {}) =>
    portal.connect({ webhook_url: `${portal.crm.url}/rest/1/${secret}/`, ...changes }).connection.check(signal());

  it('is content, with an administrator’s key and every right, after two requests', async () => {
    expect(await check()).toEqual({ ok: true, account: new URL(portal.crm.url).host, warnings: [] });
    expect(portal.crm.exchanges).toHaveLength(2);
  });

  it('says of each right that is missing what it is for', async () => {
    const result = await check('calls-only');
    expect(result).toMatchObject({ ok: true });
    expect(result.ok ? result.warnings : []).toEqual([
      expect.stringMatching(/right crm is missing: .*clients.*tick/),
      expect.stringMatching(/right user is missing: .*inner numbers.*tick/),
    ]);
    expect(await check('no-calls')).toMatchObject({
      ok: false,
      code: 'insufficient_scope',
      why: expect.stringContaining('telephony') as string,
    });
  });

  it('says when the statistics cannot be read, or not all of them, and what follows from it', async () => {
    portal.crm.moods.statistics = false;
    expect(await check()).toMatchObject({
      warnings: [expect.stringMatching(/statistics.*ACCESS_DENIED.*right to view/)],
    });
  });

  it('says when nobody has an extension', async () =>
    expect(await check('secret', { user_extensions: {} })).toMatchObject({
      warnings: [expect.stringContaining('no extension')],
    }));

  it.each([
    [{ status: 401, error: 'OVERLOAD_LIMIT', text: 'REST API is blocked due to overload' }, /support/],
    [{ status: 403, error: 'PORTAL_DELETED', text: 'Portal was deleted' }, /deleted or closed/],
    [{ status: 401, error: 'ACCESS_DENIED', text: 'REST is available only by subscription' }, /plan/],
  ])('says what is the matter with the portal: %j', async (refusal, why) => {
    portal.crm.moods.refusal = refusal;
    expect(await check()).toMatchObject({ ok: false, code: refusal.error, why: expect.stringMatching(why) as string });
  });
});

describe('the test button of a key that is not an administrator’s', () => {
  const portal = aPortal({ admin: false });
  it('warns that a call may not be seen', async () =>
    expect(await portal.connect().connection.check(signal())).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('no administrator')],
    }));
});
