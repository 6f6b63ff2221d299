/** The whole daemon, its database and a strict CRM: a unique id that comes again is a second call with a second record. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startAmiServer } from '../support/ami-server.js';
import type { AmiServer, AmiServerOptions } from '../support/ami-server.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const USERS = [150, 151, 152].map((code, index) => ({ id: 6 + index, firstName: `User ${code}`, code: String(code) }));
const UNTOLD = /^Event: (Newchannel|Newexten|VarSet)\r?$/m;

/** The events of a recorded call, message by message. */
function recorded(name: string): string[] {
  const capture = readFileSync(new URL(`../captures/22/${name}.ami`, import.meta.url), 'latin1');
  return capture.slice(capture.indexOf('Event: Newchannel')).split(/(?<=\r\n\r\n)/);
}

/** As the sample user `safe` hears it. */
const heardBySafe = (messages: readonly string[]) => messages.filter((message) => !UNTOLD.test(message));

/** A daemon that may be stopped and started on the same database, a PBX of ours and a CRM. */
class Bench implements AsyncDisposable {
  readonly #undo: (() => PromiseLike<unknown>)[] = [];
  #links = 0;
  db!: TestDb;
  crm!: RetailCrmStandIn;
  pbx: AmiServer | null = null;
  app!: TestApp;

  static async open(pbx: AmiServerOptions | null = {}): Promise<Bench> {
    const bench = new Bench();
    bench.db = await createTestDb();
    bench.#undo.push(() => bench.db.drop());
    bench.crm = await startRetailCrmStandIn({ users: USERS });
    bench.#undo.push(() => bench.crm.stop());
    if (pbx) await bench.movePbx(pbx);
    await bench.start();
    return bench;
  }

  /** Another machine, at another address. */
  async movePbx(options: AmiServerOptions): Promise<void> {
    const pbx = await startAmiServer(options);
    this.#undo.push(() => pbx.close());
    this.pbx = pbx;
    this.#links = 0;
  }

  async start(): Promise<void> {
    const enterprise = retailCrmEnterprise({ amiPort: this.pbx?.port ?? null, crmUrl: this.crm.url });
    this.app = await startTestApp({ enterprises: [enterprise], db: this.db });
    const { app } = this;
    this.#undo.push(() => app[Symbol.asyncDispose]());
    if (this.pbx) await this.linked();
  }

  /** The PBX has been caught up with once more. */
  async linked(): Promise<void> {
    const key = `127.0.0.1:${String(this.pbx?.port)}`;
    await this.pbx?.login(++this.#links);
    await until('the snapshot', async () => {
      const { rows } = await this.db.pool.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM asterisk_logs WHERE event_type = 'snapshot' AND pbx = $1",
        [key],
      );
      return (rows[0]?.n ?? 0) >= this.#links;
    });
  }

  async restart(): Promise<void> {
    await this.app.stop();
    await this.start();
  }

  async play(messages: readonly string[]): Promise<void> {
    const peer = this.pbx?.peers.findLast((one) => one.loggedIn);
    await peer?.play(Buffer.from(messages.join(''), 'latin1'), 'whole');
  }

  async post(event: string, body: object): Promise<void> {
    const answer = await fetch(`${this.app.app.url}/${event}`, {
      method: 'POST',
      headers: { Token: 'unit-token-0001' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  }

  /** Whatever has ended, ended so much earlier. */
  async passTime(hours: number): Promise<void> {
    await this.db.pool.query(`UPDATE call_uids SET ended_at = ended_at - $1 * interval '1 hour'`, [hours]);
  }

  async records(count: number): Promise<RetailCrmStandIn['state']['calls']> {
    await until(`record ${count}`, () => this.crm.state.calls.length >= count);
    await this.app.app.idle();
    return this.crm.state.calls;
  }

  /** Each call that was told has ended, once; no two have the same id towards CRMs. */
  async expectAllOver(): Promise<void> {
    const { rows } = await this.db.pool.query(
      `SELECT count(*)::int AS calls, count(DISTINCT external_id)::int AS ids, count(ended_at)::int AS over,
              (SELECT count(*)::int FROM call_events WHERE kind = 'call.finished') AS told,
              (SELECT count(*)::int FROM deliveries WHERE state IN ('dead', 'pending', 'started')) AS owed
         FROM calls WHERE merged_into IS NULL`,
    );
    const calls = this.crm.state.calls.length;
    expect(rows).toEqual([{ calls, ids: calls, over: calls, told: calls, owed: 0 }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#undo.splice(0).reverse()) await step();
  }
}

const ID = '0367-1795386355.0';
const SECOND = /^0367-1795386355\.0-[0-9a-f]{8}$/;

test('over AMI, with a restart of the daemon in between and one while the second call talks', async () => {
  await using bench = await Bench.open();
  const call = recorded('inbound-answered');
  await bench.play(call);
  await bench.records(1);
  await bench.restart();
  await bench.passTime(24);

  const talking = call.findLastIndex((message) => message.startsWith('Event: BridgeEnter')) + 1;
  await bench.play(call.slice(0, talking));
  await until('the second answer', async () => {
    const { rows } = await bench.db.pool.query("SELECT 1 FROM call_events WHERE kind = 'call.answered'");
    return rows.length === 2;
  });
  if (bench.pbx) bench.pbx.options.channels = liveRows(call.slice(0, talking));
  await bench.restart();
  if (bench.pbx) bench.pbx.options.channels = [];
  await bench.play(call.slice(talking));

  const records = await bench.records(2);
  expect(records.map(({ code, result }) => [code, result])).toEqual(Array(2).fill(['150', 'answered']));
  expect(records.map(({ externalId }) => externalId)).toEqual([ID, expect.stringMatching(SECOND)]);
  const { rows } = await bench.db.pool.query(
    "SELECT DISTINCT event->'call'->>'externalId' AS id FROM call_events ORDER BY 1",
  );
  expect(rows).toEqual(records.map(({ externalId }) => ({ id: externalId })));
  await bench.expectAllOver();
});

/** What `Status` shows of the channels of these events. */
function liveRows(messages: readonly string[]): string[][] {
  const rows = new Map<string, string[]>();
  for (const message of messages.filter((one) => one.startsWith('Event: BridgeEnter'))) {
    const lines = message.trimEnd().split('\r\n');
    const bridge = lines.find((line) => line.startsWith('BridgeUniqueid: '))?.replace('BridgeUniqueid', 'BridgeID');
    const shown = lines.filter((line) => /^(Channel|Uniqueid|Linkedid|Context|Exten|CallerIDNum)/.test(line));
    rows.set(lines.find((line) => line.startsWith('Uniqueid: ')) ?? '', [
      ...shown,
      bridge ?? '',
      `Application: ${rows.size === 0 ? 'AppDial' : 'Dial'}`,
      'Seconds: 3',
    ]);
  }
  return [...rows.values()];
}

test('over AMI for the safe user, after a restart of the PBX minutes later', async () => {
  await using bench = await Bench.open({ startup: { date: '2026-11-22', time: '08:00:00' } });
  const call = heardBySafe(recorded('inbound-answered'));
  await bench.play(call);
  await bench.records(1);
  if (bench.pbx) bench.pbx.options.startup = { date: '2026-11-22', time: '08:00:30' };
  for (const peer of bench.pbx?.peers ?? []) peer.cut();
  await bench.linked();
  await bench.play(call);
  const records = await bench.records(2);
  expect(records.map(({ externalId }) => externalId)).toEqual([ID, expect.stringMatching(SECOND)]);
  await bench.expectAllOver();
});

test('of a call of many legs, with its linked id, once more at once and again from a PBX at another address', async () => {
  await using bench = await Bench.open();
  const group = recorded('inbound-group-local');
  await bench.play(group);
  await bench.records(1);
  await bench.play(group);
  await bench.records(2);
  await bench.movePbx({});
  await bench.restart();
  await bench.play(group);
  const records = await bench.records(3);
  const [first] = records;
  expect(records.map(({ code, duration }) => [code, duration])).toEqual(Array(3).fill([first?.code, first?.duration]));
  expect(new Set(records.map(({ externalId }) => externalId)).size).toBe(3);
  for (const { externalId } of records.slice(1)) expect(externalId?.startsWith(`${first?.externalId}-`)).toBe(true);
  await bench.expectAllOver();
});

const UID = '1700000000.6';
const POST = { UniqueId: UID, Phone: '375290000001', CallType: 0, Trunk: '0001363' };
const TIMES = { DateReceived: '2025-01-15 12:05:30', StartTime: '2025-01-15 12:05:23' };
const hangup = (EndTime: string) => ({ ...POST, ...TIMES, EndTime, CallStatus: '2', Extensions: ['151'] });

async function postCall(bench: Bench, meanwhile: () => Promise<void>, end: object): Promise<void> {
  const staff = { UniqueId: '1700000000.8', Channel: 'SIP/151-00000006', CallerIDNum: '151' };
  const client = { UniqueId: UID, Channel: 'SIP/0001363-00000004', CallerIDNum: '375290000001' };
  const bridge = { BridgeUniqueid: '00000000-0000-4000-8000-000000000010' };
  await bench.post('start', POST);
  await meanwhile();
  await bench.post('dial', { ...POST, Extensions: ['150', '151'] });
  await bench.post('bridge', { ...staff, ...bridge });
  await bench.post('bridge', { ...client, ...bridge });
  await meanwhile();
  await bench.post('bridge_leave', { ...client, ...bridge, BridgeNumChannels: '0' });
  await bench.post('hangup', end);
}

test('over webhooks, while the first call’s hang-up is posted again', async () => {
  await using bench = await Bench.open(null);
  const [first, second] = [hangup('2025-01-15 12:06:13'), hangup('2025-01-15 12:08:01')];
  await postCall(bench, () => Promise.resolve(), first);
  await bench.records(1);
  await bench.app.stop();
  await bench.passTime(5);
  await bench.start();
  await bench.post('hangup', first);
  await postCall(bench, () => bench.post('hangup', first), second);
  await bench.post('hangup', second);
  await bench.post('hangup', first);
  const records = await bench.records(2);
  expect(records.map(({ externalId }) => externalId)).toEqual([
    `0367-${UID}`,
    expect.stringMatching(new RegExp(`^0367-${UID}-[0-9a-f]{8}$`)),
  ]);
  expect(records.map(({ code, result }) => [code, result])).toEqual(Array(2).fill(['151', 'answered']));
  await until('every post to be folded', async () => {
    const { rows } = await bench.db.pool.query('SELECT 1 FROM webhook_inbox');
    return rows.length === 0;
  });
  await bench.expectAllOver();
});

test('a call that is heard again is none: late, from a snapshot, and after a restart of the daemon', async () => {
  await using bench = await Bench.open();
  const call = recorded('inbound-answered');
  await bench.play(call);
  await bench.records(1);
  await bench.passTime(3);
  if (bench.pbx) bench.pbx.options.channels = liveRows(call).map((row) => [...row.slice(0, -1), 'Seconds: 14400']);
  await bench.restart();
  await bench.play(call.slice(-3));
  await bench.restart();
  await bench.post('hangup', { ...hangup('2025-01-15 12:06:13'), UniqueId: '1795386355.0' });
  await until('the post to be folded', async () => {
    const { rows } = await bench.db.pool.query("SELECT 1 FROM asterisk_logs WHERE source = 'webhook'");
    return rows.length === 1;
  });
  await bench.records(1);
  await bench.expectAllOver();
});
