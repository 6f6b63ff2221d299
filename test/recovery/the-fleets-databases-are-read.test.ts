import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createHostKeys } from '../../src/db/host-keys.js';
import { openSsh } from '../../src/platform/ssh.js';
import { openEventDatabase } from '../../src/recovery/event-database.js';
import { cli } from '../cli/run-cli.js';
import { describeWith } from '../pbx/available.js';
import { keepEvents } from '../pbx/event-database.js';
import type { KeptEvent } from '../pbx/event-database.js';
import { startSshHost } from '../pbx/sshd.js';
import type { SshHost } from '../pbx/sshd.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { dayOf, local, madeCall, rowsOf } from './made-calls.js';
import type { MadeCall } from './made-calls.js';

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1_000);
/** The last midnight in Minsk. */
const MIDNIGHT = Date.parse(`${dayOf(NOW)}T00:00:00+03:00`) / 1_000;
/** The host's program behind the options one of 2013 has, and its words for others. */
const OLD_SQLITE = `#!/bin/sh
for option; do
  case "$option" in
    -batch | -list | -noheader | -separator | -nullvalue | -cmd | -csv | -column | -line | -html | -echo | -bail) ;;
    -*) echo "$0: Error: unknown option: $option" >&2; echo 'Use -help for a list of options.' >&2; exit 1 ;;
  esac
done
exec sqlite3 "$@"
`;
const NASTY = `O'Нил "|" \\ {x}; ''--\n[1],\r\t\u2028`;

async function keep(host: SshHost, calls: readonly MadeCall[], change?: Parameters<typeof rowsOf>[1], off = 0) {
  for (const [day, rows] of rowsOf(calls, change, off)) await keepEvents(host, day, rows);
}

function enterpriseOn(host: SshHost, crmUrl: string, recovery: object = {}): object {
  const ssh = { host: host.host, port: host.port, username: host.users.shell, password: host.password };
  const events = { folder: host.folderInside };
  return retailCrmEnterprise({
    amiPort: null,
    crmUrl,
    more: { ssh, recovery: { everyMinutes: 0.03, events, ...recovery } },
  });
}

const QUICK = { recovery: { settleMs: 1_000, pollMs: 200, retryMs: 300 } };

async function atRest({ db }: TestApp): Promise<void> {
  await until('all delivered', async () => {
    const { rows } = await db.pool.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM deliveries WHERE state IN ('pending', 'started')",
    );
    return rows[0]?.n === 0;
  });
}

const idsIn = (crm: { state: { calls: { externalId?: string | undefined }[] } }) =>
  crm.state.calls.map(({ externalId }) => externalId).sort();
const idsOf = (calls: readonly MadeCall[]) => calls.map(({ id }) => id).sort();

describeWith(['asterisk-22'], "the fleet's event databases", () => {
  it('give each call once, whatever stands in their rows, over midnight and with rows that come twice or were lost', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const answered = madeCall(MIDNIGHT - 9_000, { name: NASTY });
    const missed = madeCall(MIDNIGHT - 8_000, { missed: true });
    const overMidnight = madeCall(MIDNIGHT - 30);
    const calls = [answered, missed, overMidnight];
    await keep(host, calls, (row, index) => {
      // Some were delivered at the time, some not, some stand there twice.
      const status = [null, '<Response [200]>', '<Response [404]>', 'Timeout'][index % 4] ?? null;
      return index % 3 === 0 ? [{ ...row, status }, row] : [{ ...row, status }];
    });
    await keepEvents(host, dayOf(MIDNIGHT - 9_000), [
      { at: local(MIDNIGHT - 7_000), event: 'hangup', body: ['no', 'object'] },
      { at: local(MIDNIGHT - 7_000), event: 'sneeze', body: { UniqueId: '1.1' } },
    ]);
    // A build of the script that loses hang-ups tells them the old system alone.
    const legacy = madeCall(MIDNIGHT - 6_000);
    await keep(host, [legacy], (row) => {
      const old: KeptEvent = { ...row, table: 'APIlogs' };
      return row.event === 'hangup' ? [old] : row.event === 'bridge' ? [row, old] : [row];
    });
    calls.push(legacy);

    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url)], config: QUICK });
    await until('the records', () => crm.state.calls.length >= calls.length);
    await atRest(app);
    expect(idsIn(crm)).toEqual(idsOf(calls));
    const record = (call: MadeCall) => crm.state.calls.find(({ externalId }) => externalId === call.id);
    for (const call of [answered, overMidnight, legacy])
      expect(record(call)).toMatchObject({ result: 'answered', code: '151', duration: 30 });
    expect(record(missed)?.result).toBe('no answer');

    // What comes later is read, and nothing is read again.
    const later = madeCall(MIDNIGHT - 100 + 200);
    await keep(host, [later]);
    await until('the next record', () => crm.state.calls.length > calls.length);
    await atRest(app);
    const { rows } = await app.db.pool.query<{ place: { day: string; a: number } }>(
      'SELECT place FROM recovery_cursors',
    );
    expect(rows[0]?.place.day).toBe(dayOf(NOW));

    const asked = await cli(['recover', '0367', '--from', dayOf(NOW - 2 * DAY)], {
      DATABASE_URL: app.db.url,
      TRUNKLINE_DATA_DIR: app.config.dataDir,
    });
    expect(asked).toMatchObject({ code: 0 });
    expect(asked.stdout).toMatch(/done: \d+ rows read, 0 calls recovered, 5 known, 2 rows could not be read/);
    await atRest(app);
    expect(idsIn(crm)).toEqual(idsOf([...calls, later]));
    expect(crm.state.cards).toEqual([]);
    await crm.stop();
  });

  it('leave a call that goes on to whoever hears its end, also when somebody asks for what was missed', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const [call, before] = [madeCall(NOW - 40), madeCall(NOW - 4_000)];
    const [said, rest] = [
      call.events.filter(({ after }) => after < 50),
      call.events.filter(({ after }) => after >= 50),
    ];
    await keep(host, [{ ...call, events: said }, before]);
    await using app = await startTestApp({
      enterprises: [enterpriseOn(host, crm.url, { everyMinutes: 0 })],
      config: QUICK,
    });
    const post = async ({ event, body }: MadeCall['events'][number]) => {
      const headers = { Token: 'unit-token-0001' };
      const answer = await fetch(`${app.app.url}/${event}`, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(answer.status).toBe(200);
    };
    for (const event of said) await post(event);
    const env = { DATABASE_URL: app.db.url, TRUNKLINE_DATA_DIR: app.config.dataDir };
    const asked = await cli(['recover', '0367', '--from', dayOf(NOW - DAY)], env);
    expect(asked.stdout).toMatch(/1 calls recovered, 0 known/);
    await atRest(app);
    expect(idsIn(crm)).toEqual([before.id]);
    for (const event of rest) await post(event);
    await until('its record', () => crm.state.calls.length > 1);
    await atRest(app);
    expect(crm.state.calls.filter(({ externalId }) => externalId === call.id)).toMatchObject([
      { result: 'answered', code: '151' },
    ]);
    await crm.stop();
  });

  it('in a folder that is not there are no reason to read nothing else, nor for calling it read', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const file = join(host.folder, 'Master.csv');
    const at = (seconds: number) =>
      new Date((NOW - 5_000 + seconds) * 1_000).toISOString().slice(0, 19).replace('T', ' ');
    const texts = [
      '',
      '375290000001',
      '0001360',
      'from-trunk',
      '',
      'SIP/0001363-00000001',
      'SIP/151-00000002',
      'Dial',
      '',
    ];
    const fields = [...texts, at(0), at(3), at(15)].map((text) => `"${text}"`).join(',');
    writeFileSync(file, `${fields},15,12,"ANSWERED","DOCUMENTATION","${NOW - 5_000}.1","","","${NOW - 5_000}.1",""\n`);
    const recovery = {
      events: { folder: `${host.folderInside}/nowhere` },
      cdr: { at: 'local', file, zone: 'UTC', days: 2 },
    };
    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url, recovery)], config: QUICK });
    await app.db.pool.query(
      `INSERT INTO pbx_gaps (pbx, started_at, ended_at, reason) VALUES ('webhook/0367', now() - interval '1 hour', now() - interval '30 minutes', 'CONNECTION')`,
    );
    await until('the record of the file', () => crm.state.calls.length === 1);
    await until('the reason', () => app.log.find((line) => line.includes('there is no folder')));
    const asked = await cli(['recover', '0367'], { DATABASE_URL: app.db.url, TRUNKLINE_DATA_DIR: app.config.dataDir });
    expect(asked).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no folder') as string });
    await crm.stop();
  });

  it('are read in the zone of the host, which its unique ids tell, and by whoever comes first only', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const calls = [madeCall(MIDNIGHT - 5_000), madeCall(MIDNIGHT - 4_000, { missed: true })];
    await keep(host, calls, undefined, -3 * 3_600);
    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url)], config: QUICK });
    // The same calls are posted as recovered by somebody else.
    const posted = calls.flatMap(({ at, events }) =>
      events.map(({ after, event, body }) => ({ event, ...body, DateTime: local(at + after) })),
    );
    const answer = await fetch(`${app.app.url}/download`, {
      method: 'POST',
      headers: { Token: 'unit-token-0001' },
      body: JSON.stringify(posted),
    });
    expect(answer.status).toBe(200);
    await until('the records', () => crm.state.calls.length >= calls.length);
    await until('a cursor', async () => (await app.db.pool.query('SELECT FROM recovery_cursors')).rowCount === 1);
    await atRest(app);
    expect(idsIn(crm)).toEqual(idsOf(calls));
    const { rows } = await app.db.pool.query<{ at: number }>(
      'SELECT extract(epoch FROM started_at)::float8 AS at FROM calls ORDER BY started_at',
    );
    expect(rows.map(({ at }) => at)).toEqual(calls.map(({ at }) => at));
    await crm.stop();
  });

  it('are read as well by a program of 2013, which knows neither -json nor -readonly', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    writeFileSync(join(host.folder, 'sqlite3-old'), OLD_SQLITE, { mode: 0o755 });
    const [nasty, missed, legacy] = [
      madeCall(MIDNIGHT - 5_000, { name: NASTY }),
      madeCall(MIDNIGHT - 4_000, { missed: true, name: '|' }),
      madeCall(MIDNIGHT - 3_000),
    ];
    await keep(host, [nasty, missed]);
    await keep(host, [legacy], (row) => [{ ...row, table: 'APIlogs' }]);
    const events = { folder: host.folderInside, sqlite3: `${host.folderInside}/sqlite3-old` };
    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url, { events })], config: QUICK });
    await until('the records', () => crm.state.calls.length >= 3);
    await atRest(app);
    expect(idsIn(crm)).toEqual(idsOf([nasty, missed, legacy]));
    // Row by row the same, to the last sign.
    const { host: address, port, users, password } = host;
    const target = { host: address, port, username: users.shell, password, privateKey: null, hostKey: null };
    const session = await openSsh(target, createHostKeys(app.db.pool), AbortSignal.timeout(20_000));
    const file = `${host.folderInside}/Listen_AMI_${dayOf(MIDNIGHT - 5_000)}.db`;
    const [old, recent] = await Promise.all(
      [events.sqlite3, 'sqlite3'].map((program) => openEventDatabase(session, file, program).rows({ a: 0, l: 0 }, 100)),
    );
    session.close();
    expect(old?.some(({ request }) => request?.includes(JSON.stringify(NASTY)))).toBe(true);
    expect(old).toEqual(recent);
    await crm.stop();
  });

  it('of a host with another key, or without the program, are not read, and the reason is told', async () => {
    await using host = await startSshHost({ version: 22 });
    const crm = await startRetailCrmStandIn();
    const first = madeCall(NOW - 5_000);
    await keep(host, [first]);
    await using app = await startTestApp({ enterprises: [enterpriseOn(host, crm.url)], config: QUICK });
    await until('the first record', () => crm.state.calls.length === 1);
    await host.changeHostKey();
    await keep(host, [madeCall(NOW - 4_000)]);
    const line = await until('the reason', () => app.log.find((one) => one.includes('SSH_HOST_KEY_CHANGED')));
    expect(line).toContain(host.fingerprint());
    expect(line).not.toContain(host.password);
    const asked = await cli(['recover', '0367'], { DATABASE_URL: app.db.url, TRUNKLINE_DATA_DIR: app.config.dataDir });
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(/SSH_HOST_KEY_CHANGED/);
    expect(crm.state.calls.length).toBe(1);
    await crm.stop();
  });
});
