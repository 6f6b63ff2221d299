/** Real calls on a PBX that does not open AMI, or does: it asks Trunkline over HTTP and goes where the answer says. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { importInto, linkUp, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { clientOf, startHttpHost, wanted } from './http-host.js';
import type { Came, HttpHost } from './http-host.js';
import { startFaultyServer } from './http-faults.js';
import { SOON_SECONDS, httpTrials } from './http-trials.js';
import type { HttpTrial } from './http-trials.js';
import { SECRET } from './redirect-pbx.js';

const VERSIONS = [16, 22] as const;
/** Seconds an answer may take that comes: more than a busy machine needs. */
const HTTP_SECONDS = 8;
/** Until somebody rings, whatever happens; a busy machine takes its time besides. */
const MOST_WAIT_MS = SOON_SECONDS * 1_000 + 8_000;
const BUSY = ['154', '155', '157'];
const OWNERS = ['149', '151', '152', '153', '154', '155', '156', '157', '158', '159'];

describeWith(['asterisk-16', 'asterisk-22'], 'a PBX that asks over HTTP', () => {
  const stops: (() => PromiseLike<unknown>)[] = [];
  const hosts = new Map<number, HttpHost>();
  const trials = new Map<number, HttpTrial[]>();
  let running: TestApp;

  beforeAll(async () => {
    const faults = await startFaultyServer();
    stops.push(() => faults[Symbol.asyncDispose]());
    const crm = await startRetailCrmStandIn({
      otherPerSecond: 0,
      telephonyPerSecond: 0,
      users: OWNERS.map((code) => ({ id: Number(code), firstName: code, code })),
      customers: customersOf(httpTrials({ daemon: '', faults: '', nowhere: '', token: '', amiToken: '' })),
    });
    stops.push(() => crm.stop());
    running = await startTestApp({ enterprises: [] });
    stops.push(() => running[Symbol.asyncDispose]());
    const nowhere = await closedPort();
    await Promise.all(
      VERSIONS.map(async (version) => {
        const places = { daemon: running.app.url, faults: faults.url, nowhere, ...tokensOf(version) };
        const here = httpTrials(places);
        const host = await startHttpHost(version, here, {
          TRUNKLINE_URL: running.app.url,
          TRUNKLINE_TOKEN: places.token,
          TRUNKLINE_HTTP: String(HTTP_SECONDS),
          TRUNKLINE_RING: '2',
        });
        hosts.set(version, host);
        trials.set(version, here);
        stops.push(() => host[Symbol.asyncDispose]());
      }),
    );
    const enterprises = [...hosts].flatMap(([version, { asterisk }]) =>
      enterprisesOf(version, asterisk.amiPort, crm.url),
    );
    await importInto(running.db, running.config, enterprises);
    await running.app.reload();
    await linkUp(running);
  }, 90_000);

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  test('each call reaches its owner, or the default route, and no caller is hung up on', async () => {
    const came = await Promise.all([...hosts].map(async ([version, host]) => ({ version, all: await host.run(BUSY) })));
    for (const { version, all } of came)
      for (const { what, rang, waitedMs } of all)
        process.stdout.write(`Asterisk ${version}, ${what}: ${rang.join(', ')} rang, after ${waitedMs} ms\n`);
    for (const { version, all } of came) {
      const here = trials.get(version) ?? [];
      expect(all.map(({ waitedMs, ...one }) => ({ ...one, inTime: waitedMs < MOST_WAIT_MS }))).toEqual(
        here.map((trial, nth) => ({ ...wanted(trial, all[nth] as Came), inTime: true })),
      );
      expect(hosts.get(version)?.wasHere()).toBe(false);
    }
  }, 90_000);

  test('and each that was asked about is kept, with a reason', async () => {
    const { rows } = await running.db.pool.query<{ line: string; action: string; reason: string }>(
      `SELECT decision->>'line' AS line, decision->>'action' AS action, decision->>'reason' AS reason FROM redirect_decisions
        WHERE enterprise_number IN ('0161', '0162') ORDER BY 1`,
    );
    const all = trials.get(16) ?? [];
    const told = rows.map(({ line, action, reason }) => ({ what: all[Number(line) - 1_600]?.what, action, reason }));
    expect(told).toMatchObject([
      { what: 'the owner is free', action: 'go', reason: 'retailcrm names 151' },
      { what: 'nobody owns the client', action: 'release', reason: 'nobody owns this client' },
      { what: 'the owner does not answer', action: 'go' },
      { what: 'the owner’s phone says it is busy', action: 'go' },
      { what: 'the owner is in a call', action: 'go' },
      { what: 'the owner is in a call and may be rung all the same', action: 'go' },
      { what: 'the owner’s phone is not there', action: 'go' },
      { what: 'the call asks twice, and the headers with it', action: 'go' },
      { what: 'AMI shows that the owner is in a call: his substitute is named', action: 'go' },
      { what: 'AMI sends the call on when it is seen to wait', action: 'go' },
    ]);
  });
});

function customersOf(all: readonly HttpTrial[]) {
  return all.flatMap(({ owner }, nth) =>
    owner === null
      ? []
      : [{ phone: clientOf(nth), managerId: Number(owner), firstName: 'Ann: (VIP)', lastName: `${owner}, "Ltd"` }],
  );
}

const tokensOf = (version: number) => ({ token: `unit-token-${version}1`, amiToken: `unit-token-${version}2` });

/** One without AMI and one with it on each PBX. */
function enterprisesOf(version: number, amiPort: number, crmUrl: string): object[] {
  const { token, amiToken } = tokensOf(version);
  const codes = Object.fromEntries(OWNERS.map((code) => [code, code]));
  const smartRedirect = { mode: 'owner', secret: SECRET, perSecond: 100 };
  const extensions = [{ number: '157', substitute: '158' }];
  return [
    retailCrmEnterprise({
      number: `0${version}1`,
      token,
      amiPort: null,
      crmUrl,
      codes,
      more: { smartRedirect, extensions },
    }),
    retailCrmEnterprise({
      number: `0${version}2`,
      token: amiToken,
      amiPort,
      crmUrl,
      codes,
      user: { username: 'safe', secret: 'safe-secret' },
      more: { smartRedirect, extensions },
    }),
  ];
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
