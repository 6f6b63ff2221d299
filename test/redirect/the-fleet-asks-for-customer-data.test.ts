/** Real calls on a PBX whose dialplan asks as the fleet's does, cuts the answer up as the fleet's does, and goes where that leads. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { TestDb } from '../support/db.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { importInto, linkUp, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { FLEET_MACRO } from './fleet-macro.js';
import { FLEET_ENTERPRISES, fleetContexts, fleetId, fleetToken, fleetTrials } from './fleet-trials.js';
import type { FleetPlaces, FleetTrial } from './fleet-trials.js';
import { startFaultyServer } from './http-faults.js';
import { clientOf, startHttpHost, wanted } from './http-host.js';
import type { Came, HttpHost } from './http-host.js';

const VERSIONS = [16, 22] as const;
const OWNERS = ['151', '154', '155', '157', '158'];
const BUSY = ['154'];
const NOWHERE = 'http://127.0.0.1:9';

describeWith(['asterisk-16', 'asterisk-22'], 'a PBX of the fleet', () => {
  const stops: (() => PromiseLike<unknown>)[] = [];
  const hosts = new Map<number, HttpHost>();
  const trials = new Map<number, FleetTrial[]>();
  let running: TestApp;

  beforeAll(async () => {
    const faults = await startFaultyServer();
    stops.push(() => faults[Symbol.asyncDispose]());
    const here: FleetPlaces = { daemon: '', starting: '', broken: '', nowhere: NOWHERE, faults: faults.url };
    const crm = await startRetailCrmStandIn({
      otherPerSecond: 0,
      telephonyPerSecond: 0,
      users: OWNERS.map((code) => ({ id: Number(code), firstName: code, code })),
      customers: fleetTrials(16, here).flatMap(({ owner }, nth) => {
        const name = { firstName: 'Ann: (VIP),', lastName: `${owner ?? ''} "Ltd"` };
        return owner === null ? [] : [{ phone: clientOf(nth), managerId: Number(owner), ...name }];
      }),
    });
    const silent = await startRetailCrmStandIn();
    silent.faults.always({ kind: 'hang' });
    stops.push(
      () => crm.stop(),
      () => silent.stop(),
    );
    running = await startTestApp({ enterprises: [] });
    const starting = await startTestApp({ enterprises: [], databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing' });
    const plain = VERSIONS.map((version) => enterpriseOf(version, '1', { crmUrl: crm.url, fleetContexts: [] }));
    const broken = await startTestApp({ enterprises: plain });
    await broken.db.pool.query('ALTER TABLE user_internal_phones RENAME TO away');
    for (const app of [running, starting, broken]) stops.push(() => app[Symbol.asyncDispose]());
    Object.assign(here, { daemon: running.app.url, starting: starting.app.url, broken: broken.app.url });
    const enterprises = await Promise.all(
      VERSIONS.map(async (version) => {
        const all = fleetTrials(version, here);
        trials.set(version, all);
        const host = await startHttpHost(version, all, {}, `${FLEET_MACRO}${generated(version, all)}`);
        hosts.set(version, host);
        stops.push(() => host[Symbol.asyncDispose]());
        return Object.keys(FLEET_ENTERPRISES).map((digit) =>
          enterpriseOf(version, digit, {
            crmUrl: digit === '3' ? silent.url : crm.url,
            amiPort: digit === '2' ? host.asterisk.amiPort : null,
            fleetContexts: digit === '2' ? [] : fleetContexts(version, all, '1').map(({ name }) => name),
          }),
        );
      }),
    );
    await importInto(running.db, running.config, enterprises.flat());
    for (const version of VERSIONS) await giveIds(running.db, version);
    await running.app.reload();
    await linkUp(running);
  }, 90_000);

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  test('each call goes where it should, whatever the daemon answers', async () => {
    const came = await Promise.all([...hosts].map(async ([version, host]) => ({ version, all: await host.run(BUSY) })));
    for (const { version, all } of came) {
      const answers = (hosts.get(version) as HttpHost).asterisk
        .log()
        .matchAll(/^\[[^\]]*\] NOTICE.*customerdata (\d+) (.*)$/gm);
      for (const [, line, answer] of answers)
        process.stdout.write(`Asterisk ${version}, ${all[Number(line) - 1_600]?.what}: ${answer}\n`);
      expect(all.map(({ waitedMs: _, ...one }) => one)).toEqual(
        (trials.get(version) ?? []).map((trial, nth) => wanted(trial, all[nth] as Came)),
      );
    }
  }, 90_000);
});

interface Of {
  crmUrl: string;
  amiPort?: number | null;
  fleetContexts: string[];
}

function enterpriseOf(version: number, digit: string, { crmUrl, amiPort = null, fleetContexts: listed }: Of): object {
  const settings = { mode: 'owner', tech: 'PJSIP', fleetContexts: listed, perSecond: digit === '4' ? 0.1 : 1_000 };
  return retailCrmEnterprise({
    number: `0${version}${digit}`,
    token: fleetToken(version, digit),
    amiPort,
    crmUrl,
    user: { username: 'safe', secret: 'safe-secret' },
    codes: Object.fromEntries(OWNERS.map((code) => [code, code])),
    more: {
      mode: digit === '5' ? 'off' : digit === '6' ? 'shadow' : 'on',
      smartRedirect: settings,
    },
  });
}

/** As the fleet's database numbers its extensions. */
async function giveIds(db: TestDb, version: number): Promise<void> {
  for (const digit of Object.keys(FLEET_ENTERPRISES))
    for (const extension of OWNERS)
      await db.pool.query(
        'INSERT INTO user_internal_phones (id, enterprise_number, phone_number) VALUES ($1, $2, $3)',
        [fleetId(version, digit, extension), `0${version}${digit}`, extension],
      );
}

function generated(version: number, all: readonly FleetTrial[]): string {
  return fleetContexts(version, all)
    .map(
      ({ name, extension }) =>
        `\n[${name}]\nexten => _X.,1,Set(LOCAL=${extension})\n same => n,Dial(PJSIP/${extension},3,mTtKk)\n`,
    )
    .join('');
}
