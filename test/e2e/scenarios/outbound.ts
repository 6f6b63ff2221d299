/** Calls of the staff to clients. */
import type { Scenario } from './scene.js';
import { blind } from './talking.js';

const RING_MS = 600;
const TALK_MS = 2_000;

export const OUTBOUND: Scenario[] = [
  {
    name: 'outbound, answered',
    async play(scene) {
      const call = scene.dials('150');
      const client = await scene.clientAnswers(RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await client.reached('over');
      return scene.went(call, { result: 'answered', ringAt: scene.rang(client), talks: [scene.talk(client, call)] });
    },
  },
  {
    name: 'outbound, busy',
    async play(scene) {
      scene.plan('trunk', { then: 'busy', ringMs: 0 }, scene.number());
      const call = scene.dials('150');
      await call.reached('over');
      return scene.went(call, { result: 'busy', disposition: 'BUSY' });
    },
  },
  {
    name: 'outbound, nobody answers',
    async play(scene) {
      const call = scene.dials('150');
      const client = await scene.clientRings();
      await scene.pause(1_500);
      await call.hangUp();
      return scene.went(call, { result: 'missed', ringAt: scene.rang(client) });
    },
  },
  {
    name: 'outbound, no such number',
    async play(scene) {
      scene.plan('trunk', { then: 'unavailable', ringMs: 0 }, scene.number());
      const call = scene.dials('150');
      await call.reached('over');
      // chan_sip takes a 480 for a busy line, and so do its records.
      return scene.ground.technology === 'SIP'
        ? scene.went(call, { result: 'busy', disposition: 'BUSY' })
        : scene.went(call, { result: 'missed' });
    },
  },
  {
    name: 'outbound, over the reserve trunk',
    async play(scene) {
      scene.plan('trunk', { then: 'unavailable', ringMs: 0 }, scene.number());
      const call = scene.dials('150', `9${scene.number()}`);
      const client = await scene.clientAnswers(RING_MS, scene.number(), 'reserve');
      await scene.pause(TALK_MS);
      await client.hangUp();
      await call.reached('over');
      return scene.went(call, {
        result: 'answered',
        line: 'reserve',
        ringAt: scene.rang(client),
        talks: [scene.talk(client, call)],
      });
    },
  },
  {
    name: 'outbound as the fleet dials',
    async play(scene) {
      const call = scene.dials('153');
      const client = await scene.clientAnswers(RING_MS);
      await scene.pause(TALK_MS);
      await client.hangUp();
      await call.reached('over');
      return scene.went(call, {
        result: 'answered',
        recorded: true,
        ringAt: scene.rang(client),
        talks: [scene.talk(client, call)],
      });
    },
  },
  {
    name: 'click to call',
    async play(scene) {
      const uid = `crm-${scene.tag()}`;
      const startedAt = Date.now();
      const call = originate(scene, uid);
      const phone = await scene.answers('156', RING_MS, { from: scene.number() });
      await call;
      const client = await scene.clientAnswers(RING_MS);
      await scene.pause(TALK_MS);
      await phone.hangUp();
      await client.reached('over');
      return scene.went(phone, {
        find: { uid },
        external: scene.external(),
        caller: '156',
        agents: ['156'],
        billed: false,
        result: 'answered',
        startedAt,
        ringAt: scene.rang(client),
        talks: [scene.talk(client, phone)],
      });
    },
  },
  {
    name: 'click to call, the client is busy',
    async play(scene) {
      scene.plan('trunk', { then: 'busy', ringMs: 0 }, scene.number());
      const uid = `crm-${scene.tag()}`;
      const startedAt = Date.now();
      const call = originate(scene, uid);
      const phone = await scene.answers('156', RING_MS, { from: scene.number() });
      await call;
      await phone.reached('over');
      return scene.went(phone, { find: { uid }, caller: '156', disposition: 'BUSY', result: 'busy', startedAt });
    },
  },
  {
    name: 'outbound, sound instead of ringing',
    async play(scene) {
      scene.plan('trunk', { then: 'by-hand' }, scene.number());
      const call = scene.dials('150');
      const client = await scene.clientCalled();
      client.playEarly();
      await scene.pause(1_000);
      client.answer();
      await client.reached('talking');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await client.reached('over');
      return scene.went(call, { result: 'answered', talks: [scene.talk(client, call)] });
    },
  },
  {
    name: 'click to call, the manager does not pick up',
    async play(scene) {
      const call = originate(scene, `crm-${scene.tag()}`);
      const phone = await scene.rings('156', { from: scene.number() });
      await call;
      await scene.pause(500);
      await phone.hangUp();
      await scene.pause(500);
      return [];
    },
  },
  {
    name: 'click to call, then on to a colleague',
    async play(scene) {
      const uid = `crm-${scene.tag()}`;
      const startedAt = Date.now();
      const call = originate(scene, uid);
      const phone = await scene.answers('156', RING_MS, { from: scene.number() });
      await call;
      const client = await scene.clientAnswers(RING_MS);
      await scene.pause(TALK_MS);
      await phone.refer('157');
      const next = await scene.answers('157', RING_MS, { from: scene.number() });
      await scene.pause(TALK_MS);
      await client.hangUp();
      await next.reached('over');
      return scene.went(phone, {
        find: { uid },
        external: scene.external(),
        caller: '156',
        agents: ['156', '157'],
        transfers: [blind('156', '157', true)],
        billed: false,
        result: 'answered',
        startedAt,
        endedAt: scene.ended(client),
        ringAt: scene.rang(client),
        talks: [scene.upUntil(client, next), scene.talk(next, client)],
      });
    },
  },
];

type Scene = Parameters<Scenario['play']>[0];

/** As a CRM's button does it: the manager's phone first, then the client. */
async function originate(scene: Scene, uid: string): Promise<void> {
  const number = scene.number();
  await scene.act('Originate', {
    Channel: `${scene.ground.technology}/156`,
    Context: 'internal',
    Exten: number,
    Priority: '1',
    CallerID: `"${number}" <${number}>`,
    ChannelId: uid,
    Async: 'true',
  });
}
