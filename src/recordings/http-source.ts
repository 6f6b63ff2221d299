/** Recordings at an address: a web server of the PBX, or of whoever keeps its files. */
import { Readable } from 'node:stream';
import type { HttpStreams } from '../platform/http-streams.js';
import { SourceFailure } from './ports.js';
import type { Source } from './ports.js';

export interface HttpSourceOptions {
  url: string;
  username: string | null;
  password: string | null;
}

export function openHttp(streams: HttpStreams, { url, username, password }: HttpSourceOptions): Source {
  const base = url.endsWith('/') ? url : `${url}/`;
  const headers: Record<string, string> =
    username === null
      ? {}
      : { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
  const { host } = new URL(base);
  const address = (path: string) => `${base}${path.split('/').map(encodeURIComponent).join('/')}`;

  async function ask(method: 'GET' | 'HEAD', path: string, more: Record<string, string> = {}) {
    return streams.request({ method, url: address(path), headers: { ...headers, ...more } }).catch((error: unknown) => {
      throw new SourceFailure(error instanceof Error ? error.message : String(error), { cause: error });
    });
  }

  return {
    async stat(path) {
      const answer = await ask('HEAD', path);
      answer.body.resume();
      if (answer.status === 404 || answer.status === 410) return null;
      if (answer.status !== 200) throw new SourceFailure(`${host} answers ${answer.status}`);
      const length = answer.headers['content-length'];
      const bytes = length === undefined ? NaN : Number(length);
      if (!Number.isSafeInteger(bytes)) throw new SourceFailure(`${host} does not say how long a file is`);
      const modified = Date.parse(answer.headers['last-modified'] ?? '');
      return { bytes, modifiedAt: Number.isNaN(modified) ? null : modified };
    },
    async read(path, range) {
      const answer = await ask('GET', path, range ? { range: `bytes=${range.start}-${range.end}` } : {});
      if (answer.status === 206 && range) return answer.body;
      if (answer.status === 200) return range ? cut(answer.body, range) : answer.body;
      answer.body.destroy();
      throw new SourceFailure(`${host} answers ${answer.status}`);
    },
    isOpen: () => true,
    close: () => undefined,
  };
}

/** Of a server that does not know ranges. */
function cut(body: Readable, { start, end }: { start: number; end: number }): Readable {
  async function* part() {
    let at = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const from = Math.max(0, start - at);
      const to = Math.min(chunk.length, end + 1 - at);
      if (to > from) yield chunk.subarray(from, to);
      at += chunk.length;
      if (at > end) break;
    }
  }
  return Readable.from(part());
}
