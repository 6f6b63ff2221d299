import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from '../../src/admin/finding.js';
import { parseEnv } from '../../src/config/env.js';
import { cli } from '../cli/run-cli.js';
import { describeWith } from '../pbx/available.js';
import { keepEvents } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import type { SshHost } from '../pbx/sshd.js';
import { dayOf, madeCall, rowsOf } from '../recovery/made-calls.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { importInto } from '../support/test-app.js';

const NOW = Math.floor(Date.now() / 1_000);
const RECORD = `"","375290000001","0001363","from-trunk","","SIP/0001363-1","SIP/151-1","Dial","","2026-11-20 08:00:00","2026-11-20 08:00:05","2026-11-20 08:00:30",30,25,"ANSWERED","DOCUMENTATION","1795161600.7",""\n`;

let db: TestDb;
let dataDir: string;

beforeAll(async () => {
  db = await createTestDb();
  dataDir = await mkdtemp(join(tmpdir(), 'trunkline-doctor-'));
});

afterAll(async () => {
  await db.drop();
  await rm(dataDir, { recursive: true });
});

/** What the doctor says of such an enterprise's recovery, by what it is of; and whether all is well with it. */
async function doctor(more: object): Promise<Record<string, Finding>> {
  const env = { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: dataDir };
  const entry = { number: '0367', name: 'Example', token: 'unit-token-0001', sources: ['webhook'], ...more };
  await importInto(
    db,
    parseEnv(env, () => null),
    [entry],
  );
  const { code, stdout } = await cli(['doctor', '0367', '--json'], env);
  const [report] = JSON.parse(stdout) as { findings: Finding[] }[];
  const findings = report?.findings.filter(({ id }) => id.startsWith('recovery.')) ?? [];
  expect(code).toBe(findings.some(({ level }) => level === 'error') ? 1 : 0);
  for (const { level, remedy } of findings) if (level === 'error') expect(remedy?.ru).toMatch(/[а-я]/);
  expect(stdout).not.toContain('ssh-word');
  return Object.fromEntries(findings.map((finding) => [finding.id, finding]));
}

const sshOf = ({ host, port, users, password }: SshHost, user: 'shell' | 'files' = 'shell') => ({
  ...{ host, port, username: users[user], password },
});

const said = (found: Record<string, Finding>, id: string) => `${found[id]?.level} ${found[id]?.found.en}`;

async function hostWithAll(): Promise<SshHost> {
  const host = await startSshHost({ version: 22 });
  for (const [, rows] of rowsOf([madeCall(NOW - 60)])) await keepEvents(host, dayOf(NOW), rows);
  writeFileSync(join(host.folder, 'Master.csv'), RECORD);
  return host;
}

describeWith(['asterisk-22'], 'the doctor', () => {
  it('says that the host lets us in, and that its databases and records are read', async () => {
    await using host = await hostWithAll();
    const folder = host.folderInside;
    const found = await doctor({
      ssh: sshOf(host),
      recovery: { events: { folder }, cdr: { file: `${folder}/Master.csv` } },
    });
    expect(Object.values(found).map(({ level }) => level)).toEqual(['ok', 'ok', 'ok']);
    expect(said(found, 'recovery.events')).toContain(`Listen_AMI_${dayOf(NOW)}.db; sqlite3 answers in JSON`);
    expect(said(found, 'recovery.cdr')).toContain(`(${RECORD.length} bytes)`);

    const old = join(host.folder, 'sqlite3-old');
    const script = `#!/bin/sh\ncase "$*" in *-json*) echo "Error: unknown option: -json" >&2; exit 1;; esac\nexec sqlite3 "$@"\n`;
    writeFileSync(old, script, { mode: 0o755 });
    const events = { folder, sqlite3: `${folder}/sqlite3-old` };
    expect(said(await doctor({ ssh: sshOf(host), recovery: { events } }), 'recovery.events')).toContain('hex digits');
    expect(await doctor({ recovery: null })).toEqual({});
  });

  it('says which of them are not there, or may not be read, and by which program', async () => {
    await using host = await hostWithAll();
    const folder = host.folderInside;
    const about = (recovery: object, user?: 'files') => doctor({ ssh: sshOf(host, user), recovery });
    const events = (more: object) =>
      about({ events: { folder, ...more } }).then((found) => said(found, 'recovery.events'));
    const cdr = (file: string) => about({ cdr: { file } }).then((found) => said(found, 'recovery.cdr'));

    expect(await events({ folder: `${folder}/nowhere` })).toMatch(/^error RECOVERY_NOTHING_THERE: .*\/nowhere/);
    expect(await events({ sqlite3: '/usr/bin/sqlite9' })).toMatch(/^error RECOVERY_NO_SQLITE3: .*sqlite9/);
    expect(await events({ file: 'Other_{date}.db' })).toMatch(/^warning The host has no event database of today/);
    chmodSync(join(host.folder, `Listen_AMI_${dayOf(NOW)}.db`), 0o600);
    expect(await events({})).toMatch(/^error RECOVERY_MAY_NOT_READ: .*Listen_AMI/);

    expect(await cdr(`${folder}/Nobody.csv`)).toMatch(/^error RECOVERY_NOTHING_THERE: there is no .*Nobody\.csv/);
    writeFileSync(join(host.folder, 'Master.csv'), RECORD.replace('1795161600.7', ''));
    expect(await cdr(`${folder}/Master.csv`)).toMatch(/^warning .*loguniqueid/);
    chmodSync(join(host.folder, 'Master.csv'), 0o600);
    expect(await cdr(`${folder}/Master.csv`)).toMatch(/^error RECOVERY_MAY_NOT_READ: .*Master\.csv/);
    mkdirSync(join(host.folder, 'closed'), { mode: 0o700 });
    expect(await cdr(`${folder}/closed/Master.csv`)).toMatch(/^error RECOVERY_MAY_NOT_READ/);

    // One who may use SFTP alone cannot run a program; the records he can have.
    rmSync(join(host.folder, 'Master.csv'));
    writeFileSync(join(host.folder, 'Master.csv'), RECORD);
    const filesOnly = await about({ events: { folder: '/' }, cdr: { file: '/Master.csv' } }, 'files');
    expect([filesOnly['recovery.events']?.level, filesOnly['recovery.cdr']?.level]).toEqual(['error', 'ok']);
  });

  it('says why the host does not let us in', async () => {
    const recovery = { cdr: { file: '/Master.csv' } };
    let ssh: object;
    {
      await using host = await hostWithAll();
      ssh = sshOf(host, 'files');
      expect(said(await doctor({ ssh, recovery }), 'recovery.ssh')).toMatch(/^ok/);
      const wrong = await doctor({ ssh: { ...ssh, password: 'ssh-word-2' }, recovery });
      expect(said(wrong, 'recovery.ssh')).toMatch(/^error SSH_AUTH_FAILED/);
      expect(wrong['recovery.cdr']).toBeUndefined();
      await host.changeHostKey();
      const changed = await doctor({ ssh, recovery });
      expect(said(changed, 'recovery.ssh')).toMatch(/^error SSH_HOST_KEY_CHANGED/);
      expect(changed['recovery.ssh']?.remedy?.en).toContain('ssh.hostKey');
    }
    expect(said(await doctor({ ssh, recovery }), 'recovery.ssh')).toMatch(/^error SSH_UNREACHABLE/);
  });
});
