/**
 * Smart redirect in front of a dialplan of the fleet's kind, on its older and its newer hosts: the hooks and `h` let the
 * dialplan's own macros tell of each dial and, once, of the end; and what became of each decision is kept.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { startFleetPbx } from '../pbx/fleet/fleet-pbx.js';
import type { FleetPbx } from '../pbx/fleet/fleet-pbx.js';
import type { AgentCall } from '../pbx/sip-agent/call.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startFleetPoster } from '../support/fleet-poster.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import { SECRET, ours } from './redirect-pbx.js';

const LINE = '0001363';
const GROUP = ['150', '151', '152'];
const TALK_MS = 600;
const PATIENCE_MS = 30_000;

interface Case {
  what: string;
  client: string;
  owner: string | null;
  play(call: AgentCall, pbx: FleetPbx): Promise<unknown>;
  /** What the host posts of it: whom it dials, one after the other, and then once that it is over. */
  dials: string[][];
  outcome: object;
}

const talks = async (call: AgentCall) => {
  await call.reached('talking', PATIENCE_MS);
};
/** The host answers every call at once, so that nobody has till a phone says so. */
const answeredBy = async (call: AgentCall, pbx: FleetPbx, phone: '150' | '109') => {
  await talks(call);
  const taken = await pbx.phones[phone].incoming((one) => one.who.from === call.who.from, PATIENCE_MS);
  await taken.reached('talking');
  await sleep(TALK_MS);
  return taken;
};

const CASES: Case[] = [
  {
    what: 'the owner answers, and hangs up',
    client: '375290000011',
    owner: '109',
    play: async (call, pbx) => (await answeredBy(call, pbx, '109')).hangUp(),
    dials: [['109']],
    outcome: { result: 'answered', answeredBy: '109', fellThrough: false },
  },
  {
    what: 'the owner answers, and the client hangs up',
    client: '375290000012',
    owner: '109',
    play: async (call, pbx) => answeredBy(call, pbx, '109').then(() => call.hangUp()),
    dials: [['109']],
    outcome: { result: 'answered', answeredBy: '109', fellThrough: false },
  },
  {
    what: 'the owner does not answer',
    client: '375290000013',
    owner: '117',
    play: async (call, pbx) => answeredBy(call, pbx, '150').then(() => call.hangUp()),
    dials: [['117'], GROUP],
    outcome: { result: 'answered', answeredBy: '150', fellThrough: true },
  },
  {
    what: 'nobody owns the client',
    client: '375290000014',
    owner: null,
    play: async (call, pbx) => answeredBy(call, pbx, '150').then(() => call.hangUp()),
    dials: [GROUP],
    outcome: { result: 'answered', answeredBy: '150', fellThrough: false },
  },
  {
    what: 'the client hangs up while it rings',
    client: '375290000015',
    owner: '117',
    async play(call, pbx) {
      await talks(call);
      await (await pbx.phones['117'].incoming((one) => one.who.from === call.who.from)).reached('ringing');
      await call.hangUp();
    },
    dials: [['117']],
    outcome: { result: 'abandoned', answeredBy: null, fellThrough: true },
  },
  {
    what: 'the client hangs up in the wait',
    client: '375290000016',
    owner: '109',
    async play(call) {
      await talks(call);
      await sleep(TALK_MS);
      await call.hangUp();
    },
    dials: [],
    outcome: { result: 'abandoned', answeredBy: null, fellThrough: false },
  },
];
const HUNG_UP_IN_THE_WAIT = CASES.length - 1;

for (const version of [16, 22] as const) {
  describeWith([`asterisk-${version}`], `a host of the fleet on Asterisk ${version}`, () => {
    let pbx: FleetPbx;
    let crm: RetailCrmStandIn;
    let running: TestApp;

    beforeAll(async () => {
      pbx = await startFleetPbx(version, {
        text: ours('trunkline.conf'),
        globals: {
          TRUNKLINE_SECRET: SECRET,
          TRUNKLINE_TECH: version === 16 ? 'SIP' : 'PJSIP',
          TRUNKLINE_DEFAULT: 'fleet-lines',
          TRUNKLINE_RING: '1',
        },
      });
      pbx.phones['109'].take({ default: { then: 'answer', ringMs: 100 } });
      pbx.phones['150'].take({ default: { then: 'answer', ringMs: 100 } });
      crm = await startRetailCrmStandIn({
        otherPerSecond: 0,
        telephonyPerSecond: 0,
        users: ['109', '117'].map((code) => ({ id: Number(code), firstName: code, code })),
        customers: CASES.flatMap(({ client, owner }) =>
          owner === null ? [] : [{ phone: `+${client}`, managerId: Number(owner), firstName: 'Ann' }],
        ),
      });
      running = await startTestApp({
        enterprises: [
          retailCrmEnterprise({
            amiPort: pbx.asterisk.amiPort,
            crmUrl: crm.url,
            user: pbx.asterisk.users.fleet,
            codes: { '109': '109', '117': '117' },
            more: { smartRedirect: { mode: 'owner', secret: SECRET } },
          }),
        ],
      });
      await linkUp(running);
    }, 60_000);

    afterAll(async () => {
      await running[Symbol.asyncDispose]();
      await crm.stop();
      await pbx.stop();
    });

    test('its macros tell of each dial and once of the end, and each decision of what became of it', async () => {
      const probe = await pbx.asterisk.probe();
      const poster = startFleetPoster({ probe, url: running.app.url, token: 'unit-token-0001' });
      for (const [nth, { client, play }] of CASES.entries()) {
        if (nth === HUNG_UP_IN_THE_WAIT) crm.faults.next(1, { kind: 'delay', ms: 2_000 });
        await play(pbx.trunks[LINE].call(LINE, { from: client, name: client }), pbx);
      }
      await poster.stop();
      await probe.close();
      const told = CASES.map(({ what, client }) => {
        const posts = poster.posted.filter(({ body }) => body['Phone'] === client);
        const of = (path: string) => posts.filter((post) => post.path === path);
        return { what, dials: of('/dial').map(({ body }) => body['Extensions']), hangups: of('/hangup').length };
      });
      expect(told).toEqual(CASES.map(({ what, dials }) => ({ what, dials, hangups: 1 })));

      const outcomes = await until('what became of every decision', async () => {
        const { rows } = await running.db.pool.query<{ phone: string; outcome: object | null }>(
          "SELECT decision->>'phone' AS phone, outcome FROM redirect_decisions ORDER BY 1",
        );
        return rows.length === CASES.length && rows.every(({ outcome }) => outcome !== null) && rows;
      });
      expect(outcomes).toEqual(CASES.map(({ client, outcome }) => ({ phone: `+${client}`, outcome })));
    }, 90_000);
  });
}
