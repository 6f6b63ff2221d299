/** A server in the daemon's place that answers wrongly, by the first part of its path. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { NO_ANSWERS } from './http-trials.js';

export interface FaultyServer extends AsyncDisposable {
  url: string;
}

export async function startFaultyServer(): Promise<FaultyServer> {
  const server = createServer((request, response) => {
    request.resume();
    const name = decodeURIComponent(request.url?.split('/')[1] ?? '');
    if (name === 'silent') return;
    if (name === 'drip') {
      const timer = setInterval(() => response.write('|'), 50);
      response.on('close', () => clearInterval(timer));
      return;
    }
    if (name === 'cut') {
      response.writeHead(200, { 'content-length': '30' }).write('PJSIP/151|An');
      setTimeout(() => response.destroy(), 50);
      return;
    }
    const { status = 200, body } = NO_ANSWERS[name] ?? { status: 404, body: 'nothing here' };
    response.writeHead(status, status === 302 ? { location: request.url ?? '/' } : {}).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
