/** A client who is handed over after a word with the colleague: by the phone (REFER with Replaces), by feature code, by AMI. */
import type { Extension } from '../../pbx/dialplan.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import type { Scenario, Scene } from './scene.js';
import { RING_MS, TALK_MS, attended, talksWith } from './talking.js';

export const ATTENDED: Scenario[] = [
  {
    name: 'attended transfer by REFER with Replaces',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '151');
      await phone.hold();
      const asking = scene.dials('151', '152');
      const next = await scene.answers('152', RING_MS, { from: '151' });
      await asking.reached('talking');
      await scene.pause(800);
      await phone.referInto(asking);
      await phone.reached('over');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await next.reached('over');
      return scene.came(call, {
        rang: ['151'],
        agents: ['151', '152'],
        transfers: [attended('151', '152', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        // He was on hold, not gone: the phone that asked could have come back to him at any moment.
        talks: [[scene.picked(phone), scene.ended(call)]],
      });
    },
  },
  {
    name: 'attended transfer by feature code',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '154');
      await asks(scene, phone, '152');
      const next = await scene.answers('152', RING_MS, { from: '154' });
      await scene.pause(800);
      const joined = Date.now();
      await phone.hangUp();
      await scene.pause(TALK_MS);
      await call.hangUp();
      await next.reached('over');
      return scene.came(call, {
        rang: ['154'],
        agents: ['154', '152'],
        transfers: [attended('154', '152', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, next), [joined, scene.ended(call)]],
      });
    },
  },
  {
    name: 'attended transfer by AMI',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '155');
      await scene.act('Atxfer', { Channel: await scene.channelOf('155'), Context: 'internal', Exten: '152' });
      const next = await scene.answers('152', RING_MS, { from: '155' });
      await scene.pause(800);
      const joined = Date.now();
      await phone.hangUp();
      await scene.pause(TALK_MS);
      await call.hangUp();
      await next.reached('over');
      return scene.came(call, {
        rang: ['155'],
        agents: ['155', '152'],
        transfers: [attended('155', '152', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, next), [joined, scene.ended(call)]],
      });
    },
  },
  {
    name: 'attended transfer by feature code nobody answers: back to the client',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '156');
      await asks(scene, phone, '157');
      const asked = await scene.rings('157', { from: '156' });
      await asked.reached('over');
      const back = scene.ended(asked);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['156'],
        transfers: [attended('156', '157', false)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, asked), [back, scene.ended(call)]],
      });
    },
  },
  {
    name: 'attended transfer by feature code, the one asked refuses: back to the client',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '157');
      await asks(scene, phone, '152');
      const asked = await scene.answers('152', RING_MS, { from: '157' });
      await scene.pause(800);
      await asked.hangUp();
      const back = scene.ended(asked);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['157'],
        transfers: [attended('157', '152', false)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, asked), [back, scene.ended(call)]],
      });
    },
  },
  {
    name: 'attended transfer by feature code, handed over while it still rings',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '158');
      await asks(scene, phone, '152');
      const asked = await scene.rings('152', { from: '158' });
      await scene.pause(500);
      await phone.hangUp();
      await scene.pause(800);
      asked.answer();
      await asked.reached('talking');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await asked.reached('over');
      return scene.came(call, {
        rang: ['158'],
        rangLater: ['152'],
        agents: ['158', '152'],
        transfers: [attended('158', '152', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.upUntil(phone, asked), scene.talk(asked, call)],
      });
    },
  },
  {
    name: 'a colleague is asked on a second line, and back to the client',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '159');
      await phone.hold();
      const asking = scene.dials('159', '152');
      const asked = await scene.answers('152', RING_MS, { from: '159' });
      await scene.pause(800);
      await asking.hangUp();
      await asked.reached('over');
      await phone.unhold();
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      const inner = scene.went(asking, {
        direction: 'internal',
        external: null,
        line: null,
        rang: ['152'],
        agents: ['152'],
        result: 'answered',
        ringAt: scene.rang(asked),
        talks: [scene.talk(asked, asking)],
      });
      return [
        scene.came(call, {
          rang: ['159'],
          hold: true,
          result: 'answered',
          ringAt: scene.rang(phone),
          talks: [scene.talk(phone, call)],
        }),
        inner,
      ];
    },
  },
  {
    name: 'outbound, attended transfer by REFER with Replaces',
    async play(scene) {
      const call = scene.dials('152');
      const client = await scene.clientAnswers(RING_MS);
      await scene.pause(1_500);
      await call.hold();
      const asking = scene.dials('152', '154');
      const next = await scene.answers('154', RING_MS, { from: '152' });
      await asking.reached('talking');
      await scene.pause(800);
      await call.referInto(asking);
      await call.reached('over');
      await scene.pause(TALK_MS);
      await client.hangUp();
      await next.reached('over');
      return scene.went(call, {
        agents: ['152', '154'],
        transfers: [attended('152', '154', true)],
        result: 'answered',
        billed: false,
        endedAt: scene.ended(client),
        ringAt: scene.rang(client),
        talks: [[scene.picked(client), scene.ended(client)]],
      });
    },
  },
  {
    name: 'outbound, attended transfer by feature code',
    async play(scene) {
      const call = scene.dials('155');
      const client = await scene.clientAnswers(RING_MS);
      await call.reached('talking');
      await scene.pause(1_500);
      await asks(scene, call, '154');
      const next = await scene.answers('154', RING_MS, { from: '155' });
      await scene.pause(800);
      const joined = Date.now();
      await call.hangUp();
      await scene.pause(TALK_MS);
      await client.hangUp();
      await next.reached('over');
      return scene.went(call, {
        agents: ['155', '154'],
        transfers: [attended('155', '154', true)],
        result: 'answered',
        billed: false,
        endedAt: scene.ended(client),
        ringAt: scene.rang(client),
        talks: [scene.upUntil(client, next), [joined, scene.ended(client)]],
      });
    },
  },
  {
    name: 'attended transfer by REFER with Replaces while the colleague still rings',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '156');
      await phone.hold();
      const asking = scene.dials('156', '154');
      const next = await scene.rings('154', { from: '156' });
      await asking.reached('ringing');
      await scene.pause(500);
      await phone.referInto(asking);
      await scene.pause(800);
      next.answer();
      await next.reached('talking');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await next.reached('over');
      return scene.came(call, {
        rang: ['156'],
        rangLater: ['154'],
        agents: ['156', '154'],
        transfers: [attended('156', '154', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [[scene.picked(phone), scene.ended(phone)], scene.talk(next, call)],
      });
    },
  },
];

/** `*2` and the colleague. */
async function asks(scene: Scene, phone: AgentCall, target: Extension): Promise<void> {
  await phone.dtmf('*2');
  await scene.pause(500);
  await phone.dtmf(target);
}
