import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  step: string;
  id: string;
  seq: number;
  afterUnknown: boolean;
  card: string;
  refs: Record<string, string>;
  attempt: number;
  at: number;
  headers: Record<string, string | string[] | undefined>;
}

export type Reply = {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Before answering. */
  delayMs?: number;
  /** Carry it out, then break the connection without an answer. */
  cut?: boolean;
  /** Never answer. */
  hang?: boolean;
};

/**
 * A CRM on a real socket. It keeps what it was told: a record per `id`, once, as a CRM with a duplicate key does; `doubled`
 * counts those that came again.
 */
export interface TestCrm {
  url: string;
  received: Received[];
  records: Map<string, number>;
  open(): number;
  maxOpen(): number;
  /** How the next requests are answered; the default is 200. */
  answer(how: (request: Received) => Reply): void;
  close(): Promise<void>;
}

export async function startCrm(port = 0): Promise<TestCrm> {
  let how: (request: Received) => Reply = () => ({});
  const received: Received[] = [];
  const records = new Map<string, number>();
  let open = 0;
  let maxOpen = 0;
  const timers = new Set<NodeJS.Timeout>();

  const server = createServer((request, response) => {
    open++;
    maxOpen = Math.max(maxOpen, open);
    response.on('close', () => open--);
    readBody(request)
      .then((text) => take(request, text, response))
      .catch(() => response.destroy());
  });

  function take(request: IncomingMessage, text: string, response: ServerResponse): void {
    const body = JSON.parse(text) as Omit<Received, 'path' | 'at' | 'headers'>;
    const one: Received = { ...body, path: request.url ?? '', at: performance.now(), headers: request.headers };
    received.push(one);
    const reply = how(one);
    if (reply.hang) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      const status = reply.status ?? 200;
      if (status < 300 && one.step === 'record') records.set(one.id, (records.get(one.id) ?? 0) + 1);
      if (reply.cut) {
        response.socket?.destroy();
        return;
      }
      response.writeHead(status, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.body ?? { ok: true }));
    }, reply.delayMs ?? 0);
    timers.add(timer);
  }

  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    records,
    open: () => open,
    maxOpen: () => maxOpen,
    answer(next) {
      how = next;
    },
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
