/** A client who is sent on: by the phone (REFER), by feature code, by AMI. */
import type { Extension } from '../../pbx/dialplan.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import { MOBILE } from './dialplan.js';
import type { Scenario, Scene } from './scene.js';
import { FIRST_TALK_MS, RING_MS, TALK_MS, blind, talksWith } from './talking.js';

type SendOff = (scene: Scene, from: AgentCall, who: Extension, target: Extension) => Promise<void>;

const refer: SendOff = (_scene, from, _who, target) => from.refer(target);

const byCode: SendOff = async (scene, from, _who, target) => {
  await from.dtmf('##');
  await scene.pause(500);
  await from.dtmf(target);
};

const byAmi: SendOff = async (scene, _from, who, target) =>
  scene.act('BlindTransfer', { Channel: await scene.channelOf(who), Context: 'internal', Exten: target });

function blindly(name: string, send: SendOff, who: Extension, target: Extension): Scenario {
  return {
    name,
    async play(scene) {
      const { call, phone } = await talksWith(scene, who);
      await send(scene, phone, who, target);
      const next = await scene.answers(target, RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await next.reached('over');
      return scene.came(call, {
        rang: [who],
        rangLater: [target],
        agents: [who, target],
        transfers: [blind(who, target, true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, next), scene.talk(next, call)],
      });
    },
  };
}

export const BLIND: Scenario[] = [
  blindly('blind transfer by REFER', refer, '151', '152'),
  blindly('blind transfer by feature code', byCode, '151', '155'),
  blindly('blind transfer by AMI', byAmi, '151', '156'),
  {
    name: 'blind transfer nobody answers',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '151');
      await phone.refer('157');
      const next = await scene.rings('157');
      await call.reached('over');
      return scene.came(call, {
        rang: ['151'],
        rangLater: ['157'],
        transfers: [blind('151', '157', false)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, next)],
      });
    },
  },
  {
    name: 'blind transfer, and once more',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '151');
      await phone.refer('152');
      const second = await scene.answers('152', RING_MS);
      await scene.pause(FIRST_TALK_MS);
      await second.refer('155');
      const third = await scene.answers('155', RING_MS);
      await scene.pause(FIRST_TALK_MS);
      await call.hangUp();
      await third.reached('over');
      return scene.came(call, {
        rang: ['151'],
        rangLater: ['152', '155'],
        agents: ['151', '152', '155'],
        transfers: [blind('151', '152', true), blind('152', '155', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, second), scene.upUntil(second, third), scene.talk(third, call)],
      });
    },
  },
  {
    name: 'outbound, blind transfer by REFER',
    async play(scene) {
      const call = scene.dials('150');
      const client = await scene.clientAnswers(RING_MS);
      await scene.pause(FIRST_TALK_MS);
      await call.refer('152');
      const next = await scene.answers('152', RING_MS, { from: scene.number() });
      await scene.pause(TALK_MS);
      await client.hangUp();
      await next.reached('over');
      return scene.went(call, {
        agents: ['150', '152'],
        transfers: [blind('150', '152', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(client),
        endedAt: scene.ended(client),
        talks: [scene.upUntil(client, next), scene.talk(next, client)],
      });
    },
  },
  {
    name: 'blind transfer to a colleague who is busy',
    async play(scene) {
      scene.plan('159', { then: 'busy', ringMs: 0 });
      const { call, phone } = await talksWith(scene, '151');
      const sent = Date.now();
      await phone.refer('159');
      await call.reached('over');
      return scene.came(call, {
        rang: ['151'],
        transfers: [blind('151', '159', false)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [[scene.picked(phone), sent]],
      });
    },
  },
  {
    name: 'blind transfer to a staff mobile',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '151');
      await phone.refer(MOBILE);
      const mobile = await scene.mobileAnswers(RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await mobile.reached('over');
      return scene.came(call, {
        rang: ['151'],
        rangLater: [MOBILE],
        agents: ['151', MOBILE],
        transfers: [blind('151', MOBILE, true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, mobile), scene.talk(mobile, call)],
      });
    },
  },
  {
    name: 'blind transfer to a group',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '151');
      await phone.refer('600');
      const [, next] = await Promise.all([scene.rings('155'), scene.answers('156', RING_MS)]);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await next.reached('over');
      return scene.came(call, {
        rang: ['151'],
        rangLater: ['155', '156'],
        agents: ['151', '156'],
        transfers: [blind('151', '600', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, next), scene.talk(next, call)],
      });
    },
  },
];
