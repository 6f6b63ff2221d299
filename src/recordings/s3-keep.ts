/** Recordings in an S3-compatible store, by requests signed with version 4 of its signatures. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import aws4 from 'aws4';
import type { HttpStreams, StreamRequest, StreamResponse } from '../platform/http-streams.js';
import { KeepAway } from './ports.js';
import type { Keep } from './ports.js';

export interface S3Settings {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

const NOTHING = createHash('sha256').digest('hex');

export function keepInS3(streams: HttpStreams, settings: S3Settings): Keep {
  const endpoint = new URL(settings.endpoint);
  const base = endpoint.pathname.replace(/\/+$/, '');

  /** The bucket stands in the path: every store of this kind takes that. */
  async function ask(
    method: StreamRequest['method'],
    key: string,
    {
      headers = {},
      digest = NOTHING,
      body,
    }: { headers?: Record<string, string>; digest?: string; body?: StreamRequest['body'] } = {},
  ): Promise<StreamResponse> {
    const path = `${base}/${[settings.bucket, ...key.split('/')].map(encode).join('/')}`;
    const signed = aws4.sign(
      {
        service: 's3',
        region: settings.region,
        host: endpoint.host,
        method,
        path,
        headers: { ...headers, 'X-Amz-Content-Sha256': digest },
      },
      { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    );
    const sent = Object.fromEntries(Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)]));
    const url = `${endpoint.protocol}//${endpoint.host}${path}`;
    try {
      return await streams.request({ method, url, headers: sent, ...(body === undefined ? {} : { body }) });
    } catch (error) {
      throw new KeepAway(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  return {
    kind: 's3',
    async put(key, file, contentType) {
      const { size } = await stat(file);
      const digest = await digestOf(file);
      const answer = await ask('PUT', key, {
        headers: { 'Content-Type': contentType, 'Content-Length': String(size) },
        digest,
        body: createReadStream(file),
      });
      answer.body.resume();
      if (answer.status !== 200) throw new Error(`the store took the recording with ${answer.status}`);
    },
    async open(key, range) {
      const answer = await ask('GET', key, range ? { headers: { Range: `bytes=${range.start}-${range.end}` } } : {});
      if (answer.status === 200 || answer.status === 206) return answer.body;
      answer.body.destroy();
      if (answer.status === 404) return null;
      throw new Error(`the store answers ${answer.status}`);
    },
    async size(key) {
      const answer = await ask('HEAD', key);
      answer.body.resume();
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw new Error(`the store answers ${answer.status}`);
      return Number(answer.headers['content-length'] ?? NaN);
    },
    async remove(key) {
      const answer = await ask('DELETE', key);
      answer.body.resume();
      if (answer.status >= 300 && answer.status !== 404) throw new Error(`the store answers ${answer.status}`);
    },
  };
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
