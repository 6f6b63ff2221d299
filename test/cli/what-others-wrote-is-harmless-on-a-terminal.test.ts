import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { table } from '../../src/cli/table.js';
import { parseEnv } from '../../src/config/env.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createTestDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { importInto } from '../support/test-app.js';
import { cli } from './run-cli.js';

const NASTY = 'Ann\u001b[2J\u0007\u009b\u202Ecod.exe';
const HARMLESS = 'Ann?[2J???cod.exe';

test('a cell of a table moves no cursor and turns no text round', () => {
  expect(table(['name'], [{ name: NASTY }])).toEqual(['name', HARMLESS]);
});

test('nor does what a CRM says of a client', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-cli-'));
  const db = await createTestDb();
  const crm = await startRetailCrmStandIn({
    users: [{ id: 8, firstName: 'Boris', code: '152' }],
    customers: [{ phone: '+375290000001', managerId: 8, firstName: NASTY }],
  });
  try {
    const env = { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: folder, TRUNKLINE_ALLOW_TARGETS: '127.0.0.1' };
    const smartRedirect = { mode: 'owner', secret: 'word-1' };
    await importInto(
      db,
      parseEnv(env, () => null),
      [retailCrmEnterprise({ amiPort: null, crmUrl: crm.url, more: { smartRedirect } })],
    );
    const { stdout } = await cli(['redirect', 'try', '0367', '+375290000001'], env);
    expect(stdout).toContain(`152, ${HARMLESS}`);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  } finally {
    await crm.stop();
    await db.drop();
    await rm(folder, { recursive: true, force: true });
  }
});
