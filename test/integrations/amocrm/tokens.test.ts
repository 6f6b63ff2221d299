import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpRecorder } from '../../../src/delivery/http-recorder.js';
import type { ConnectionDeps } from '../../../src/integrations/contract.js';
import { INTEGRATION } from '../../standins/amocrm/server.js';
import { until } from '../../support/until.js';
import { attempt, freshMemory } from '../delivering.js';
import type { Live } from '../delivering.js';
import { aCall, eventsOf } from '../example-calls.js';
import { RECORD, amoCrmGround } from './ground.js';
import type { Ground } from './ground.js';

let ground: Ground;
/** What our side has committed, in order. */
let kept: Record<string, unknown>[];
beforeEach(() => {
  kept = [];
});
afterEach(() => ground.stop());

const keepSecrets = async (fields: Record<string, unknown>): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  kept.push(fields);
};

const HOUR_MS = 3_600_000;
const ACCOUNT = '0367/amocrm';

/** An account that has let us in by OAuth, some time ago. */
async function account(agoMs = 0) {
  ground = await amoCrmGround();
  const { tokens } = ground.crm;
  const first = tokens.pair(Date.now() - agoMs);
  const connect = (deps: Partial<ConnectionDeps> = { keepSecrets }, pair: Partial<typeof first> = first) => {
    const { clientId: client_id, clientSecret: client_secret } = INTEGRATION;
    return ground.connect({ client_id, client_secret, ...pair }, deps);
  };
  return { tokens, first, connect };
}

const record = ({ connection }: Pick<Live, 'connection'>, signal = AbortSignal.timeout(5_000)) =>
  attempt(connection, RECORD, eventsOf(aCall(), 'answered', '151').finished, freshMemory(), { signal });
const exchanges = () => ground.crm.exchanges.filter(({ path }) => path === '/oauth2/access_token').length;
const usedTokens = () =>
  ground.crm.exchanges.flatMap(({ headers }) => headers['authorization']?.replace('Bearer ', '') ?? []);

describe('a refused access token', () => {
  it('is renewed once, stored before it is used, and the request repeated', async () => {
    const { tokens, first, connect } = await account();
    tokens.end(first.access_token);
    const live = connect({
      keepSecrets: async (fields) => {
        await keepSecrets(fields);
        expect(usedTokens()).not.toContain(fields['access_token']);
      },
    });
    expect((await record(live)).kind).toBe('accepted');
    expect(kept).toEqual([tokens.issued[1]]);
    expect(usedTokens()).toEqual([first.access_token, tokens.issued[1]?.access_token]);
    expect((await record(live)).kind).toBe('accepted');
    expect(exchanges()).toBe(1);
  });

  it('is renewed once for ten calls at a time, and for a connection made anew meanwhile', async () => {
    const { tokens, first, connect } = await account();
    tokens.end(first.access_token);
    const lives = [connect(), connect()];
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, nth) => record(lives[nth % 2] ?? connect())));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(10).fill('accepted'));
    // Made with the old pair, and later than the exchange.
    expect((await record(connect())).kind).toBe('accepted');
    expect(exchanges()).toBe(1);
    expect(kept).toHaveLength(1);
  });

  it('that lives long waits for a person', async () => {
    const { connect } = await account();
    const live = connect({ keepSecrets }, { access_token: 'token-that-was-revoked', refresh_token: '' });
    expect(await record(live)).toMatchObject({ kind: 'rejected', code: 'RE_AUTHORISE', config: true });
    expect(exchanges()).toBe(0);
  });

  it('of an account nobody has let us into yet is not even sent', async () => {
    const { connect } = await account();
    const live = connect({ keepSecrets }, { access_token: '', refresh_token: '' });
    expect(await record(live)).toMatchObject({ kind: 'rejected', code: 'RE_AUTHORISE', config: true });
    expect(ground.crm.exchanges).toHaveLength(0);
  });

  it('is not exchanged where the new pair could be stored nowhere', async () => {
    const { tokens, first, connect } = await account();
    tokens.end(first.access_token);
    expect(await record(connect({}))).toMatchObject({ kind: 'rejected', code: 'RE_AUTHORISE', config: true });
    expect(exchanges()).toBe(0);
  });
});

describe('ahead of its end', () => {
  it('a pair is exchanged behind a request that went well, which does not wait for it', async () => {
    const { tokens, first, connect } = await account(13 * HOUR_MS);
    const live = connect();
    ground.crm.faults.next(1, { kind: 'delay', ms: 500 }, '/oauth2');
    expect((await record(live)).kind).toBe('accepted');
    expect(kept).toEqual([]);
    await until('the pair is stored', () => kept.length === 1);
    expect((await record(live)).kind).toBe('accepted');
    expect(usedTokens()).toEqual([first.access_token, tokens.issued[1]?.access_token]);
    expect(exchanges()).toBe(1);
  });

  it('a pair in the first half of its life is left alone', async () => {
    const { connect } = await account(11 * HOUR_MS);
    const live = connect();
    await record(live);
    await live.connection.close();
    expect(exchanges()).toBe(0);
  });

  it('closing waits until a pair under way is stored', async () => {
    const { connect } = await account(23 * HOUR_MS);
    const live = connect();
    await record(live);
    await live.connection.close();
    expect(kept).toHaveLength(1);
  });
});

describe('what can go wrong', () => {
  it('the database is away: the new pair is not used before it is stored, and not asked for twice', async () => {
    const { tokens, first, connect } = await account();
    tokens.end(first.access_token);
    let away = true;
    const live = connect({ keepSecrets: (fields) => (away ? Promise.reject(new Error('away')) : keepSecrets(fields)) });
    expect(await record(live)).toMatchObject({ kind: 'retry', code: 'TOKENS_NOT_STORED' });
    expect(await record(connect({ keepSecrets: () => Promise.reject(new Error('away')) }))).toMatchObject({
      kind: 'retry',
    });
    expect(usedTokens()).toEqual([first.access_token, first.access_token]);
    away = false;
    expect((await record(live)).kind).toBe('accepted');
    expect(exchanges()).toBe(1);
  });

  it('an attempt that is cut off does not take the new pair along', async () => {
    const { tokens, first } = await account();
    tokens.end(first.access_token);
    const http = ground.connect().http;
    const recorder = createHttpRecorder(http);
    const { clientId: client_id, clientSecret: client_secret } = INTEGRATION;
    const live = ground.connect(
      { client_id, client_secret, ...first },
      { http: recorder.clientOf(ACCOUNT), keepSecrets },
    );
    ground.crm.faults.next(1, { kind: 'delay', ms: 400 }, '/oauth2');
    const cut = new AbortController();
    setTimeout(() => cut.abort(), 150);
    await recorder.during({ account: ACCOUNT, shadow: false, signal: cut.signal }, async (recording) => {
      expect(await record(live, cut.signal)).toMatchObject({ kind: 'retry', code: 'ABORTED' });
      recording.close();
      // Nothing of the exchange is written down with the attempt.
      expect(recording.exchanges.map(({ request }) => new URL(request.url).pathname)).toEqual(['/api/v4/calls']);
    });
    await until('the pair is stored', () => kept.length === 1);
    expect((await record(live)).kind).toBe('accepted');
    expect(exchanges()).toBe(1);
  });

  it('in shadow mode nothing leaves, no exchange either', async () => {
    const { tokens, first } = await account();
    tokens.end(first.access_token);
    const recorder = createHttpRecorder(ground.connect().http);
    const { clientId: client_id, clientSecret: client_secret } = INTEGRATION;
    const live = ground.connect(
      { client_id, client_secret, ...first },
      { http: recorder.clientOf(ACCOUNT), keepSecrets },
    );
    await recorder.during({ account: ACCOUNT, shadow: true, signal: AbortSignal.timeout(5_000) }, () => record(live));
    expect(ground.crm.exchanges).toHaveLength(0);
  });

  it('a busy token endpoint is asked again later', async () => {
    const { tokens, first, connect } = await account();
    tokens.end(first.access_token);
    const live = connect();
    ground.crm.faults.next(1, { kind: 'status', status: 500 }, '/oauth2');
    ground.crm.faults.next(1, { kind: 'html' }, '/oauth2');
    expect((await record(live)).kind).toBe('retry');
    expect((await record(live)).kind).toBe('retry');
    expect((await record(live)).kind).toBe('accepted');
  });

  it('nothing of it is logged', async () => {
    const { tokens, first, connect } = await account();
    tokens.end(first.access_token);
    const live = connect();
    await record(live);
    tokens.end(tokens.issued[1]?.access_token ?? '');
    ground.crm.faults.next(
      1,
      { kind: 'status', status: 401, body: JSON.stringify({ hint: tokens.issued[1]?.refresh_token }) },
      '/oauth2',
    );
    const outcome = await record(live);
    const told = JSON.stringify(outcome) + live.logged();
    const secrets = tokens.issued.flatMap((pair) => Object.values(pair));
    for (const secret of [...secrets, INTEGRATION.clientSecret]) expect(told).not.toContain(secret);
  });
});

describe('a pair that was lost', () => {
  /** As after a kill between amoCRM's answer and our commit: what we have is void. */
  const lost = async () => {
    const { tokens, first, connect } = await account(20 * HOUR_MS);
    tokens.pair(Date.now());
    return { tokens, first, connect };
  };

  it('serves to its end with a warning, and then waits for a person', async () => {
    const { first, tokens, connect } = await lost();
    const live = connect();
    expect((await record(live)).kind).toBe('accepted');
    await until('the exchange was refused', () => live.logged().includes('cannot be renewed'));
    expect(await record(live)).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('let us into')] });
    expect(await live.connection.check(AbortSignal.timeout(5_000))).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('Token has been revoked')],
    });
    tokens.end(first.access_token);
    expect(await record(live)).toMatchObject({ kind: 'rejected', code: 'RE_AUTHORISE', config: true });
    expect(await record(live)).toMatchObject({ kind: 'rejected', code: 'RE_AUTHORISE', config: true });
    // A refusal is believed for a while.
    expect(exchanges()).toBe(1);
  });

  it('goes on with a new one', async () => {
    const { first, tokens, connect } = await lost();
    tokens.end(first.access_token);
    expect(await record(connect())).toMatchObject({ kind: 'rejected', code: 'RE_AUTHORISE' });
    expect((await record(connect({ keepSecrets }, tokens.pair(Date.now())))).kind).toBe('accepted');
  });
});
