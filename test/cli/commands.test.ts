import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../../src/cli/commands.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { cli } from './run-cli.js';

let db: TestDb;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  db = await createTestDb();
  folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-cli-'));
  env = { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: path.join(folder, 'data') };
});
afterAll(async () => {
  await db.drop();
  rmSync(folder, { recursive: true, force: true });
});

function file(text: string): string {
  const name = path.join(folder, 'enterprises.yaml');
  writeFileSync(name, text);
  return name;
}

const TWO = `enterprises:
  - { number: "0367", name: Example Ltd, token: unit-token-0001, pbx: { host: 127.0.0.1, username: crm, secret: ami-hidden },
      integrations: { retailcrm: { enabled: true, api_url: "http://127.0.0.1:9001", api_key: key-hidden } } }
  - { number: "0422", token: unit-token-0002, mode: shadow }
`;

describe('trunkline', () => {
  it('imports, lists and exports enterprises', async () => {
    expect(await cli(['import', file(TWO)], env)).toEqual({
      code: 0,
      stdout: 'created 0367\ncreated 0422',
      stderr: '',
    });
    expect((await cli(['import', file(TWO)], env)).stdout).toBe('updated 0367\nupdated 0422');

    const listed = await cli(['enterprise', 'list'], env);
    expect(listed.stdout).toMatch(/^0367 +Example Ltd +on +127\.0\.0\.1:5038 +ami,webhook +retailcrm$/m);
    expect(listed.stdout).toMatch(/^0422 +0422 +shadow +webhook\/0422 +webhook$/m);

    const exported = await cli(['export'], env);
    expect(exported.stdout).not.toMatch(/hidden|unit-token/);
    const whole = await cli(['export', '--with-secrets'], env);
    expect(parse(whole.stdout)).toMatchObject({
      enterprises: [
        { number: '0367', pbx: { secret: 'ami-hidden' }, integrations: { retailcrm: { api_key: 'key-hidden' } } },
        {},
      ],
    });
  });

  it('refuses a file with a fault, names the place, and changes nothing', async () => {
    const before = await cli(['export'], env);
    const bad = await cli(['import', file(TWO.replace('number: "0422"', 'number: "0423", timezone: Mars'))], env);
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('CONFIG_INVALID');
    expect(bad.stderr).toContain('enterprises[1].timezone');
    expect((await cli(['import', path.join(folder, 'nowhere.yaml')], env)).stderr).toContain('there is no file');
    expect((await cli(['export'], env)).stdout).toBe(before.stdout);
  });

  it('rotates the key, and everything reads on', async () => {
    await cli(['import', file(TWO)], env);
    expect((await cli(['secrets', 'rotate'], env)).stdout).toMatch(/^2 secrets sealed/);
    expect((await cli(['export', '--with-secrets'], env)).stdout).toContain('key-hidden');
  });

  it('takes over secrets that stand in the JSON', async () => {
    await cli(['import', file(TWO)], env);
    await db.pool.query(
      `UPDATE enterprises SET integrations_config = '{"uon": {"api_key": "plain"}}' WHERE number = '0422'`,
    );
    expect((await cli(['secrets', 'take-over', '0422'], env)).stdout).toContain('sealed 0422/uon/api_key');
    expect((await cli(['secrets', 'take-over'], env)).stdout).toContain('0 secrets');
  });

  it('lists dead deliveries and sends them again', async () => {
    const { rows } = await db.pool.query<{ id: string }>(
      `INSERT INTO deliveries (enterprise_number, integration_type, call_id, seq, step, class, event, state, expires_at, last_code, last_error)
       VALUES ('0367', 'retailcrm', gen_random_uuid(), 4, 'record', 'durable', '{"kind": "call.finished", "call": {"externalId": "0367-1.1"}}',
               'dead', now(), 'HTTP_400', 'no such site') RETURNING id`,
    );
    const id = rows[0]?.id ?? '';
    expect((await cli(['deliveries', 'list'], env)).stdout).toMatch(
      new RegExp(`^${id} .*0367-1\\.1.*HTTP_400: no such site`, 'm'),
    );
    expect((await cli(['deliveries', 'list', '--state', 'done'], env)).stdout.split('\n')).toHaveLength(1);
    expect((await cli(['deliveries', 'replay', id], env)).stdout).toContain(`${id} 0367 retailcrm`);
    expect((await cli(['deliveries', 'list', '--state', 'pending', '--json'], env)).stdout).toContain(`"id":"${id}"`);
    expect((await cli(['deliveries', 'replay', id], env)).code).toBe(1);
    expect((await cli(['deliveries', 'replay', '--all'], env)).stdout).toBe('0 deliveries will be sent again.');
  });

  it('migrates, and says where', async () => {
    expect(await cli(['migrate'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('schema public') as string,
    });
  });

  it('replays a capture as an enterprise of the database', async () => {
    await cli(['import', file(TWO)], env);
    const capture = path.join(import.meta.dirname, '../captures/22/inbound-answered.ami');
    const told = await cli(['replay', capture, '--enterprise', '0367', '--json'], env);
    const events = told.stdout
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; call: { enterprise: string; result: string } });
    expect(events.at(-1)).toMatchObject({ kind: 'call.finished', call: { enterprise: '0367', result: 'answered' } });
    expect((await db.pool.query('SELECT 1 FROM calls')).rowCount).toBe(0);
    expect((await cli(['replay', capture, '--enterprise', '9999'], env)).stderr).toContain('ENTERPRISE_UNKNOWN');
  });
});

describe('a command line', () => {
  it.each([
    [[], 2],
    [['help'], 0],
    [['help', 'secrets'], 0],
    [['import', '--help'], 0],
    [['--version'], 0],
    [['fly'], 2],
    [['secrets'], 2],
    [['import'], 2],
    [['import', 'a', 'b'], 2],
    [['export', '--loudly'], 2],
    [['deliveries', 'replay'], 2],
    [['deliveries', 'list', '--state', 'odd'], 2],
  ])('%j exits with %d', async (argv, code) => {
    expect((await cli(argv, env)).code).toBe(code);
  });

  it('names the variable that is wrong', async () => {
    expect((await cli(['migrate'], { ...env, TRUNKLINE_HTTP_PORT: 'x' })).stderr).toContain('TRUNKLINE_HTTP_PORT');
  });

  it('has every command in help, each with something behind it', async () => {
    const { stdout } = await cli(['help']);
    for (const command of commands) {
      expect(stdout).toContain(command.name);
      expect(await command.load()).toBeTypeOf('function');
    }
  });
});
