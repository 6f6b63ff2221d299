/** `POST /download`: recovered events, read while they come. README.md beside this file says what is asked and answered. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FleetEvent } from '../calls/facts.js';
import { TrunklineError } from '../platform/errors.js';
import type { Metrics } from '../platform/metrics.js';
import { createItems } from './items.js';
import type { PostedEvent } from './posted-store.js';
import { createDater } from './when.js';
import type { When } from './when.js';

export interface DownloadSender {
  number: string;
  pbxKey: string;
  timezone: string;
  mode: 'off' | 'shadow' | 'on';
}

/** One event as it was written. */
export interface ReadItem {
  fleet: FleetEvent;
  /** Without any token. */
  raw: object;
  stamp: unknown;
}

export interface DownloadOptions {
  /** @throws TrunklineError WEBHOOK_FORBIDDEN, DB_UNREACHABLE */
  admit(
    header: string | string[] | undefined,
    firstItem: string,
    address: string,
  ): DownloadSender & { quoted: boolean };
  /** @throws TrunklineError WEBHOOK_MALFORMED */
  readItem(text: string): ReadItem;
  store(events: readonly PostedEvent[]): Promise<void>;
  onStored(): void;
  now(): number;
  metrics: Metrics;
}

type Verdict = { index: number; status: 'stored' | 'ignored' } | { index: number; status: 'refused'; error: string };

const MOST_BYTES = 10 * 1024 * 1024;
/** Of a body that is refused so much is read and dropped. */
const MOST_DROPPED = 2 * MOST_BYTES;
const MOST_ITEM = 64 * 1024;
const MOST_ITEMS = 100_000;
const TOGETHER = 500;

export async function downloadPlugin(app: FastifyInstance, options: DownloadOptions): Promise<void> {
  const counted = options.metrics.counter('recovered_posts_total', 'Posted events by what became of them', ['verdict']);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.addHook('onRequest', (request, _reply, done) => {
    request.headers['content-type'] = 'application/json';
    done();
  });

  async function answer(legacy: boolean, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const body = request.body as Readable | undefined;
    const post = new Post(request, options);
    try {
      await post.read(body);
    } catch (error) {
      // Whoever still writes is told now, and not read to the end.
      if (body && !body.readableEnded) void reply.header('Connection', 'close');
      throw error;
    }
    const { items } = post;
    for (const { status } of items) counted.inc({ verdict: status });
    const refused = items.filter(({ status }) => status === 'refused').length;
    const stored = items.filter(({ status }) => status === 'stored').length;
    if (stored > 0) options.onStored();
    if (items.length === 0) throw new TrunklineError('WEBHOOK_MALFORMED', 'the body holds no event');
    const oneWord = legacy && refused === 0 && (post.quoted || /^curl\b/i.test(request.headers['user-agent'] ?? ''));
    if (oneWord) return reply.code(200).type('text/plain').send('OK');
    const none = refused === items.length;
    return reply.code(none ? 400 : 200).send({ status: none ? 'error' : 'ok', stored, refused, items });
  }

  app.post('/download', (request, reply) => answer(false, request, reply));
  app.post('/api/callevent/download', (request, reply) => answer(true, request, reply));
}

/** One request's body on its way into the inbox. */
class Post {
  readonly items: Verdict[] = [];
  quoted = false;
  readonly #request: FastifyRequest;
  readonly #options: DownloadOptions;
  #sender: DownloadSender | null = null;
  #date: ((fleet: FleetEvent, stamp: unknown) => When | null) | null = null;
  #batch: PostedEvent[] = [];

  constructor(request: FastifyRequest, options: DownloadOptions) {
    this.#request = request;
    this.#options = options;
  }

  async read(body: Readable | undefined): Promise<void> {
    const items = createItems(MOST_ITEM);
    const decoder = new TextDecoder();
    // What says of itself that it is too large is not begun with.
    let failure: Error | null = Number(this.#request.headers['content-length'] ?? 0) > MOST_BYTES ? tooLarge() : null;
    let bytes = 0;
    for await (const piece of body ?? []) {
      bytes += (piece as Buffer).length;
      if (bytes > MOST_DROPPED) break;
      // Many write to the end before they read the answer; were the line closed before, they would never read it.
      if (failure) continue;
      try {
        if (bytes > MOST_BYTES) throw tooLarge();
        await this.#take(this.#split(() => items.push(decoder.decode(piece as Buffer, { stream: true }))));
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
    }
    if (failure) throw failure;
    await this.#take(this.#split(() => items.push(decoder.decode())));
    await this.#take(items.end());
    await this.#flush();
  }

  #split(pieces: () => string[]): string[] {
    try {
      return pieces();
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge();
      throw error;
    }
  }

  async #take(texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      const sender = this.#admit(text);
      const index = this.items.length;
      if (index >= MOST_ITEMS) throw tooLarge();
      try {
        const event = this.#event(sender, text);
        if (sender.mode === 'off') {
          this.items.push({ index, status: 'ignored' });
          continue;
        }
        this.items.push({ index, status: 'stored' });
        this.#batch.push(event);
      } catch (error) {
        if (!(error instanceof TrunklineError) || error.code !== 'WEBHOOK_MALFORMED') throw error;
        this.items.push({ index, status: 'refused', error: error.message });
      }
      if (this.#batch.length >= TOGETHER) await this.#flush();
    }
  }

  #admit(firstItem: string): DownloadSender {
    if (this.#sender) return this.#sender;
    const { headers, ip } = this.#request;
    const { quoted, ...sender } = this.#options.admit(headers['token'], firstItem, ip);
    this.quoted = quoted;
    this.#date = createDater(sender.timezone, () => this.#options.now());
    return (this.#sender = sender);
  }

  #event({ number, pbxKey }: DownloadSender, text: string): PostedEvent {
    if (text.length > MOST_ITEM) throw new TrunklineError('WEBHOOK_MALFORMED', 'the event is too large');
    const { fleet, raw, stamp } = this.#options.readItem(text);
    const when = this.#date?.(fleet, stamp) ?? null;
    if (when === null)
      throw new TrunklineError('WEBHOOK_MALFORMED', 'nothing says when it happened: give it a DateTime');
    const { event, uid } = fleet;
    const content = JSON.stringify([event, raw, when.at]);
    const digest = createHash('sha256').update(content).digest('base64url');
    return { pbx: pbxKey, enterprise: number, event, uid: uid ?? '', raw, ...when, digest };
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) await this.#options.store(batch);
  }
}

function tooLarge(): TrunklineError {
  return new TrunklineError('WEBHOOK_TOO_LARGE', 'at most 10 MB, 100,000 events, and 64 KiB each');
}
