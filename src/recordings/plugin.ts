/** `GET /recordings/file/:token[.mp3|.wav]`: a recording, to whoever has its address. The address is as good as a password, so no log has it. */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { contentTypeOf, endingOf, fileNameFor, isPreview, tokenOf } from './names.js';
import { wantedOf } from './range.js';
import type { ServedRecording } from './recordings-store.js';

export interface RecordingsPluginOptions {
  /** Null: nobody ever gave this address. */
  find(token: string): Promise<ServedRecording | null>;
  open(keptIn: string, key: string, range: { start: number; end: number } | null): Promise<Readable | null>;
  enterprise(number: string): { timezone: string; linkDays: number | null } | null;
  /** Whether whoever asks is logged in and may hear the calls of this enterprise: his page plays what is kept, whatever the age of its link. */
  mayHear(request: FastifyRequest, enterprise: string): Promise<boolean>;
  clock: Clock;
  log: Logger;
  count(outcome: Served): void;
}

export type Served = 'served' | 'waiting' | 'absent' | 'expired' | 'preview' | 'unknown' | 'gone';

const RETRY_SECONDS = 10;
const DAY_MS = 86_400_000;

export async function recordingsPlugin(app: FastifyInstance, options: RecordingsPluginOptions): Promise<void> {
  app.route<{ Params: { file: string } }>({
    method: ['GET', 'HEAD'],
    url: '/recordings/file/:file',
    handler: (request, reply) => serve(request, reply, request.params.file),
  });

  async function serve(request: FastifyRequest, reply: FastifyReply, file: string): Promise<FastifyReply> {
    reply.headers({
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex, nofollow',
      'content-security-policy': "default-src 'none'; media-src 'self'; sandbox",
      // A CRM's page plays it from another origin.
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'no-store',
    });
    const { fetch } = request.query as { fetch?: unknown };
    if (fetch === undefined && isPreview(request.headers['user-agent']))
      return refuse(reply, 403, 'preview', 'previews are not served');
    const token = tokenOf(file);
    const found = token === null ? null : await options.find(token);
    if (!found) return refuse(reply, 404, 'unknown', 'there is no such recording');
    const settings = options.enterprise(found.enterprise);
    const linkDays = settings?.linkDays ?? Infinity;
    if (found.ageMs > linkDays * DAY_MS && !(await options.mayHear(request, found.enterprise)))
      return refuse(reply, 410, 'expired', 'this link has expired');
    if (found.state === 'expected') {
      reply.header('retry-after', String(RETRY_SECONDS));
      return refuse(reply, 404, 'waiting', 'the recording is not ready yet: try again in a moment');
    }
    if (found.state === 'removed') return refuse(reply, 410, 'gone', 'the recording was removed because of its age');
    if (found.state !== 'ready' || found.key === null || found.keptIn === null || found.bytes === null)
      return refuse(reply, 404, 'absent', 'this call has no recording');
    return send(
      request,
      reply,
      { ...found, key: found.key, keptIn: found.keptIn, bytes: found.bytes },
      settings?.timezone,
    );
  }

  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    found: ServedRecording & { key: string; keptIn: string; bytes: number },
    timezone = 'UTC',
  ): Promise<FastifyReply> {
    const { key, keptIn, bytes } = found;
    const etag = `"${found.id}-${bytes}"`;
    const name = fileNameFor(found, timezone, endingOf(key));
    const asked = request.query as { download?: unknown };
    reply.headers({
      'accept-ranges': 'bytes',
      'content-type': contentTypeOf(key),
      'content-disposition': `${asked.download === undefined ? 'inline' : 'attachment'}; filename="${name}"`,
      etag,
      'cache-control': 'private, max-age=3600',
      ...(found.readyAt === null ? {} : { 'last-modified': new Date(found.readyAt).toUTCString() }),
    });
    const condition = request.headers['if-range'];
    const ranged = condition === undefined || condition === etag ? request.headers.range : undefined;
    const wanted = wantedOf(ranged, bytes);
    if (wanted.kind === 'unsatisfiable') {
      reply.header('content-range', `bytes */${bytes}`);
      return reply.code(416).send();
    }
    const part = wanted.kind === 'part' ? { start: wanted.start, end: wanted.end } : null;
    const length = part ? part.end - part.start + 1 : bytes;
    reply.header('content-length', String(length));
    if (part) reply.code(206).header('content-range', `bytes ${part.start}-${part.end}/${bytes}`);
    if (request.method === 'HEAD') return reply.send();
    const stream = await options.open(keptIn, key, part);
    if (!stream) {
      reply.removeHeader('content-length').removeHeader('content-range');
      return refuse(reply, 404, 'gone', 'the recording is not in its place any more');
    }
    options.count('served');
    noteTheEnd(request, reply, found, length);
    return reply.send(stream);
  }

  /** Who listened to what, when it is over: also of one who left in the middle. */
  function noteTheEnd(request: FastifyRequest, reply: FastifyReply, found: ServedRecording, length: number): void {
    const began = options.clock.monotonic();
    reply.raw.once('close', () => {
      options.log.info(
        {
          enterprise: found.enterprise,
          recording: found.id,
          call: found.externalId,
          address: request.ip,
          agent: request.headers['user-agent']?.slice(0, 200),
          status: reply.statusCode,
          length,
          whole: reply.raw.writableFinished,
          ms: Math.round(options.clock.monotonic() - began),
        },
        'recording served',
      );
    });
  }

  function refuse(reply: FastifyReply, status: number, outcome: Served, message: string): FastifyReply {
    options.count(outcome);
    return reply.code(status).send({ status: 'error', code: outcome.toUpperCase(), message });
  }
}
