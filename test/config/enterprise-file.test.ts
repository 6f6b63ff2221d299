import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEnterpriseFile } from '../../src/config/enterprise-file.js';
import { resolveEnterprise } from '../../src/config/resolve.js';
import { errorOf } from './error-of.js';

const around = {
  name: 'n',
  token: null,
  clientId: 'c',
  address: null,
  takeoverAt: null,
  version: 1,
  pbxSecret: 's',
  smartRedirectSecret: null,
  sshPassword: null,
  sshPrivateKey: null,
  recordingsPassword: null,
  integrations: {},
};

const resolved = (text: string, extra: Partial<typeof around> | { address: string } = {}) => {
  const [entry] = parseEnterpriseFile(text);
  if (!entry) throw new Error('no entry');
  return resolveEnterprise(entry, { ...around, ...extra });
};

describe('an import file', () => {
  it('is read as the example in config/ shows it', () => {
    const text = readFileSync(new URL('../../config/enterprises.example.yaml', import.meta.url), 'utf8');
    const entries = parseEnterpriseFile(text);
    expect(entries[0]).toMatchObject({
      number: '0367',
      token: 'unit-token-0001',
      mode: 'on',
      pbx: { host: '127.0.0.1', port: 5038, transport: 'auto' },
      extensions: [{ number: '151', name: 'Ann', mobile: '+375290000009' }],
      smartRedirect: { mode: 'owner', deadlineMs: 2500 },
      integrations: { retailcrm: { enabled: true, user_extensions: { '7': '151' } } },
    });
  });

  it('needs only a number', () => {
    expect(resolved('enterprises: [{ number: "0367" }]')).toMatchObject({
      mode: 'on',
      pbx: null,
      pbxKey: 'webhook/0367',
      sources: ['webhook'],
      extensionPattern: '^\\d{3,4}$',
      webhookFrom: [],
      dialAllow: ['BY'],
    });
  });

  it('defaults to both sources and to webhooks from the PBX alone', () => {
    const pbx = (host: string) => resolved(`enterprises: [{ number: "0367", pbx: { host: ${host}, username: crm } }]`);
    expect(pbx('192.0.2.7')).toMatchObject({
      pbxKey: '192.0.2.7:5038',
      sources: ['ami', 'webhook'],
      webhookFrom: ['192.0.2.7/32'],
    });
    expect(pbx('127.0.0.1').webhookFrom).toEqual(['127.0.0.0/8', '::1/128']);
    expect(pbx('pbx.example.invalid').webhookFrom).toEqual([]);
    expect(resolved('enterprises: [{ number: "0367" }]', { address: '192.0.2.16' }).webhookFrom).toEqual([
      '192.0.2.16/32',
    ]);
  });

  it('keeps keys it does not know, at every level', () => {
    const [entry] = parseEnterpriseFile(
      'enterprises: [{ number: "1", shade: red, pbx: { host: h, username: u, rack: 4 }, integrations: { uon: { subdomain: x } } }]',
    );
    expect(entry).toMatchObject({ shade: 'red', pbx: { rack: 4 }, integrations: { uon: { subdomain: 'x' } } });
  });

  it.each([
    ['number: 0367', 'enterprises[0].number: write the number in quotes'],
    ['number: "1", pbx: { host: h, username: u, port: high }', 'enterprises[0].pbx.port'],
    ['number: "1", pbx: { username: u }', 'enterprises[0].pbx.host'],
    [
      'number: "1", pbx: { host: h, username: u, secret: 1234 }',
      'enterprises[0].pbx.secret: write the secret in quotes',
    ],
    ['number: "1", pbx: { host: h, username: u, extensionPattern: "(" }', 'enterprises[0].pbx.extensionPattern'],
    ['number: "1", mode: maybe', 'enterprises[0].mode'],
    ['number: "1", timezone: Mars/Olympus', 'enterprises[0].timezone'],
    ['number: "1", country: Belarus', 'enterprises[0].country'],
    ['number: "1", webhookFrom: [10.0.0.0/99]', 'enterprises[0].webhookFrom[0]'],
    ['number: "1", sources: [ami]', 'enterprises[0].sources'],
    ['number: "1", sources: [fax]', 'enterprises[0].sources[0]'],
    ['number: "1", extensions: [{ number: "151", mobile: 80290000001 }]', 'enterprises[0].extensions[0].mobile'],
    ['number: "1", lines: [{ id: "7", transform: nine }]', 'enterprises[0].lines[0].transform'],
    ['number: "1", integrations: { retailcrm: on-please }', 'enterprises[0].integrations.retailcrm'],
    ['number: "1" }, { number: "1"', '1 stands twice'],
    ['number: "1", token: same }, { number: "2", token: same', '2 and 1 have the same token'],
  ])('{ %s } is refused and the place named', (entry, message) => {
    const error = errorOf(() => parseEnterpriseFile(`enterprises: [{ ${entry} }]`));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(message);
  });

  it('that is no YAML is refused without quoting its lines', () => {
    const error = errorOf(() => parseEnterpriseFile('enterprises:\n  - token: hidden-word\n   bad: ['));
    expect(error.message).toMatch(/line \d/);
    expect(error.message).not.toContain('hidden-word');
  });
});
