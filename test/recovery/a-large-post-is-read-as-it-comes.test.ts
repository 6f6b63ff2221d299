import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { local, madeCall } from './made-calls.js';
import type { MadeCall } from './made-calls.js';

const MOST_BYTES = 10 * 1024 * 1024;
/** Seconds, so that every call of a post is of one day and some go on side by side. */
const APART = 5;
const TIMEOUT = 180_000;
/** MB, with the body, the daemon, its client and this test in one process. */
const MOST_GROWN = 400;

let crm: Awaited<ReturnType<typeof startRetailCrmStandIn>>;
let app: TestApp;
let second = Math.floor(Date.now() / 1_000) - 20 * 3_600;

beforeAll(async () => {
  crm = await startRetailCrmStandIn();
  app = await startTestApp({ enterprises: [retailCrmEnterprise({ amiPort: null, crmUrl: crm.url })] });
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await crm.stop();
});

interface Body {
  calls: MadeCall[];
  /** As JSON, in the order of their time. */
  events: string[];
}

/** As many calls as fit into so many bytes, each event so much longer than it need be. */
function bodyOf(bytes: number, more: number): Body {
  const calls: MadeCall[] = [];
  const told: { at: number; text: string }[] = [];
  for (let size = 2; ;) {
    const call = madeCall((second += APART), { name: 'Анна' });
    const own = call.events.map(({ after, event, body }) => {
      const dated = { event, ...body, DateTime: local(call.at + after), More: 'x'.repeat(more) };
      return { at: call.at + after, text: JSON.stringify(dated) };
    });
    size += own.reduce((sum, one) => sum + Buffer.byteLength(one.text) + 1, 0);
    if (size >= bytes) break;
    calls.push(call);
    told.push(...own);
  }
  const events = told.toSorted((one, other) => one.at - other.at).map((one) => one.text);
  return { calls, events };
}

interface Told {
  status: number;
  body: { stored?: number; refused?: number; code?: string };
}

interface Sending {
  write(piece: string): Promise<void>;
  end(): Promise<Told>;
}

/** One post, written as the test likes; `length`: what it says of itself. */
function post(length: number | null): Sending {
  const sending = request(`${app.app.url}/download`, {
    method: 'POST',
    headers: { Token: 'unit-token-0001', ...(length === null ? {} : { 'Content-Length': length }) },
  });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  return {
    async write(piece) {
      if (!sending.write(piece)) await once(sending, 'drain');
    },
    async end() {
      sending.end();
      const [answer] = await answered;
      return { status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) as Told['body'] };
    },
  };
}

async function whole(body: string): Promise<Told> {
  const sending = post(Buffer.byteLength(body));
  await sending.write(body);
  return sending.end();
}

async function count(sql: string): Promise<number> {
  const { rows } = await app.db.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`);
  return rows[0]?.n ?? 0;
}

const waiting = () => count('recovery_inbox');
const over = () => count('calls WHERE state IS NULL');

/** Each of them has its record, once, and it says what happened. */
async function expectRecords({ calls }: Body): Promise<void> {
  await until('an empty inbox', async () => (await waiting()) === 0, TIMEOUT);
  const uids = calls.map(({ uid }) => uid);
  const { rows } = await app.db.pool.query<{ told: number; right: number; owed: number }>(
    `SELECT count(*)::int AS told,
            count(*) FILTER (WHERE result = 'answered' AND talk_ms = 30000 AND recovered AND NOT approximate)::int AS right,
            (SELECT count(*)::int FROM deliveries d JOIN calls o ON o.id = d.call_id WHERE o.unique_id = ANY ($1)) AS owed
       FROM calls WHERE unique_id = ANY ($1)`,
    [uids],
  );
  expect(rows).toEqual([{ told: uids.length, right: uids.length, owed: uids.length }]);
  expect(crm.state.cards).toEqual([]);
}

/** The most this process held beyond what it held before, MB. */
async function grownBy(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const looking = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  await work();
  clearInterval(looking);
  return (most - before) / 1024 / 1024;
}

describe('a post to /download of just under 10 MB', () => {
  test('one event a line, is stored while it still comes', { timeout: TIMEOUT }, async () => {
    const body = bodyOf(MOST_BYTES, 200);
    const lines = body.events.map((event) => `${event}\n`);
    expect(lines.length).toBeGreaterThan(20_000);
    const grown = await grownBy(async () => {
      const sending = post(null);
      const half = lines.length / 2;
      await sending.write(lines.slice(0, half).join(''));
      await until('its first half', async () => (await waiting()) + (await over()) * 8 > half / 2);
      await sending.write(lines.slice(half).join(''));
      expect(await sending.end()).toMatchObject({ status: 200, body: { stored: lines.length, refused: 0 } });
      await expectRecords(body);
    });
    expect(grown).toBeLessThan(MOST_GROWN);
  });

  test('an array, is as good', { timeout: TIMEOUT }, async () => {
    const body = bodyOf(MOST_BYTES, 200);
    const grown = await grownBy(async () => {
      const told = await whole(`[${body.events.join(',')}]`);
      expect(told).toMatchObject({ status: 200, body: { stored: body.events.length, refused: 0 } });
      await expectRecords(body);
    });
    expect(grown).toBeLessThan(MOST_GROWN);
  });
});

describe('a post to /download of more than 10 MB', () => {
  test('that says so is refused, and nothing of it is stored', async () => {
    const { events } = bodyOf(MOST_BYTES + 200_000, 8_000);
    const before = await over();
    const told = await whole(`[${events.join(',')}]`);
    expect(told).toMatchObject({ status: 413, body: { code: 'WEBHOOK_TOO_LARGE' } });
    expect([await waiting(), await over()]).toEqual([0, before]);
  });

  test('that does not say so is refused, and makes each call once when it comes again in parts', async () => {
    const body = bodyOf(MOST_BYTES + 200_000, 8_000);
    const sending = post(null);
    for (const event of body.events) await sending.write(`${event}\n`);
    expect(await sending.end()).toMatchObject({ status: 413, body: { code: 'WEBHOOK_TOO_LARGE' } });
    const half = body.events.length / 2;
    for (const part of [body.events.slice(0, half), body.events.slice(half)])
      expect(await whole(part.join('\n'))).toMatchObject({ status: 200, body: { stored: part.length } });
    await expectRecords(body);
  });

  test('is refused in a way that whoever writes to the end before he reads can read', async () => {
    const { port } = new URL(app.app.url);
    const body = `${JSON.stringify({ event: 'start', UniqueId: '1.1', More: 'x'.repeat(60_000) })}\n`.repeat(250);
    const head = `POST /download HTTP/1.1\r\nHost: a\r\nToken: unit-token-0001\r\nContent-Length: ${body.length}\r\n`;
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    await once(socket, 'connect');
    socket.pause();
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.write(`${head}Connection: close\r\n\r\n${body}`, () => resolve());
    });
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('far more is not read to its end', async () => {
    const sending = post(null);
    const event = `${JSON.stringify({ event: 'start', UniqueId: '1.1', More: 'x'.repeat(60_000) })}\n`;
    const writing = (async () => {
      for (let n = 0; n < 2_000; n += 1) await sending.write(event);
      return sending.end();
    })();
    const cut = await writing.then(
      ({ status }) => String(status),
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(['413', 'EPIPE', 'ECONNRESET']).toContain(cut);
  });
});

test('calls that go on hold back no other, however many events were posted of them', { timeout: TIMEOUT }, async () => {
  const at = (second += 3_600);
  const [open, other] = [madeCall(at), madeCall(at + 60)];
  const begun = open.events
    .slice(0, 5)
    .map(({ after, event, body }) => ({ event, ...body, DateTime: local(at + after) }));
  const held = Array.from({ length: 21_000 }, (_none, index) => ({
    ...{ event: 'new_callerid', ...open.events[1]?.body, Exten: `${index}` },
    DateTime: local(at + 30 + index / 1_000),
  }));
  const ended = other.events.map(({ after, event, body }) => ({ event, ...body, DateTime: local(other.at + after) }));
  const body = [...begun, ...held, ...ended].map((event) => JSON.stringify(event)).join('\n');
  expect((await whole(body)).status).toBe(200);
  await until('the other', async () => (await count(`calls WHERE unique_id = '${other.uid}' AND state IS NULL`)) === 1);
});
