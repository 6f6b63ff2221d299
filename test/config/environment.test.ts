import { describe, expect, it } from 'vitest';
import { CREDENTIALS, describeConfig, parseEnv } from '../../src/config/env.js';
import { errorOf } from './error-of.js';

const nothing = () => null;
const key = Buffer.alloc(32, 7).toString('base64');

describe('the environment', () => {
  it('may be empty: an embedded database, the loopback address, nothing trusted', () => {
    expect(parseEnv({}, nothing)).toMatchObject({
      databaseUrl: null,
      dataDir: './data',
      http: { host: '127.0.0.1', port: 8000 },
      publicUrl: null,
      secretKeys: null,
      allowTargets: [],
      trustProxy: false,
      metricsToken: null,
      logLevel: 'info',
    });
  });

  it('sets everything the design names', () => {
    const config = parseEnv(
      {
        DATABASE_URL: 'postgres://u:p@db.example.invalid/t',
        TRUNKLINE_DATA_DIR: '/var/lib/trunkline',
        TRUNKLINE_HTTP_HOST: '0.0.0.0',
        TRUNKLINE_HTTP_PORT: '8080',
        TRUNKLINE_PUBLIC_URL: 'https://crm.example.invalid/trunkline/',
        TRUNKLINE_SECRET_KEY: key,
        TRUNKLINE_ALLOW_TARGETS: '127.0.0.1, crm.local,10.0.0.0/8',
        TRUNKLINE_ADMIN_PASSWORD: 'first-password',
        TRUNKLINE_TRUST_PROXY: '10.0.0.1,192.0.2.0/24',
        TRUNKLINE_METRICS_TOKEN: 'metrics',
        TRUNKLINE_LOG_LEVEL: 'debug',
      },
      nothing,
    );
    expect(config).toMatchObject({
      databaseUrl: 'postgres://u:p@db.example.invalid/t',
      dataDir: '/var/lib/trunkline',
      http: { host: '0.0.0.0', port: 8080 },
      publicUrl: 'https://crm.example.invalid/trunkline',
      allowTargets: ['127.0.0.1', 'crm.local', '10.0.0.0/8'],
      adminPassword: 'first-password',
      trustProxy: ['10.0.0.1', '192.0.2.0/24'],
      metricsToken: 'metrics',
      logLevel: 'debug',
    });
    expect(config.secretKeys).toEqual([Buffer.alloc(32, 7)]);
  });

  it.each([
    ['TRUNKLINE_HTTP_PORT', '70000'],
    ['TRUNKLINE_HTTP_PORT', 'eighty'],
    ['DATABASE_URL', 'mysql://u:hidden-word@db/t'],
    ['TRUNKLINE_PUBLIC_URL', 'crm.example.invalid'],
    ['TRUNKLINE_SECRET_KEY', 'hidden-word'],
    ['TRUNKLINE_ALLOW_TARGETS', 'http://crm.local/'],
    ['TRUNKLINE_TRUST_PROXY', 'somebody'],
    ['TRUNKLINE_LOG_LEVEL', 'loud'],
    ['TRUNKLINE_CONFIG', '/nowhere.yaml'],
  ])('names %s when it is %s, and does not repeat a value', (name, value) => {
    const error = errorOf(() => parseEnv({ [name]: value }, nothing));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(name);
    expect(error.message).not.toContain('hidden-word');
  });

  it('tells all faults at once', () => {
    const error = errorOf(() => parseEnv({ TRUNKLINE_HTTP_PORT: 'x', TRUNKLINE_LOG_LEVEL: 'y' }, nothing));
    expect(error.message.split('\n')).toHaveLength(2);
  });

  it.each([
    ['true', true],
    ['false', false],
    ['2', 2],
    ['loopback', ['loopback']],
    ['', false],
  ])('reads %j as whom to trust: %j', (text, expected) => {
    expect(parseEnv({ TRUNKLINE_TRUST_PROXY: text }, nothing).trustProxy).toEqual(expected);
  });

  it('takes several keys, the sealing one first', () => {
    const other = Buffer.alloc(32, 8).toString('base64');
    expect(parseEnv({ TRUNKLINE_SECRET_KEY: `${key},${other}` }, nothing).secretKeys).toHaveLength(2);
  });
});

describe('the configuration file', () => {
  const withFile = (text: string, env: Record<string, string> = {}) =>
    parseEnv({ TRUNKLINE_CONFIG: 'file.yaml', ...env }, (file) => (file === 'file.yaml' ? text : null));

  it('has the same keys, and the environment wins', () => {
    const text = 'TRUNKLINE_HTTP_PORT: 9000\nTRUNKLINE_DATA_DIR: /srv\nTRUNKLINE_ALLOW_TARGETS: [127.0.0.1]\n';
    const config = withFile(text, { TRUNKLINE_HTTP_PORT: '9001' });
    expect(config).toMatchObject({ http: { port: 9001 }, dataDir: '/srv', allowTargets: ['127.0.0.1'] });
  });

  it('tunes what has no variable', () => {
    const config = withFile('delivery: { lifeMs: { durable: 5000 } }\njournal: { maxBytes: 2000000 }\n');
    expect(config.delivery).toEqual({ lifeMs: { durable: 5000 } });
    expect(config.journal).toEqual({ maxBytes: 2_000_000 });
  });

  it.each([
    ['delivery: { lifeMs: { forever: 1 } }', 'delivery.lifeMs'],
    ['delivery: { lifeMs: { durable: soon } }', 'delivery.lifeMs.durable'],
    ['TRUNKLINE_HTTP_PROT: 1', 'TRUNKLINE_HTTP_PROT'],
    ['a: [', 'TRUNKLINE_CONFIG'],
    ['- a', 'TRUNKLINE_CONFIG'],
  ])('is refused when it says %s', (text, named) => {
    expect(errorOf(() => withFile(text)).message).toContain(named);
  });
});

describe('secrets', () => {
  it('are read from systemd credentials, after the environment and before the file', () => {
    const files: Record<string, string> = {
      '/run/credentials/trunkline.service/trunkline.secret-key': `${key}\n`,
      '/run/credentials/trunkline.service/trunkline.metrics-token': 'from-credential\n',
      'file.yaml': 'TRUNKLINE_METRICS_TOKEN: from-file\nTRUNKLINE_ADMIN_PASSWORD: from-file\n',
    };
    const env = { CREDENTIALS_DIRECTORY: '/run/credentials/trunkline.service', TRUNKLINE_CONFIG: 'file.yaml' };
    const config = parseEnv(env, (file) => files[file] ?? null);
    expect(config).toMatchObject({ metricsToken: 'from-credential', adminPassword: 'from-file' });
    expect(config.secretKeys).toHaveLength(1);
    expect(parseEnv({ ...env, TRUNKLINE_METRICS_TOKEN: 'from-env' }, (file) => files[file] ?? null).metricsToken).toBe(
      'from-env',
    );
  });

  it('never stand in the line that shows the configuration', () => {
    const env = Object.fromEntries(Object.keys(CREDENTIALS).map((name) => [name, 'hidden-word']));
    const config = parseEnv(
      { ...env, DATABASE_URL: 'postgres://u:hidden-word@db/t', TRUNKLINE_SECRET_KEY: key },
      nothing,
    );
    const shown = JSON.stringify(describeConfig(config));
    expect(shown).not.toContain('hidden-word');
    expect(shown).not.toContain(key);
    expect(shown).toContain('"adminPassword":{"configured":true}');
  });
});
