/**
 * What strangers write is never done: forged events, the spells of shells and dialplans in numbers, names and the number
 * dialled, a CRM that names a dial string for a manager. Every caller reaches the default route, or the owner who is his.
 */
import { readdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAsterisk, type Asterisk } from '../pbx/asterisk.js';
import { describeWith, pathOf } from '../pbx/available.js';
import { headerOf, type AmiProbe } from '../pbx/ami-probe.js';
import { EXTENSIONS } from '../pbx/dialplan.js';
import type { Agent } from '../pbx/sip-agent/agent.js';
import type { AgentCall } from '../pbx/sip-agent/call.js';
import { startPhoneAgent } from '../pbx/sip-agent/on-pbx.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createCutProxy } from '../support/cut-proxy.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { spokenIn } from '../support/spoken-ami.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { OWNER_ID, planAttempts, type Attempt } from './injections/attempts.js';
import { QUIET_LINE, SHELL_LINE, injectionDialplan } from './injections/dialplan.js';
import { SECRET, redirectDialplan } from './redirect-pbx.js';

const VERSIONS = [16, 22] as const;
/** Between two attempts. */
const PACE_MS = 150;
const TALK_MS = 300;
const PATIENCE_MS = 25_000;
/** Of a call that a busy machine let go on. */
const TRIES = 5;

interface Made extends Attempt {
  readonly call: AgentCall;
  /** Extensions that were called for it. */
  readonly rang: readonly string[];
}

interface Site {
  readonly version: 16 | 22;
  readonly asterisk: Asterisk;
  readonly phones: ReadonlyMap<string, Agent>;
  readonly trunk: Agent;
  readonly probe: AmiProbe;
  /** No file of such a name was there before. */
  readonly canary: string;
  readonly said: Buffer[];
  readonly enterprise: object;
  readonly waiting: string;
  attemptsOn(uid: string): Attempt[];
}

describeWith(['asterisk-16', 'asterisk-22'], 'smart redirect', () => {
  const undo: (() => PromiseLike<unknown>)[] = [];
  const sites = new Map<number, Site>();
  const made = new Map<number, Made[]>();
  let running: TestApp;

  beforeAll(async () => {
    await Promise.all(VERSIONS.map(async (version) => sites.set(version, await openSite(version, undo))));
    running = await startTestApp({ enterprises: [...sites.values()].map(({ enterprise }) => enterprise) });
    undo.push(() => running[Symbol.asyncDispose]());
    const ready = () => running.log.filter((line) => line.includes('smart redirect is ready on this PBX')).length;
    await until('smart redirect on both', () => ready() === VERSIONS.length, 30_000);
    for (const { probe, version } of sites.values()) {
      await setGlobal(probe, 'TRUNKLINE_URL', running.app.url);
      await setGlobal(probe, 'TRUNKLINE_TOKEN', tokenOf(version));
    }
    await Promise.all([...sites].map(async ([version, site]) => made.set(version, await attack(site))));
  }, 150_000);

  afterAll(async () => {
    for (const step of undo.reverse()) await step();
  }, 60_000);

  for (const version of VERSIONS) {
    const site = () => sites.get(version) as Site;
    const attempts = () => made.get(version) as Made[];

    test(`on Asterisk ${version}, no attempt rings anybody it should not, and every caller is answered`, () => {
      expect(attempts().length).toBeGreaterThanOrEqual(80);
      const wrong = attempts().flatMap((one) => {
        const { rang, call } = one;
        const { state, finalStatus } = call;
        const { endedBy } = site().trunk.legOf(call);
        const right = rang.join() === one.rings && state === 'over' && finalStatus === 200 && endedBy === 'here';
        return right ? [] : [{ what: one.what, rang, state, finalStatus, endedBy }];
      });
      expect(wrong).toEqual([]);
      const rungAtAll = [...site().phones]
        .filter(([, phone]) => phone.calls.length > 0)
        .map(([extension]) => extension);
      expect(rungAtAll).toEqual(['150', '152']);
      // Nobody was called outside, either.
      expect(site().trunk.calls.filter(({ who }) => who.direction === 'in')).toEqual([]);
    });

    test(`on Asterisk ${version}, a manager is shown his client's name, and nothing of what else is in it`, () => {
      const shown = attempts().filter(({ shows, rings }) => shows !== undefined && rings === '152');
      const seen = shown.map(({ cleaned }) => nameOn(site().phones.get('152'), cleaned));
      expect(seen).toEqual(shown.map(({ shows }) => shows));
    });

    test(`on Asterisk ${version}, nothing was run, though a shell that is asked would have`, async () => {
      const { trunk, canary } = site();
      expect(canariesOf(site())).toEqual([]);
      const call = trunk.call(SHELL_LINE, { from: `1'$(touch${'%20'}${canary}-control)'` });
      await call.reached('talking');
      await call.hangUp();
      expect(canariesOf(site())).toEqual([`${canary.split('/').at(-1)}-control`]);
    });

    test(`on Asterisk ${version}, the PBX was told to send calls to the owner or the default route, and no more`, () => {
      const spoken = spokenIn(Buffer.concat(site().said));
      const redirects = spoken
        .filter(({ name }) => name === 'Redirect')
        .map(({ headers }) => Object.fromEntries(headers))
        // One without a channel asks whether this user may.
        .filter(({ channel }) => channel !== undefined);
      expect(redirects.length).toBeGreaterThan(40);
      for (const { context, exten, priority } of redirects)
        expect([context, exten === 'go' || exten === 'release', priority]).toEqual(['web-zapros', true, '1']);
      const set = spoken.filter(({ name }) => name === 'Setvar').map(({ headers }) => Object.fromEntries(headers));
      for (const { variable, value } of set) {
        if (variable === 'WHO') expect(value).toBe('PJSIP/152');
        else
          expect([variable, value]).toEqual([
            'CALLERID(name)',
            expect.stringMatching(/^[^\p{C}"'\\<>,;|${}[\]]{1,40}$/u),
          ]);
      }
    });
  }

  test('every decision has a reason, and forged events are counted', async () => {
    const { rows } = await running.db.pool.query<{ decision: { reason?: string; heardBy: string } }>(
      'SELECT decision FROM redirect_decisions',
    );
    expect(rows.length).toBeGreaterThan(80);
    expect(rows.filter(({ decision }) => !decision.reason)).toEqual([]);
    expect(rows.filter(({ decision }) => decision.heardBy === 'http').length).toBeGreaterThanOrEqual(20);
    const metrics = await (await fetch(`${running.app.url}/metrics`)).text();
    expect(
      Number(/^trunkline_redirect_counted_total\{what="forged"\} (\d+)/m.exec(metrics)?.[1]),
    ).toBeGreaterThanOrEqual(8);
  });
});

const tokenOf = (version: 16 | 22): string => `token-of-${version}`;

/** For a whole PBX, as its extensions.conf would. */
async function setGlobal(probe: AmiProbe, name: string, value: string): Promise<void> {
  await probe.action('Setvar', { Variable: name, Value: value });
}

async function openSite(version: 16 | 22, undo: (() => PromiseLike<unknown>)[]): Promise<Site> {
  const canary = `/tmp/c${randomBytes(3).toString('hex')}`;
  const asterisk = await startAsterisk({
    version,
    extraDialplan: redirectDialplan({
      globals: { TRUNKLINE_RING: '5' },
      defaultRoute: 'exten => _[0-9+s]!,1,Dial(PJSIP/150,8)',
      extra: injectionDialplan(`${canary}-evil`),
    }),
  });
  undo.push(() => asterisk.stop());
  const phones = new Map<string, Agent>();
  for (const extension of EXTENSIONS) {
    const phone = await startPhoneAgent(asterisk, extension, { default: { then: 'answer', ringMs: 150 } });
    undo.push(() => phone.stop());
    phones.set(extension, phone);
  }
  const trunk = await startPhoneAgent(asterisk, 'trunk');
  undo.push(() => trunk.stop());
  const { users, customers, waiting, attemptsOn } = planAttempts(canary);
  const crm = await startRetailCrmStandIn({ users: [...users], customers: [...customers], telephonyPerSecond: 0 });
  undo.push(() => crm.stop());
  const said: Buffer[] = [];
  const line = await createCutProxy({ host: asterisk.host, port: asterisk.amiPort }, (bytes) => void said.push(bytes));
  undo.push(() => line.close());
  const probe = await asterisk.probe('crm');
  undo.push(() => probe.close());
  const enterprise = retailCrmEnterprise({
    number: `03${version}`,
    token: tokenOf(version),
    amiPort: line.port,
    crmUrl: crm.url,
    // Sees what callers write before the dialplan has cleaned it.
    user: asterisk.users.crm,
    eventMask: 'call,user,cdr,dialplan',
    pbx: { transport: 'native' },
    codes: { [OWNER_ID]: '152' },
    more: { smartRedirect: { mode: 'owner', secret: SECRET, ringBusy: true, deadlineMs: 6_000 } },
  });
  return { version, asterisk, phones, trunk, probe, canary, said, enterprise, waiting, attemptsOn };
}

/** All attempts, side by side, on a PBX where a call of a client with an owner waits in silence. */
async function attack(site: Site): Promise<Made[]> {
  const { probe, waiting, attemptsOn } = site;
  const what = 'a call that waits in silence';
  const quiet = place(site, { what, dial: QUIET_LINE, from: waiting, cleaned: waiting, rings: '150' });
  const uid = await until(what, async () => {
    const answer = await probe.action('Getvar', { Variable: 'QUIET' });
    return headerOf(answer, 'Value') || null;
  });
  // Somebody with an AMI user of his own speaks of it, too.
  await probe.action('UserEvent', { UserEvent: 'SmartRedirect', Uniqueid: uid, Phone: waiting, Line: '1', Sig: 'x' });
  const attempts = attemptsOn(uid);
  const [owned, others] = [
    attempts.filter(({ rings }) => rings !== '150'),
    attempts.filter(({ rings }) => rings === '150'),
  ];
  const made = await Promise.all([quiet, ...others.map((one, n) => sleep(n * PACE_MS).then(() => place(site, one)))]);
  // A busy machine is a reason to let a call go on; those that show how it should be come last, and again if need be.
  for (const attempt of owned) {
    let one = await place(site, attempt);
    for (let again = 1; again < TRIES && one.rang.join() === '150'; again += 1) {
      made.push({ ...one, rings: '150' });
      one = await place(site, attempt);
    }
    made.push(one);
  }
  return made;
}

async function place({ trunk, phones }: Site, attempt: Attempt): Promise<Made> {
  const { dial, from, display, cleaned } = attempt;
  const before = new Map([...phones].map(([extension, phone]) => [extension, phone.calls.length]));
  const call = trunk.call(dial, { from, ...(display === undefined ? {} : { display }) });
  await talk(call);
  const rang = [...phones].flatMap(([extension, { calls }]) =>
    calls.slice(before.get(extension)).flatMap(({ who }) => (who.from === cleaned ? [extension] : [])),
  );
  return { ...attempt, call, rang };
}

async function talk(call: AgentCall): Promise<void> {
  const answered = await call.reached('talking', PATIENCE_MS).catch(() => null);
  if (!answered) return;
  await sleep(TALK_MS);
  if (call.state === 'talking') await call.hangUp();
}

function nameOn(phone: Agent | undefined, from: string): string | undefined {
  const invite = phone?.trace().find((message) => message.method === 'INVITE' && message.from === from)?.text ?? '';
  return /^From: "([^"]*)" </m.exec(invite)?.[1];
}

/** Files of such a name, on the PBX's disk and on ours. */
function canariesOf({ version, canary }: Site): string[] {
  const name = canary.split('/').at(-1) ?? '';
  const folders = ['/tmp', join(pathOf(`asterisk-${version}`), 'tmp')];
  return folders.flatMap((folder) => readdirSync(folder)).filter((file) => file.startsWith(name));
}
