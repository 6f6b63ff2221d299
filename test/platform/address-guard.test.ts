import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAddressGuard } from '../../src/platform/address-guard.js';
import type { LookupFunction } from '../../src/platform/address-guard.js';
import { HttpFailure } from '../../src/platform/http-client.js';
import { innermostAddress, isPublicAddress } from '../../src/platform/ip-ranges.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';

const REFUSED = [
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.8.8.8',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '239.255.255.255',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001:0:1::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'not-an-address',
  '',
];
const PUBLIC = [
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.1.1',
  '2a00:1450:4001::1',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
  '2002:808:808::1',
];

describe('which addresses are public', () => {
  it.each(REFUSED)('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));
  it.each(PUBLIC)('%s is', (address) => expect(isPublicAddress(address)).toBe(true));
  it('an IPv4 address is found inside the IPv6 forms that wrap it', () => {
    expect(innermostAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(innermostAddress('0:0:0:0:0:ffff:0a00:0001')).toBe('10.0.0.1');
    expect(innermostAddress('2a00::1')).toBe('2a00::1');
  });
});

describe('what the operator allows', () => {
  it('a CIDR, an address and a name are exempt, each only for itself', () => {
    const guard = createAddressGuard({
      allowTargets: ['10.0.0.0/8', ' 127.0.0.1 ', 'CRM.Example.invalid', '[fd00::1]', ''],
    });
    expect(guard.allows('x.example.invalid', '10.9.9.9')).toBe(true);
    expect(guard.allows('x.example.invalid', '::ffff:10.9.9.9')).toBe(true);
    expect(guard.allows('x.example.invalid', '127.0.0.1')).toBe(true);
    expect(guard.allows('x.example.invalid', 'fd00::1')).toBe(true);
    expect(guard.allows('crm.example.invalid.', '192.168.0.1')).toBe(true);
    expect(guard.allows('x.example.invalid', '127.0.0.2')).toBe(false);
    expect(guard.allows('sub.crm.example.invalid', '192.168.0.1')).toBe(false);
  });

  it('an entry that is written like a network and is none is named', () => {
    expect(() => createAddressGuard({ allowTargets: ['10.0.0.0/40'] })).toThrow('10.0.0.0/40');
    expect(() => createAddressGuard({ allowTargets: ['10.0.0.0/'] })).toThrow('10.0.0.0/');
  });
});

describe('the guard at a connect', () => {
  let hits = 0;
  const server = createServer((_request, response) => {
    hits += 1;
    response.end('reached');
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** The name server is the far side here; everything that judges its answer is ours. */
  function resolving(...answers: string[][]): LookupFunction {
    let call = 0;
    return (_hostname, _options, callback) => {
      const answer = answers[Math.min(call, answers.length - 1)] ?? [];
      call += 1;
      callback(
        null,
        answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
  }

  async function failureOf(url: string, allowTargets: string[], resolve?: LookupFunction): Promise<HttpFailure> {
    const http = createUndiciHttp({ guard: createAddressGuard({ allowTargets, ...(resolve ? { resolve } : {}) }) });
    try {
      const answer = await http.request({ method: 'POST', url, body: 'a=1' });
      throw new Error(`answered ${answer.status}`);
    } catch (error) {
      if (error instanceof HttpFailure) return error;
      throw error;
    } finally {
      await http.close();
    }
  }

  it.each([
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://0.0.0.0',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://localhost',
    'https://127.0.0.1',
  ])('%s is refused before a connection is made', async (origin) => {
    const before = hits;
    const failure = await failureOf(`${origin}:${port}/`, []);
    expect(failure).toMatchObject({ code: 'ADDRESS_REFUSED', sent: 'not-sent' });
    expect(hits).toBe(before);
  });

  it('a public name that resolves to a private address is refused', async () => {
    const failure = await failureOf(`http://crm.example.invalid:${port}/`, [], resolving(['127.0.0.1'], ['127.0.0.1']));
    expect(failure).toMatchObject({ code: 'ADDRESS_REFUSED', sent: 'not-sent' });
    expect(failure.message).toContain('TRUNKLINE_ALLOW_TARGETS');
  });

  it('of a mixed answer only the allowed addresses are left', async () => {
    const guard = createAddressGuard({ allowTargets: [], resolve: resolving(['10.0.0.1', '8.8.8.8', '::1']) });
    const answer = await new Promise((resolve, reject) => {
      guard.lookup('mixed.example.invalid', { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
    });
    expect(answer).toEqual([{ address: '8.8.8.8', family: 4 }]);
  });

  it('every new connection is judged anew, so a name that changes its answer gains nothing', async () => {
    const guard = createAddressGuard({ allowTargets: ['127.0.0.1'], resolve: resolving(['127.0.0.1'], ['127.0.0.2']) });
    const http = createUndiciHttp({ guard });
    const url = `http://rebinding.example.invalid:${port}/`;
    try {
      expect((await http.request({ method: 'GET', url, headers: { connection: 'close' } })).body).toBe('reached');
      await expect(http.request({ method: 'GET', url })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    } finally {
      await http.close();
    }
  });

  it('an allowed name is reached wherever it points', async () => {
    const guard = createAddressGuard({ allowTargets: ['crm.example.invalid'], resolve: resolving(['127.0.0.1']) });
    const http = createUndiciHttp({ guard });
    try {
      expect((await http.request({ method: 'GET', url: `http://crm.example.invalid:${port}/` })).body).toBe('reached');
    } finally {
      await http.close();
    }
  });
});
