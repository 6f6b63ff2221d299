import { appendFileSync, chmodSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHostKeys } from '../../src/db/host-keys.js';
import { openSsh } from '../../src/platform/ssh.js';
import { FILE_BEGIN, readCsv, sftpFiles } from '../../src/recovery/cdr-file.js';
import type { CsvPlace } from '../../src/recovery/cdr-file.js';
import type { Pool } from '../../src/recovery/store.js';
import { cli } from '../cli/run-cli.js';
import { describeWith } from '../pbx/available.js';
import { startSshHost } from '../pbx/sshd.js';
import type { SshHost } from '../pbx/sshd.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { withDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const NOW = Math.floor(Date.now() / 1_000);
const QUICK = { recovery: { settleMs: 1_000, pollMs: 100, retryMs: 300 } };
/** As whoever logs in for files alone sees it. */
const FILE = '/Master.csv';

/** A client who talked 12 s with 151, as a line of the file in UTC. */
function line(at: number): string {
  const stamp = (seconds: number) => new Date((at + seconds) * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const texts = ['', '375290000001', '0001360', 'from-trunk', 'Анна', `SIP/0001363-${at}`, `SIP/151-${at}`, 'Dial', ''];
  const fields = [...texts, stamp(0), stamp(3), stamp(15)].map((text) => `"${text}"`).join(',');
  return `${fields},15,12,"ANSWERED","DOCUMENTATION","${at}.1","","","${at}.1",""\n`;
}

function enterpriseOn(host: SshHost, crmUrl: string, ssh: object = {}): object {
  const { host: address, port, users, password } = host;
  return retailCrmEnterprise({
    amiPort: null,
    crmUrl,
    more: {
      ssh: { host: address, port, username: users.files, password, ...ssh },
      recovery: { everyMinutes: 0.01, cdr: { file: FILE, days: 2 } },
    },
  });
}

function openOn({ host, port, users, privateKey }: SshHost, pool: Pool) {
  const target = { host, port, username: users.files, password: null, privateKey, hostKey: null };
  return openSsh(target, createHostKeys(pool), AbortSignal.timeout(20_000));
}

/** Something was missed half an hour ago. */
const missed = ({ db }: TestApp) =>
  db.pool.query(
    `INSERT INTO pbx_gaps (pbx, started_at, ended_at, reason)
     VALUES ('webhook/0367', now() - interval '1 hour', now() - interval '30 minutes', 'CONNECTION')`,
  );

const gapsLeft = async ({ db }: TestApp) =>
  (await db.pool.query('SELECT FROM pbx_gaps WHERE recovered_at IS NULL')).rowCount;

async function placeOf({ db }: TestApp): Promise<CsvPlace | undefined> {
  const { rows } = await db.pool.query<{ place: CsvPlace }>('SELECT place FROM recovery_cursors');
  return rows[0]?.place;
}

const asked = ({ db, config }: TestApp) =>
  cli(['recover', '0367'], { DATABASE_URL: db.url, TRUNKLINE_DATA_DIR: config.dataDir });

describeWith(['asterisk-22'], 'Master.csv on a host', () => {
  it('is read from where it was read to, whole lines only, also when it was put aside meanwhile', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const file = join(host.folder, 'Master.csv');
    const [first, second, last, next] = [NOW - 5_000, NOW - 4_000, NOW - 3_000, NOW - 2_000];
    writeFileSync(file, line(first) + line(second).slice(0, 40));
    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url)], config: QUICK });
    await missed(app);
    const told = () => crm.state.calls.map(({ externalId }) => externalId).sort();
    const read = (what: string, ...calls: number[]) =>
      until(what, () => told().join() === calls.map((at) => `0367-${at}.1`).join());
    await read('the first record', first);
    await until('the gap to be recovered', async () => (await gapsLeft(app)) === 0);

    appendFileSync(file, line(second).slice(40));
    await read('one whose line was half there', first, second);

    // What was left of the old file is read, and the new one from its beginning, though it is the longer one.
    appendFileSync(file, line(last));
    renameSync(file, `${file}.1`);
    writeFileSync(file, line(next) + line(NOW - 300_000).repeat(20));
    await read('what came before it was put aside, and after', first, second, last, next);
    await until('the end of the new file', async () => (await placeOf(app))?.offset === statSync(file).size);
    expect(crm.state.calls[0]).toMatchObject({ result: 'answered', code: '151', duration: 12 });
    expect(crm.state.cards).toEqual([]);
    await crm.stop();
  });

  it('is read a piece at a time, and no line twice or never when it grows meanwhile', () =>
    withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      const file = join(host.folder, 'Master.csv');
      const lines = Array.from({ length: 20_000 }, (_none, index) => line(NOW - 100_000 + index));
      writeFileSync(file, lines.slice(0, 15_000).join(''));
      const session = await openOn(host, pool);
      const files = sftpFiles(await session.sftp());
      const read: string[] = [];
      let pieces = 0;
      let place: CsvPlace = FILE_BEGIN;
      for (let run = 0; run < 2; run += 1) {
        for await (const piece of readCsv(files, FILE, place)) {
          if (pieces === 0) appendFileSync(file, lines.slice(15_000).join(''));
          pieces += 1;
          read.push(...piece.lines);
          place = piece.place;
        }
      }
      session.close();
      expect(pieces).toBeGreaterThan(3);
      expect(read.map((text) => `${text}\n`).join('') === lines.join('')).toBe(true);
      expect(place.offset).toBe(statSync(file).size);
    }));

  it('is not waited for when the line is lost, whether it was asked for before or after', () =>
    withDb(async ({ pool }) => {
      await using host = await startSshHost({ version: 22 });
      writeFileSync(join(host.folder, 'Master.csv'), line(NOW));
      const files = sftpFiles(await (await openOn(host, pool)).sftp());
      const size = statSync(join(host.folder, 'Master.csv')).size;
      expect((await files.read(FILE, 0, size)).toString()).toBe(line(NOW));
      const gone = host.kill();
      const asking = (async () => {
        for (;;) await files.read(FILE, 0, size);
      })();
      await expect(asking).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
      await gone;
      await expect(files.size(FILE)).rejects.toMatchObject({ code: 'SSH_UNREACHABLE' });
    }));

  it('is not read from a host with another key, and is when the right one is set', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const file = join(host.folder, 'Master.csv');
    writeFileSync(file, line(NOW - 5_000));
    const app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url)], config: QUICK });
    try {
      await until('the first record', () => crm.state.calls.length === 1);
      await host.changeHostKey();
      await missed(app);
      appendFileSync(file, line(NOW - 4_000));
      const told = await until('the reason', () => app.log.find((one) => one.includes('SSH_HOST_KEY_CHANGED')));
      expect(told).toContain(host.fingerprint());
      expect(await asked(app)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('SSH_HOST_KEY_CHANGED') as string,
      });
      expect([crm.state.calls.length, await gapsLeft(app)]).toEqual([1, 1]);
      expect(app.log.join('\n')).not.toContain(host.password);
      await app.stop();
      const right = enterpriseOn(host, crm.url, { hostKey: host.fingerprint() });
      await using again = await startTestApp({ db: app.db, enterprises: [right], config: QUICK });
      await until('the record of what came meanwhile', () => crm.state.calls.length === 2);
      await until('the gap to be recovered', async () => (await gapsLeft(again)) === 0);
    } finally {
      await app[Symbol.asyncDispose]();
      await crm.stop();
    }
  });

  it.each([
    { state: 'nowhere', mode: null, why: 'RECOVERY_NOTHING_THERE: there is no /Master.csv' },
    { state: 'not to be read', mode: 0o600, why: 'RECOVERY_MAY_NOT_READ: /Master.csv: Permission denied' },
  ])('that is $state is told of by name, keeps the gap, and is read when it can be', async ({ mode, why }) => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const file = join(host.folder, 'Master.csv');
    if (mode !== null) writeFileSync(file, line(NOW - 5_000), { mode });
    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url)], config: QUICK });
    await missed(app);
    await until('the failure to be logged', () => app.log.find((one) => one.includes(why.split(':')[0] ?? '')));
    expect(await asked(app)).toMatchObject({ code: 1, stderr: expect.stringContaining(why) as string });
    expect([crm.state.calls.length, await gapsLeft(app), await placeOf(app)]).toEqual([0, 1, undefined]);
    writeFileSync(file, line(NOW - 5_000));
    chmodSync(file, 0o644);
    await until('the record', () => crm.state.calls.length === 1);
    await until('the gap to be recovered', async () => (await gapsLeft(app)) === 0);
    await crm.stop();
  });
});
