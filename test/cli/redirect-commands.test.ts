import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/redirect/ports.js';
import type { Outcome } from '../../src/redirect/store.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { cli } from './run-cli.js';

let db: TestDb;
let crm: RetailCrmStandIn;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  db = await createTestDb();
  crm = await startRetailCrmStandIn({
    users: [{ id: 7, firstName: 'Vera', code: '151' }],
    customers: [{ phone: '+375290000001', managerId: 7, firstName: 'Ann', lastName: 'Example, "Ltd"' }],
  });
  folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-cli-'));
  env = { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: path.join(folder, 'data'), TRUNKLINE_ALLOW_TARGETS: '127.0.0.1' };
  const of = (number: string, crmUrl: string, more: object) =>
    retailCrmEnterprise({ number, token: `unit-token-${number}`, amiPort: null, crmUrl, more });
  const smartRedirect = { mode: 'owner', lines: { '0001364': false } };
  const extensions = [{ number: '151', substitute: '152' }];
  const file = path.join(folder, 'enterprises.yaml');
  const enterprises = [
    of('0367', crm.url, { smartRedirect, extensions }),
    of('0422', 'http://127.0.0.1:9', { smartRedirect }),
    of('0423', crm.url, {}),
  ];
  writeFileSync(file, stringify({ enterprises }));
  expect(await cli(['import', file], env)).toMatchObject({ code: 0 });
}, 60_000);

afterAll(async () => {
  await db.drop();
  await crm.stop();
  rmSync(folder, { recursive: true, force: true });
});

const attempt = (...argv: string[]) => cli(['redirect', 'try', ...argv], env);
/** Milliseconds differ from run to run. */
const settled = (text: string) => text.replace(/\d+ ms/g, '… ms').split('\n');

describe('redirect try', () => {
  it('tells whom a call would go to, who said so and how long that took', async () => {
    const { code, stdout } = await attempt('0367', '80290000001', '0001363');
    expect([code, settled(stdout)]).toEqual([
      0,
      [
        'client     +375290000001 on line 0001363, mode owner',
        'retailcrm  owner 151, Ann Example, "Ltd" (… ms)',
        'would go   151, then 152, named by retailcrm, if the phone can ring',
        'because    retailcrm names 151',
        'shown as   Ann Example Ltd',
      ],
    ]);
  });

  it.each([
    [
      ['0367', '80290000002'],
      ['retailcrm  nobody  (… ms)', 'would go   to the default route', 'because    nobody owns this client'],
    ],
    [
      ['0367', '80290000001', '0001364'],
      [
        'client     +375290000001 on line 0001364, mode owner',
        'would go   to the default route',
        'because    smart redirect is off on line 0001364',
      ],
    ],
    [
      ['0367', 'anonymous'],
      ['client     not a number, mode owner', 'because    the caller hides his number'],
    ],
    [
      ['0422', '80290000001'],
      ['would go   to the default route', 'because    no owner is known; retailcrm: failed'],
    ],
  ])('%j', async (argv, lines) => {
    const { code, stdout } = await attempt(...argv);
    expect(code).toBe(0);
    expect(settled(stdout)).toEqual(expect.arrayContaining(lines));
  });

  it('tells a program the same', async () => {
    const { stdout } = await attempt('0367', '80290000001', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      asked: [{ integration: 'retailcrm', outcome: 'owner', extension: '151', ms: expect.any(Number) as number }],
      candidates: ['151', '152'],
      name: 'Ann Example Ltd',
    });
  });

  it('changes nothing', async () => {
    expect((await db.pool.query('SELECT 1 FROM redirect_decisions')).rowCount).toBe(0);
  });

  it.each([
    [['0499', '80290000001'], 1, 'ENTERPRISE_UNKNOWN'],
    [['0423', '80290000001'], 1, 'CONFIG_INVALID'],
    [['0367'], 2, 'redirect try ENTERPRISE PHONE'],
    [['0367', '1', '2', '3'], 2, 'redirect try ENTERPRISE PHONE'],
  ])('%j is refused', async (argv, code, words) => {
    const ran = await attempt(...argv);
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toContain(words);
    expect(ran.stderr).not.toMatch(/key-1|unit-token/);
  });
});

const report = (...argv: string[]) => cli(['redirect', 'shadow-report', ...argv], env);

/** A decision made so many days ago. */
async function decided(days: number, decision: Partial<Decision>, outcome: Outcome | null = null): Promise<void> {
  const asked = [
    { integration: 'retailcrm', outcome: 'owner', extension: '151', contact: null, ms: 40, cached: false, why: null },
  ];
  await db.pool.query(
    `INSERT INTO redirect_decisions (pbx, unique_id, enterprise_number, decided_at, decision, outcome)
     VALUES ('webhook/0367', gen_random_uuid(), '0367', now() - make_interval(days => $1), $2, $3)`,
    [days, JSON.stringify({ mode: 'shadow', asked, chosen: null, ...decision }), outcome && JSON.stringify(outcome)],
  );
}

describe('redirect shadow-report', () => {
  const shadow = { action: 'release', chosen: '151', reason: 'shadow; retailcrm names 151' } as const;
  const nobody = [
    { integration: 'retailcrm', outcome: 'nobody', extension: null, contact: null, ms: 80, cached: false, why: null },
  ] as const;

  it('tells what was decided, why, and who answered in the end', async () => {
    await decided(1, shadow, { result: 'answered', answeredBy: '151', fellThrough: false });
    await decided(2, shadow, { result: 'answered', answeredBy: '150', fellThrough: false });
    await decided(
      3,
      { ...shadow, chosen: '152', reason: 'shadow; retailcrm names 152' },
      { result: 'missed', answeredBy: null, fellThrough: false },
    );
    await decided(
      4,
      { ...shadow, action: 'go', reason: 'retailcrm names 151' },
      { result: 'answered', answeredBy: '150', fellThrough: true },
    );
    await decided(5, shadow);
    await decided(
      6,
      { action: 'release', asked: [...nobody], reason: 'nobody owns this client' },
      { result: 'answered', answeredBy: '150', fellThrough: false },
    );
    await decided(8, shadow, { result: 'answered', answeredBy: '151', fellThrough: false });
    const { code, stdout } = await report('0367', '--days', '7');
    expect([code, stdout.split('\n')]).toEqual([
      0,
      [
        '6 calls decided in 7 days; a manager was chosen, or would have been, for 5',
        'of those 1 were answered by him, 2 by somebody else, 1 by nobody; 1 not known',
        '1 were sent to a manager who did not answer',
        '',
        'calls  action   reason',
        '4      release  shadow; retailcrm names …',
        '1      go       retailcrm names …',
        '1      release  nobody owns this client',
        '',
        'integration  owner  nobody  failed  late  medianMs  slowestMs',
        'retailcrm    5      1       0       0     40        80',
      ],
    ]);
    expect((await report('0367', '--days', '30')).stdout).toMatch(/^7 calls decided in 30 days/);
    expect(JSON.parse((await report('0367', '--json')).stdout)).toMatchObject({ calls: 6, fellThrough: 1, unknown: 1 });
    expect((await report('0422')).stdout).toMatch(/^0 calls/);
  });

  it.each([
    [['0499'], 1, 'ENTERPRISE_UNKNOWN'],
    [['0367', '--days', '0'], 2, '--days takes a number'],
    [['0367', '--days', 'many'], 2, '--days takes a number'],
    [[], 2, 'an enterprise is asked for'],
  ])('%j is refused', async (argv, code, words) => {
    const ran = await report(...argv);
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toContain(words);
  });
});
