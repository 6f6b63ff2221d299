import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { startSshHost } from '../pbx/sshd.js';
import { until } from '../support/until.js';
import { openGround, record, wave } from './ground.js';

describe('a PBX whose files are behind an address', () => {
  test.each([true, false])('gives them, its server knowing ranges: %s', async (ranges) => {
    const files = new Map<string, Buffer>();
    await using server = await serve((request, response) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('ann:word-1').toString('base64')}`)
        return void response.writeHead(401).end();
      const file = files.get(decodeURIComponent((request.url ?? '').slice(1)));
      if (!file) return void response.writeHead(404).end();
      const range = ranges ? /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') : null;
      const body = range ? file.subarray(Number(range[1]), Number(range[2]) + 1) : file;
      response.writeHead(range ? 206 : 200, { 'content-length': body.length });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    const recordings = {
      from: 'http',
      url: server.url,
      username: 'ann',
      password: 'word-1',
      file: '{year}/{uniqueid}.wav',
    };
    await using ground = await openGround({ recordings });
    const { call, link } = await ground.ended({ startedAt: Date.parse('2026-06-01T10:00:00Z'), uid: '1780000000.5' });
    files.set('2026/1780000000.5.wav', wave(2));
    await ground.state(call.id, 'ready');
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(wave(2))).toBe(true);
  });

  test('that refuses us has said nothing: the call is not without a recording', async () => {
    await using server = await serve((_request, response) => void response.writeHead(500).end());
    await using ground = await openGround({ recordings: { from: 'http', url: server.url } });
    const { call } = await ground.ended();
    const row = await until('the reason to be kept', async () => {
      const found = await ground.state(call.id, 'expected');
      return found.looks > 2 && found.last_error !== null && found;
    });
    expect(row.last_error).toMatch(/answers 500/);
  });
});

describeWith(['asterisk-22'], 'a host that is known by its key', () => {
  test('is not read from when it shows another one, and is when the key is set right', async () => {
    await using host = await startSshHost({ version: 22 });
    const ssh = { host: host.host, port: host.port, username: host.users.files, privateKey: host.privateKey };
    await using ground = await openGround({ recordings: { from: 'sftp', root: '/' }, enterprise: { ssh } });
    const first = await ground.ended();
    writeFileSync(join(host.folder, `${first.call.uid}.wav`), wave(1));
    await ground.state(first.call.id, 'ready');
    await host.changeHostKey();
    const second = await ground.ended();
    writeFileSync(join(host.folder, `${second.call.uid}.wav`), wave(1));
    await until('the reason to be kept', async () =>
      /shows the host key SHA256:\S+, and is known by SHA256:/.test(
        (await ground.state(second.call.id, 'expected')).last_error ?? '',
      ),
    );
    await using again = await openGround({
      db: ground.db,
      recordings: { from: 'sftp', root: '/' },
      enterprise: { ssh: { ...ssh, hostKey: host.fingerprint() } },
    });
    await again.state(second.call.id, 'ready');
  });
});

describe('an S3-compatible store', () => {
  test('keeps recordings, gives parts of them, and believes nothing that is not signed', async () => {
    const objects = new Map<string, Buffer>();
    const refused: string[] = [];
    await using server = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const why = wrongWith(request, body);
        if (why) {
          refused.push(why);
          return void response.writeHead(403).end();
        }
        const key = request.url ?? '';
        if (request.method === 'PUT') {
          objects.set(key, body);
          return void response.writeHead(200).end();
        }
        const object = objects.get(key);
        if (!object) return void response.writeHead(404).end();
        if (request.method === 'DELETE') {
          objects.delete(key);
          return void response.writeHead(204).end();
        }
        const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
        const part = range ? object.subarray(Number(range[1]), Number(range[2]) + 1) : object;
        response.writeHead(range ? 206 : 200, { 'content-length': part.length });
        response.end(request.method === 'HEAD' ? undefined : part);
      });
    });
    const s3 = { endpoint: server.url, region: 'eu-1', bucket: 'rec', accessKeyId: 'key-1', secretAccessKey: SECRET };
    await using ground = await openGround({ config: { s3 } });
    const { call, link } = await ground.ended();
    await record(ground, `${call.uid}.wav`, wave(2));
    await ground.state(call.id, 'ready');
    expect([...objects.keys()]).toEqual([
      expect.stringMatching(new RegExp(`^/rec/0367/\\d{4}/\\d\\d/${call.id}\\.wav$`)),
    ]);
    expect(Buffer.from(await (await fetch(link)).arrayBuffer()).equals(wave(2))).toBe(true);
    const part = await fetch(link, { headers: { range: 'bytes=40-59' } });
    expect(Buffer.from(await part.arrayBuffer()).equals(wave(2).subarray(40, 60))).toBe(true);
    expect(refused).toEqual([]);
    await ground.db.pool.query('UPDATE recordings SET keep_until = now()');
    await using later = await openGround({ db: ground.db, config: { s3 } });
    await later.state(call.id, 'removed');
    expect([...objects.keys()]).toEqual([]);
  });
});

const SECRET = 'secret-of-the-store-0001';

/** Version 4 of the signatures, computed anew from what came. */
function wrongWith(request: IncomingMessage, body: Buffer): string | null {
  const given = /Credential=key-1\/(\d{8})\/eu-1\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w{64})$/.exec(
    request.headers.authorization ?? '',
  );
  if (!given) return 'no signature';
  const [, day = '', names = '', signature] = given;
  const sha = (text: Buffer | string) => createHash('sha256').update(text).digest('hex');
  if (request.headers['x-amz-content-sha256'] !== sha(body)) return 'another body';
  const lines = names.split(';').map((name) => `${name}:${String(request.headers[name])}`);
  const canonical = [request.method, request.url, '', ...lines, '', names, sha(body)].join('\n');
  const at = String(request.headers['x-amz-date']);
  const toSign = ['AWS4-HMAC-SHA256', at, `${day}/eu-1/s3/aws4_request`, sha(canonical)].join('\n');
  const key = ['eu-1', 's3', 'aws4_request'].reduce<Buffer | string>(
    (by, text) => createHmac('sha256', by).update(text).digest(),
    createHmac('sha256', `AWS4${SECRET}`).update(day).digest(),
  );
  return createHmac('sha256', key).update(toSign).digest('hex') === signature ? null : 'another signature';
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1');
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
