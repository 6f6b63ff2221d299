/**
 * HTTP whose bodies are streams, for files. Its targets are the operator's own, so no address guard; redirects are not followed.
 * An answer must begin within the time given; its body may take as long as it moves.
 */
import type { Readable } from 'node:stream';
import { Agent, request as undiciRequest } from 'undici';

export interface StreamRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: Readable | string;
}

export interface StreamResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  /** To be read or destroyed. */
  body: Readable;
}

export interface HttpStreams {
  /** @throws Error that names the host, when there was no answer */
  request(request: StreamRequest): Promise<StreamResponse>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const SILENT_MS = 60_000;

export function createHttpStreams(): HttpStreams {
  const agent = new Agent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: SILENT_MS,
    pipelining: 1,
  });
  return {
    async request({ method, url, headers, body }) {
      const { host } = new URL(url);
      try {
        const answer = await undiciRequest(url, {
          method,
          headers: { 'accept-encoding': 'identity', ...headers },
          body: body ?? null,
          dispatcher: agent,
        });
        // One that breaks off is told to whoever reads it.
        answer.body.on('error', () => undefined);
        return { status: answer.statusCode, headers: flat(answer.headers), body: answer.body };
      } catch (error) {
        const code = (error as { code?: unknown } | null)?.code;
        const why = typeof code === 'string' ? code : error instanceof Error ? error.message : String(error);
        throw new Error(`${host} could not be reached (${why})`, { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
