import { afterEach, describe, expect, it } from 'vitest';
import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import type { Step } from '../../../src/integrations/contract.js';
import { startBitrix24StandIn } from '../../standins/bitrix24/server.js';
import type { Bitrix24StandIn } from '../../standins/bitrix24/server.js';
import { until } from '../../support/until.js';
import { attempt, deliverAll, freshMemory } from '../delivering.js';
import { NOON, aCall, eventsOf } from '../example-calls.js';
import { aPortal } from './ground.js';

const portal = aPortal();
const RECORD: Step = { step: 'record', class: 'durable' };
const finished = () => eventsOf(aCall(), 'answered', '152').finished;

function application(changes: Record<string, unknown> = {}) {
  const { clientId, clientSecret, accessToken, refreshToken } = portal.crm.tokens.application;
  return {
    webhook_url: null,
    client_endpoint: `${portal.crm.url}/rest/`,
    client_id: clientId,
    client_secret: clientSecret,
    access_token: accessToken,
    refresh_token: refreshToken,
    oauth_url: portal.crm.url,
    ...changes,
  };
}

describe('a webhook on a portal that lets only applications register', () => {
  it('stops the lane and says what to make instead, in deliveries and in the test', async () => {
    portal.crm.moods.webhooksDenied = true;
    const live = portal.connect();
    expect(await attempt(live.connection, RECORD, finished(), freshMemory())).toMatchObject({
      kind: 'rejected',
      code: 'WRONG_AUTH_TYPE',
      config: true,
      why: expect.stringContaining('local application') as string,
    });
    expect(await live.connection.check(AbortSignal.timeout(5_000))).toMatchObject({
      ok: false,
      code: 'WRONG_AUTH_TYPE',
      why: expect.stringContaining('local application') as string,
    });
  });
});

describe('an application', () => {
  it('registers and finishes where a webhook may not, its token in the body alone', async () => {
    portal.crm.moods.webhooksDenied = true;
    const { ringing, finished: end } = eventsOf(aCall(), 'answered', '152');
    await deliverAll(bitrix24, portal.connect(application()), [ringing, end]);
    expect(portal.crm.state.calls).toMatchObject([{ userId: 12 }]);
    for (const { path, query, body, headers } of portal.crm.exchanges) {
      expect(`${path}?${query.toString()} ${JSON.stringify(headers)}`).not.toContain('access-token');
      expect(JSON.parse(body)).toMatchObject({ auth: 'access-token-0000' });
    }
  });

  it('renews an expired token once for all who wait, keeps the pair before it is used, and the calls go on', async () => {
    const kept: Record<string, string>[] = [];
    const usedBeforeKept: boolean[] = [];
    const keepSecrets = async (fields: Record<string, string>) => {
      usedBeforeKept.push(portal.crm.exchanges.some(({ body }) => body.includes(fields['access_token'] ?? '?')));
      await new Promise((resolve) => setTimeout(resolve, 30));
      kept.push(fields);
    };
    const live = portal.connect(application(), { keepSecrets });
    portal.crm.tokens.expire();
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => attempt(live.connection, RECORD, finished(), freshMemory())),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(5).fill('accepted'));
    expect(portal.crm.state.calls).toHaveLength(5);
    expect(kept).toEqual([{ access_token: 'access-token-0001', refresh_token: 'refresh-token-0001' }]);
    expect(usedBeforeKept).toEqual([false]);
    expect(portal.crm.tokens.renewals).toBe(1);
    portal.crm.tokens.expire();
    expect((await attempt(live.connection, RECORD, finished(), freshMemory())).kind).toBe('accepted');
    expect(kept.at(-1)).toEqual({ access_token: 'access-token-0002', refresh_token: 'refresh-token-0002' });
  });

  it('does not use a pair that could not be kept, and keeps it the next time without asking for another', async () => {
    let away = true;
    const keepSecrets = async () => {
      if (away) throw new Error('the database is away');
    };
    const live = portal.connect(application(), { keepSecrets });
    portal.crm.tokens.expire();
    expect(await attempt(live.connection, RECORD, finished(), freshMemory())).toMatchObject({
      kind: 'retry',
      code: 'TOKENS_NOT_KEPT',
    });
    away = false;
    expect((await attempt(live.connection, RECORD, finished(), freshMemory())).kind).toBe('accepted');
    expect(portal.crm.tokens.renewals).toBe(1);
  });

  it('goes on with the renewal although the attempt that needed it is over', async () => {
    const live = portal.connect(application(), { keepSecrets: async () => {} });
    portal.crm.tokens.expire();
    portal.crm.faults.next(1, { kind: 'delay', ms: 300 }, '/oauth/');
    const stop = new AbortController();
    const cut = attempt(live.connection, RECORD, finished(), freshMemory(), { signal: stop.signal });
    await until('the renewal is under way', () => portal.crm.exchanges.some(({ path }) => path.startsWith('/oauth/')));
    stop.abort();
    expect((await attempt(live.connection, RECORD, finished(), freshMemory())).kind).toBe('accepted');
    expect((await cut).kind).toBe('retry');
    expect(portal.crm.tokens.renewals).toBe(1);
  });

  it.each([
    ['the refresh token is void', { refresh_token: 'refresh-token-of-before' }, 'invalid_grant'],
    ['the application is gone', { client_secret: 'another' }, 'invalid_client'],
    ['nothing to renew it with was given', { client_secret: null }, 'expired_token'],
  ])('stops the lane for a person when %s', async (_what, changes, code) => {
    const live = portal.connect(application(changes));
    portal.crm.tokens.expire();
    expect(await attempt(live.connection, RECORD, finished(), freshMemory())).toMatchObject({
      kind: 'rejected',
      code,
      config: true,
    });
    expect(portal.crm.state.calls).toEqual([]);
  });

  it.each([
    { kind: 'status', status: 503 },
    { kind: 'html' },
    { kind: 'close-after' },
    { kind: 'truncated-json' },
  ] as const)('tries again when the authorisation server answers %j: nothing was done at the portal', async (fault) => {
    const live = portal.connect(application());
    portal.crm.tokens.expire();
    portal.crm.faults.next(1, fault, '/oauth/');
    expect(await attempt(live.connection, RECORD, finished(), freshMemory())).toMatchObject({ kind: 'retry' });
  });

  it('that no portal has installed yet sends nothing and says what to do; a webhook beside it serves meanwhile', async () => {
    const waiting = portal.connect(application({ access_token: null, refresh_token: null }));
    expect(await attempt(waiting.connection, RECORD, finished(), freshMemory())).toMatchObject({
      kind: 'rejected',
      code: 'NOT_INSTALLED',
      config: true,
    });
    expect(waiting.connection.howToLetIn?.('')).toEqual({ enter: 'https://pbx.example.invalid/bitrix24/install/0367' });
    expect(portal.crm.exchanges).toEqual([]);
    const both = application({ access_token: null, webhook_url: `${portal.crm.url}/rest/1/secret/` });
    const live = portal.connect(both);
    expect((await attempt(live.connection, RECORD, finished(), freshMemory())).kind).toBe('accepted');
  });

  it('of another code than the settings name is not taken for ours', async () => {
    const live = portal.connect(application({ client_id: 'local.9' }), { keepSecrets: async () => {} });
    expect(await live.connection.letIn?.(portal.crm.tokens.installed(), AbortSignal.timeout(5_000))).toMatchObject({
      ok: false,
      code: 'OTHER_APPLICATION',
    });
  });

  it('is refused by name when its token is none', async () =>
    expect(
      await portal.connect(application({ access_token: 'nonsense' })).connection.check(AbortSignal.timeout(5_000)),
    ).toMatchObject({ ok: false, code: 'NO_AUTH_FOUND' }));
});

describe('a portal that has moved', () => {
  let other: Bitrix24StandIn | null = null;
  afterEach(async () => {
    await other?.stop();
    other = null;
  });

  it('is followed with the whole request, then asked where it is now, and the test says so', async () => {
    other = await startBitrix24StandIn({ bucket: { perSecond: 0, most: 0 }, now: () => NOON + 60_000 });
    const { url } = other;
    portal.crm.moods.redirect = (path) => `${url}${path}`;
    const { ringing, finished: end } = eventsOf(aCall(), 'answered', '152');
    const live = portal.connect();
    const outcomes = await deliverAll(bitrix24, live, [ringing, end]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    expect(other.state.calls).toMatchObject([{ externalId: end.call.externalId }]);
    expect(portal.crm.exchanges).toHaveLength(1);
    const host = new URL(other.url).host;
    expect(await live.connection.check(AbortSignal.timeout(5_000))).toMatchObject({
      ok: true,
      account: host,
      warnings: expect.arrayContaining([expect.stringContaining(host)]) as string[],
    });
  });

  it.each(['https://elsewhere.example.invalid/login', '/auth/'])(
    'to what is no REST is not: the key stays here (%s)',
    async (location) => {
      portal.crm.moods.redirect = () => location;
      const live = portal.connect();
      expect(location).toBeTruthy();
      expect(await attempt(live.connection, RECORD, finished(), freshMemory())).toMatchObject({
        kind: 'rejected',
        code: 'REDIRECT',
        config: true,
      });
      expect(portal.crm.exchanges).toHaveLength(1);
    },
  );
});
