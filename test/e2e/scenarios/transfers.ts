/** A client who is sent on: by the phone (REFER), by feature code, by AMI. */
import type { Extension } from '../../pbx/dialplan.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import type { Scenario, Scene } from './scene.js';
import type { Truth } from './truth.js';

const RING_MS = 600;
const TALK_MS = 2_000;
const FIRST_TALK_MS = 1_500;

interface Talk {
  readonly call: AgentCall;
  readonly phone: AgentCall;
}

/** The client talks with `who`, who rang for him. */
async function talksWith(scene: Scene, who: Extension): Promise<Talk> {
  const call = scene.comesIn(`0002${who}`);
  const phone = await scene.answers(who, RING_MS);
  await scene.pause(FIRST_TALK_MS);
  return { call, phone };
}

type SendOff = (scene: Scene, from: AgentCall, who: Extension, target: Extension) => Promise<void>;

const refer: SendOff = (_scene, from, _who, target) => from.refer(target);

const byCode: SendOff = async (scene, from, _who, target) => {
  await from.dtmf('##');
  await scene.pause(500);
  await from.dtmf(target);
};

const byAmi: SendOff = async (scene, _from, who, target) =>
  scene.act('BlindTransfer', { Channel: await scene.channelOf(who), Context: 'internal', Exten: target });

const blind = (from: string, to: string, answered: boolean): Truth['transfers'][number] => ({
  kind: 'blind',
  from,
  to,
  answered,
});
const attended = (from: string, to: string, answered: boolean): Truth['transfers'][number] => ({
  kind: 'attended',
  from,
  to,
  answered,
});

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
];

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
];

/** `*2` and the colleague. */
async function asks(scene: Scene, phone: AgentCall, target: Extension): Promise<void> {
  await phone.dtmf('*2');
  await scene.pause(500);
  await phone.dtmf(target);
}
