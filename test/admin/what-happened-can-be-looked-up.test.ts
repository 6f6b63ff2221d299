import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { callerOf, oldSession, oldUser, outcomeOf } from './admin-client.js';
import type { Caller } from './admin-client.js';

const second = Math.floor(Date.now() / 1000);

describe('what happened can be looked up', () => {
  let crm: RetailCrmStandIn;
  let running: TestApp;
  let ann: Caller;
  let other: Caller;
  beforeAll(async () => {
    crm = await startRetailCrmStandIn();
    const both = ['0367', '0368'].map((number) =>
      retailCrmEnterprise({ number, token: `unit-token-${number}`, amiPort: null, crmUrl: crm.url }),
    );
    running = await startTestApp({ enterprises: both });
    ann = callerOf(running.app.url, await oldUser(running.db, '0367'));
    other = callerOf(running.app.url, await oldUser(running.db, '0368'));
    await missed('0367', 1, '375290000001');
    await missed('0367', 2, '375290000002');
    await missed('0368', 3, '375290000003');
    await post('0367', 'hangup', {
      UniqueId: `${second}.4`,
      Phone: '150',
      CallType: 2,
      CallStatus: '0',
      Extensions: ['151'],
      Trunk: '',
    });
    await until('every call to be told', async () => {
      await running.app.idle();
      const { rows } = await running.db.pool.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM integration_logs WHERE status = 'success' AND step = 'record'`,
      );
      const internal = await running.db.pool.query(
        `SELECT FROM calls WHERE direction = 'internal' AND result IS NOT NULL`,
      );
      return rows[0]?.n === 3 && internal.rowCount === 1;
    });
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await crm.stop();
  });

  async function post(enterprise: string, event: string, body: object): Promise<void> {
    const headers = { Token: `unit-token-${enterprise}` };
    const answer = await fetch(`${running.app.url}/${event}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
  }
  async function missed(enterprise: string, n: number, Phone: string): Promise<void> {
    const call = { UniqueId: `${second}.${n}`, Phone, CallType: 0, Trunk: '0001363' };
    await post(enterprise, 'start', call);
    await post(enterprise, 'dial', { ...call, Extensions: ['150', '151'] });
    await post(enterprise, 'hangup', { ...call, CallStatus: '0', Extensions: [] });
  }

  it('calls, by number however it is written, by extension, by how they ended', async () => {
    const find = async (filter: object) =>
      (await ann.api.calls.list.query({ enterprise: '0367', ...filter })).rows.map(({ phone }) => phone);
    expect((await find({})).filter(Boolean).sort()).toEqual(['+375290000001', '+375290000002']);
    expect(await find({ phone: '8 (029) 000-00-01' })).toEqual(['+375290000001']);
    expect(await find({ phone: '+375290000003' })).toEqual([]);
    expect(await find({ extension: '151', direction: 'in', result: 'missed' })).toHaveLength(2);
    expect(await find({ result: 'live' })).toEqual([]);
    expect(await find({ from: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
  });

  it('one call, from the first post to what the CRM answered, each so long after the first', async () => {
    const { call, timeline, owed, live } = await ann.api.calls.get.query({ enterprise: '0367', id: `${second}.1` });
    expect(call).toMatchObject({ external: '+375290000001', result: 'missed' });
    expect(live).toBe(false);
    expect(timeline[0]).toMatchObject({ offsetMs: 0, kind: 'fact', source: 'webhook', event: 'start' });
    expect(timeline.map(({ offsetMs }) => offsetMs)).toEqual(
      timeline.map(({ offsetMs }) => offsetMs).sort((a, b) => a - b),
    );
    const card = timeline.find((entry) => entry.kind === 'attempt' && entry.status === 'success');
    expect(card).toMatchObject({ integration: 'retailcrm', attempt: 1, error: null });
    expect(JSON.stringify(card)).toContain('/api/v5/telephony/');
    expect(owed.some(({ outcome }) => outcome.startsWith('done'))).toBe(true);
    expect(JSON.stringify(timeline)).not.toContain('key-1');
  });

  it('why a call was not sent', async () => {
    const { owed } = await ann.api.calls.get.query({ enterprise: '0367', id: `${second}.4` });
    expect(owed).toMatchObject([
      { integration: 'retailcrm', outcome: expect.stringContaining('internal call') as string },
    ]);
  });

  it('each page of the log behind the one before, and every line once', async () => {
    const all = await ann.api.logs.list.query({ enterprise: '0367', limit: 200 });
    expect(all.next).toBeNull();
    const walked: string[] = [];
    let before: { at: string; id: string } | null = null;
    do {
      const page: Awaited<ReturnType<typeof ann.api.logs.list.query>> = await ann.api.logs.list.query({
        enterprise: '0367',
        limit: 2,
        before,
      });
      walked.push(...page.rows.map(({ id }) => id));
      before = page.next;
    } while (before);
    expect(walked).toEqual(all.rows.map(({ id }) => id));
    expect(walked.length).toBeGreaterThan(3);
  });

  it('lines by kind, status, event, number and call, and one with what was asked and answered', async () => {
    const find = async (filter: object) => (await ann.api.logs.list.query({ enterprise: '0367', ...filter })).rows;
    expect(await find({ type: 'bitrix24' })).toEqual([]);
    expect(await find({ statuses: ['error', 'unknown'] })).toEqual([]);
    const hangups = await find({ event: 'hangup', statuses: ['success'], phone: '80290000002' });
    expect(new Set(hangups.map(({ phone, status }) => `${phone} ${status}`))).toEqual(
      new Set(['+375290000002 success']),
    );
    const ofCall = await find({ call: `0367-${second}.2` });
    expect(new Set(ofCall.map(({ phone }) => phone))).toEqual(new Set(['+375290000002']));
    expect(await find({ call: `0368-${second}.3` })).toEqual([]);
    const line = hangups.find(({ step }) => step === 'record');
    const entry = await ann.api.logs.get.query({ enterprise: '0367', ...(line as NonNullable<typeof line>) });
    expect(JSON.stringify(entry.request)).toContain('calls/upload');
    expect(JSON.stringify(entry.response)).toContain('processedCallsCount');
    expect(JSON.stringify(entry)).not.toContain('key-1');
  });

  it('nothing of another enterprise, by whatever id it is named', async () => {
    const { rows: lines } = await ann.api.logs.list.query({ enterprise: '0367' });
    const { rows: calls } = await ann.api.calls.list.query({ enterprise: '0367' });
    const { rows: sent } = await ann.api.deliveries.list.query({ enterprise: '0367', states: ['done', 'skipped'] });
    const mine = { enterprise: '0368' };
    const [line, call] = [lines[0], calls[0]];
    if (!line || !call || !sent[0]) throw new Error('there is nothing to steal');
    const ids = sent.map(({ id }) => id);
    expect(await outcomeOf(other.api.logs.get.query({ ...mine, ...line }))).toBe('NOT_FOUND');
    for (const id of [call.id, call.externalId, `${second}.1`])
      expect(await outcomeOf(other.api.calls.get.query({ ...mine, id })), id).toBe('NOT_FOUND');
    expect((await other.api.logs.list.query({ ...mine, call: call.id })).rows).toEqual([]);
    expect(await other.api.deliveries.progress.query({ ...mine, ids })).toEqual({});
    await running.db.pool.query(
      `UPDATE deliveries SET state = 'dead' WHERE enterprise_number = '0367' AND step = 'record'`,
    );
    expect((await other.api.deliveries.replay.mutate({ ...mine, ids })).ids).toEqual([]);
    expect((await other.api.deliveries.replayDead.mutate(mine)).ids).toEqual([]);
    expect(await ann.api.deliveries.counts.query({ enterprise: '0367' })).toMatchObject([
      { type: 'retailcrm', dead: 2 },
    ]);
  });

  it('what was given up on is sent again, one or all that is left, and watched until it is there', async () => {
    const dead = await ann.api.deliveries.list.query({ enterprise: '0367' });
    expect(dead.rows.map(({ state }) => state)).toEqual(['dead', 'dead']);
    const [one] = dead.rows;
    const ids = [one?.id ?? ''];
    expect(await ann.api.deliveries.replay.mutate({ enterprise: '0367', ids })).toEqual({ ids });
    const rest = await ann.api.deliveries.replayDead.mutate({ enterprise: '0367', limit: 1 });
    expect(rest).toMatchObject({ left: 0 });
    ids.push(...rest.ids);
    await until('both to be there', async () => {
      const states = await ann.api.deliveries.progress.query({ enterprise: '0367', ids });
      return states['done'] === 2;
    });
    expect(crm.state.calls).toHaveLength(3);
  });

  it('a super-admin sees what each of them sees', async () => {
    const root = callerOf(running.app.url, await oldSession(running.db, null));
    for (const enterprise of ['0367', '0368'])
      expect((await root.api.logs.list.query({ enterprise })).rows.length).toBeGreaterThan(0);
  });
});
