/**
 * One real call, followed by daemons whose clocks are wrong or are set while it rings or while it is talked. Their database's
 * clock is right all the time, as on a machine of its own.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import type { Clock } from '../../src/platform/clock.js';
import { startAsterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCalls, tagOf } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RING_MS = 2_000;
const TALK_MS = 3_000;
const EXTENSION = '150';
const CLIENT = '80290000001';

type Moment = 'ringing' | 'talking' | null;

interface Trial {
  name: string;
  /** How far the clock is off from the start; by how much it is set, and when. */
  off: number;
  set: number;
  when: Moment;
  timezone?: string;
}

const TRIALS: Trial[] = [
  ...[5 * MINUTE, -5 * MINUTE].map((off) => ({
    name: `${off / MINUTE} minutes off the PBX’s`,
    off,
    set: 0,
    when: null,
  })),
  ...[HOUR, -HOUR].flatMap((set) =>
    (['ringing', 'talking'] as const).map((when) => ({
      name: `set by ${set / HOUR} h while the call is ${when}`,
      ...{ off: 0, set, when },
    })),
  ),
  {
    name: 'a moment before the hour that comes twice in autumn',
    off: Date.parse('2026-10-25T00:59:54Z') - Date.now(),
    ...{ set: 0, when: null, timezone: 'Europe/Chisinau' },
  },
];

interface Followed {
  trial: Trial;
  crm: RetailCrmStandIn;
  set(): void;
}

describe.each([16, 22] as const)(
  'a call on Asterisk %i is recorded once and right by a daemon whose clock is',
  (version) => {
    describeWith(['sipp', `asterisk-${version}`], 'wrong', () => {
      const followed: Followed[] = [];
      const undo: (() => Promise<unknown>)[] = [];

      beforeAll(async () => {
        const asterisk = await startAsterisk({ version });
        undo.push(() => asterisk.stop());
        const phone = await startPhone(asterisk, EXTENSION, { default: { then: 'answer', ringMs: RING_MS } });
        undo.push(() => phone.stop());
        await Promise.all(TRIALS.map((trial) => follow(trial, asterisk.amiPort)));
        const calls = await placeCalls(asterisk, [{ tag: tagOf(1), dial: '0001360', from: CLIENT, talkMs: TALK_MS }], {
          perSecond: 1,
        });
        await Promise.all(
          followed.map(async ({ trial, crm, set }) => {
            if (trial.when === null) return;
            await until('the card', () => crm.state.cards.length > 0);
            if (trial.when === 'talking') await until('the answer', () => crm.state.openCards().length === 0);
            set();
          }),
        );
        await calls.done;
      }, 120_000);

      afterAll(async () => {
        for (const step of undo.reverse()) await step();
      });

      async function follow(trial: Trial, amiPort: number): Promise<void> {
        const crm = await startRetailCrmStandIn({ users: [{ id: 6, firstName: 'Vera', code: EXTENSION }] });
        let by = trial.off;
        const clock: Clock = { ...systemClock, now: () => Date.now() + by };
        const more = trial.timezone ? { timezone: trial.timezone } : {};
        const app = await startTestApp({
          clock,
          enterprises: [retailCrmEnterprise({ amiPort, crmUrl: crm.url, more })],
        });
        undo.push(
          () => crm.stop(),
          async () => app[Symbol.asyncDispose](),
        );
        followed.push({ trial, crm, set: () => void (by += trial.set) });
        await linkUp(app);
      }

      it.each(TRIALS.map(({ name }) => name))('%s', async (name) => {
        const one = followed.find(({ trial }) => trial.name === name);
        if (!one) throw new Error(`${name} was not followed`);
        const { state } = one.crm;
        await until('the record', () => state.calls.length > 0);
        await until('the cards to be closed', () => state.openCards().length === 0);
        expect(state.calls).toMatchObject([{ type: 'in', phone: '375290000001', code: EXTENSION, result: 'answered' }]);
        expect(state.cards).toMatchObject([{ code: EXTENSION }]);
        const [{ duration = 0, durationWaiting = 0 } = {}] = state.calls;
        expect(Math.abs(duration - TALK_MS / 1_000), `talk ${duration}`).toBeLessThanOrEqual(1.05);
        expect(Math.abs(durationWaiting - RING_MS / 1_000), `wait ${durationWaiting}`).toBeLessThanOrEqual(1.05);
      });
    });
  },
);
