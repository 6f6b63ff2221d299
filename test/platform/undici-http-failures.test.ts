import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../src/platform/http-client.js';
import { HttpFailure } from '../../src/platform/http-client.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';
import type { UndiciHttpOptions } from '../../src/platform/undici-http.js';

const undo: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A peer that misbehaves on purpose, byte by byte. */
async function peer(onRequest: (socket: Socket, text: string, nth: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let nth = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => onRequest(socket, chunk.toString(), ++nth));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/path-with-secret`;
}

function client(options: UndiciHttpOptions = {}) {
  const http = createUndiciHttp(options);
  undo.push(() => http.close());
  return http;
}

async function failure(
  request: Partial<HttpRequest> & { url: string },
  options: UndiciHttpOptions = {},
): Promise<HttpFailure> {
  const error: unknown = await client(options)
    .request({ method: 'POST', body: 'a=1', ...request })
    .then(
      (answer) => new Error(`answered ${answer.status}: ${answer.body}`),
      (reason: unknown) => reason,
    );
  if (!(error instanceof HttpFailure)) throw error;
  return error;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('nothing was sent', () => {
  it('when the port refuses', async () => {
    const free = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as AddressInfo;
        probe.close(() => resolve(port));
      });
    });
    expect(await failure({ url: `http://127.0.0.1:${free}/` })).toMatchObject({
      sent: 'not-sent',
      code: 'ECONNREFUSED',
    });
  });

  it('when the name does not resolve', async () => {
    const { sent, code } = await failure({ url: 'http://no-such-host.invalid/' });
    expect(sent).toBe('not-sent');
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(code);
  });

  it('when the other side does not speak TLS', async () => {
    const url = await peer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await failure({ url: url.replace('http:', 'https:') })).toMatchObject({ sent: 'not-sent', code: 'TLS' });
  });

  it('when the deadline falls into a connect that never ends', async () => {
    const url = await peer(() => {});
    const failed = await failure({ url: url.replace('http:', 'https:'), timeoutMs: 200 }, { connectTimeoutMs: 20_000 });
    expect(failed).toMatchObject({ sent: 'not-sent', code: 'TIMEOUT' });
  });

  it('when the caller had already given up', async () => {
    let hits = 0;
    const url = await peer(() => (hits += 1));
    expect(await failure({ url, signal: AbortSignal.abort() })).toMatchObject({ sent: 'not-sent', code: 'ABORTED' });
    expect(hits).toBe(0);
  });

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'not a url', 'javascript:alert(1)'])(
    'when the address is %s',
    async (url) => {
      expect(await failure({ url })).toMatchObject({ sent: 'not-sent', code: 'URL_INVALID' });
    },
  );
});

describe('the outcome is unknown', () => {
  it('when the answer does not come in time', async () => {
    const url = await peer(() => {});
    expect(await failure({ url, timeoutMs: 200 })).toMatchObject({ sent: 'unknown', code: 'TIMEOUT' });
  });

  it('when the body of the answer stops half way', async () => {
    const url = await peer((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"succ'));
    expect(await failure({ url, timeoutMs: 200 })).toMatchObject({ sent: 'unknown', code: 'TIMEOUT' });
  });

  it('when an answer drips byte by byte past the deadline', async () => {
    const url = await peer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await failure({ url, timeoutMs: 300 })).toMatchObject({ sent: 'unknown', code: 'TIMEOUT' });
  });

  it('when the peer closes after reading', async () => {
    const url = await peer((socket) => socket.destroy());
    expect(await failure({ url })).toMatchObject({ sent: 'unknown' });
  });

  it('when the peer resets', async () => {
    const url = await peer((socket) => socket.resetAndDestroy());
    expect(await failure({ url })).toMatchObject({ sent: 'unknown', code: 'ECONNRESET' });
  });

  it('when the peer promises more bytes than it sends', async () => {
    const url = await peer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"success":true}'));
    expect(await failure({ url })).toMatchObject({ sent: 'unknown' });
  });

  it('when the answer is not HTTP', async () => {
    const url = await peer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await failure({ url })).toMatchObject({ sent: 'unknown' });
  });

  it('when the answer is larger than the limit', async () => {
    const url = await peer((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`),
    );
    expect(await failure({ url }, { maxResponseBytes: 1000 })).toMatchObject({ sent: 'unknown', code: 'TOO_LARGE' });
  });

  it('when a kept connection is closed under a second POST', async () => {
    const url = await peer((socket, _text, nth) => (nth === 1 ? socket.write(OK) : socket.destroy()));
    const http = client();
    expect((await http.request({ method: 'POST', url, body: 'a=1' })).status).toBe(200);
    await expect(http.request({ method: 'POST', url, body: 'a=2' })).rejects.toMatchObject({ sent: 'unknown' });
  });

  it('when the caller gives up while it waits', async () => {
    const stop = new AbortController();
    const url = await peer(() => stop.abort());
    expect(await failure({ url, signal: stop.signal })).toMatchObject({ sent: 'unknown', code: 'ABORTED' });
  });

  it('when the client is closed under it', async () => {
    const http = createUndiciHttp();
    const url = await peer(() => void http.close());
    await expect(http.request({ method: 'POST', url, body: 'a=1' })).rejects.toMatchObject({
      sent: 'unknown',
      code: 'ABORTED',
    });
  });
});

describe('an answer is an answer', () => {
  it('whatever its status, with lower-case header names', async () => {
    const url = await peer((socket) =>
      socket.end('HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy'),
    );
    expect(await client().request({ method: 'POST', url })).toMatchObject({
      status: 503,
      body: 'busy',
      headers: { 'retry-after': '7' },
    });
  });

  it('and a redirect is one too, not followed', async () => {
    let hits = 0;
    const url = await peer((socket) => {
      hits += 1;
      socket.end('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n');
    });
    expect((await client().request({ method: 'GET', url })).status).toBe(302);
    expect(hits).toBe(1);
  });
});

it('a failure names the host and never the path', async () => {
  const url = await peer((socket) => socket.destroy());
  const failed = await failure({ url });
  expect(failed.message).toContain('127.0.0.1');
  expect(failed.message).not.toContain('secret');
});
