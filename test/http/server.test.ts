import { request } from 'node:http';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { HTTP_STATUS } from '../../src/http/errors.js';
import { createHealth } from '../../src/http/health.js';
import { buildServer } from '../../src/http/server.js';
import type { HttpServer, HttpServerOptions } from '../../src/http/server.js';
import { ERROR_CODES, TrunklineError } from '../../src/platform/errors.js';
import { createLogger } from '../../src/platform/log.js';
import { createMetrics } from '../../src/platform/metrics.js';

let server: HttpServer | null = null;
let log = '';

afterEach(async () => {
  await server?.stop(100);
  server = null;
  log = '';
});

async function serve(options: Partial<HttpServerOptions> = {}): Promise<string> {
  server = await buildServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    log: createLogger('info', { write: (line) => void (log += line) }),
    metrics: createMetrics(),
    health: createHealth(),
    metricsToken: null,
    plugins: [],
    ...options,
  });
  const { port } = await server.start();
  return `http://127.0.0.1:${port}`;
}

const get = (url: string, headers: Record<string, string> = {}) =>
  fetch(url, { headers: { connection: 'close', ...headers } });

describe('health', () => {
  test('the process lives and is ready while nothing is wrong', async () => {
    const url = await serve();
    expect([(await get(`${url}/healthz`)).status, (await get(`${url}/readyz`)).status]).toEqual([200, 200]);
  });

  test('/readyz lists what is red, /healthz stays green, and it is ready again when all is well', async () => {
    const health = createHealth({ answerMs: 50 });
    let disk: string | null = 'the disk is full';
    health.ask('database', () => Promise.resolve(null));
    health.ask('journal', () => disk);
    const takeBack = health.ask('worker:delivery', () => Promise.reject(new Error('it stopped')));
    const takeBackToo = health.ask('pbx:a', () => new Promise(() => undefined));
    const url = await serve({ health });
    const answer = await get(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: 'not ready',
      problems: [
        { part: 'journal', why: 'the disk is full' },
        { part: 'worker:delivery', why: 'it stopped' },
        { part: 'pbx:a', why: 'no answer within 50 ms' },
      ],
    });
    expect((await get(`${url}/healthz`)).status).toBe(200);
    disk = null;
    takeBack();
    takeBackToo();
    expect((await get(`${url}/readyz`)).status).toBe(200);
  });
});

describe('figures', () => {
  test('on loopback they are free', async () => {
    const metrics = createMetrics({ process: true });
    metrics.counter('posts_total', 'Posts', ['event']).inc({ event: 'dial' }, 3);
    metrics.gauge('waiting', 'Waiting', { collect: () => 7 });
    const answer = await get(`${await serve({ metrics, metricsToken: 'm-token' })}/metrics`);
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    expect(text).toContain('trunkline_posts_total{event="dial"} 3');
    expect(text).toContain('trunkline_waiting 7');
    expect(text).toContain('process_cpu_seconds_total');
  });

  test.each<[string, string | null, Record<string, string>, number]>([
    ['nobody without a token', 'm-token', {}, 401],
    ['a wrong one', 'm-token', { authorization: 'Bearer other' }, 401],
    ['the right one', 'm-token', { authorization: 'Bearer m-token' }, 200],
    ['no token is set', null, { authorization: 'Bearer null' }, 401],
  ])('for a stranger behind a proxy on this host: %s', async (_name, metricsToken, headers, status) => {
    const url = await serve({ metricsToken });
    expect((await get(`${url}/metrics`, { 'x-forwarded-for': '203.0.113.1', ...headers })).status).toBe(status);
  });

  test('the same name is the same figure', () => {
    const metrics = createMetrics();
    expect(metrics.counter('a_total', 'A')).toBe(metrics.counter('a_total', 'A'));
  });
});

describe('what goes wrong leaves as JSON with a stable code', () => {
  const failing = (error: Error) => (app: FastifyInstance) => {
    app.post('/fail', () => Promise.reject(error));
    return Promise.resolve();
  };
  const fail = (url: string) =>
    fetch(`${url}/fail?api_key=hidden`, { method: 'POST', headers: { connection: 'close' } });

  test.each(ERROR_CODES.map((code) => [code]))('%s', async (code) => {
    const answer = await fail(await serve({ plugins: [failing(new TrunklineError(code, 'why'))] }));
    expect(answer.status).toBe(HTTP_STATUS[code]);
    expect(await answer.json()).toEqual({ status: 'error', code, message: 'why' });
  });

  test('a bug of ours is a 500 that tells nothing outside and everything in the log, but no query', async () => {
    const answer = await fail(await serve({ plugins: [failing(new Error('secret detail'))] }));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
    expect(log).toContain('secret detail');
    expect(log).not.toContain('hidden');
  });

  test('no such path, no such method, a body too large', async () => {
    const url = await serve({ plugins: [failing(new Error('never'))] });
    expect(await (await get(`${url}/nothing`)).json()).toMatchObject({ code: 'NOT_FOUND' });
    expect((await get(`${url}/fail`)).status).toBe(404);
    const large = await fetch(`${url}/fail`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify('x'.repeat(2_000_000)),
    });
    expect(large.status).toBe(413);
  });
});

describe('stopping', () => {
  /** Null: never. */
  const slow = (ms: number | null) => (app: FastifyInstance) => {
    app.get('/slow', async () => {
      await new Promise((resolve) => ms === null || setTimeout(resolve, ms));
      return { done: true };
    });
    return Promise.resolve();
  };

  test('lets a request under way finish and takes no new one', async () => {
    const url = await serve({ plugins: [slow(200)] });
    const pending = get(`${url}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server?.stop();
    expect(await (await pending).json()).toEqual({ done: true });
    await expect(get(`${url}/healthz`)).rejects.toThrow();
  });

  test('cuts what does not finish in time, and idle connections at once', async () => {
    const url = await serve({ plugins: [slow(null)] });
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    const idleClosed = new Promise((resolve) => idle.on('close', resolve));
    idle.resume();
    const cut = new Promise((resolve) => request(`${url}/slow`, { agent: false }).on('error', resolve).end());
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server?.stop(100);
    expect(await cut).toBeInstanceOf(Error);
    await idleClosed;
  });

  test('is patient with a long body on a slow line, and not with headers that do not come', async () => {
    await serve();
    const { headersTimeout, requestTimeout } = (server as HttpServer).app.server;
    expect([headersTimeout, requestTimeout]).toEqual([30_000, 300_000]);
  });

  test('a port that is taken is an error of start', async () => {
    const url = await serve();
    const first = server;
    await expect(serve({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first?.stop();
  });
});
