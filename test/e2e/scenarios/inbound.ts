/** Clients who call one phone. */
import type { Scenario } from './scene.js';

const RING_MS = 600;
const TALK_MS = 2_000;

export const INBOUND: Scenario[] = [
  {
    name: 'inbound, answered',
    async play(scene) {
      const call = scene.comesIn('0001360');
      const phone = await scene.answers('150', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['150'],
        result: 'answered',
        ringAt: scene.rang(phone),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'inbound, the one called hangs up',
    async play(scene) {
      const call = scene.comesIn('0001360');
      const phone = await scene.answers('150', RING_MS);
      await scene.pause(TALK_MS);
      await phone.hangUp();
      await call.reached('over');
      return scene.came(call, {
        rang: ['150'],
        result: 'answered',
        ringAt: scene.rang(phone),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'inbound, nobody answers',
    async play(scene) {
      const call = scene.comesIn('0001361');
      const phone = await scene.rings('150');
      await call.reached('over');
      return scene.came(call, { rang: ['150'], result: 'missed', ringAt: scene.rang(phone) });
    },
  },
  {
    name: 'inbound, busy',
    async play(scene) {
      scene.plan('150', { then: 'busy', ringMs: 0 });
      const call = scene.comesIn('0001360');
      await call.reached('over');
      return scene.came(call, { rang: [], result: 'busy', disposition: 'BUSY' });
    },
  },
  {
    name: 'inbound, the caller gives up',
    async play(scene) {
      const call = scene.comesIn('0001367');
      const phone = await scene.rings('151');
      await scene.pause(1_500);
      await call.hangUp();
      return scene.came(call, { rang: ['151'], result: 'abandoned', ringAt: scene.rang(phone) });
    },
  },
  {
    name: 'inbound, the caller gives up in the greeting',
    async play(scene) {
      const call = await scene.comesIn('0001381').reached('talking');
      await scene.pause(TALK_MS);
      await call.hangUp();
      return scene.came(call, { rang: [], result: 'abandoned', disposition: 'ANSWERED' });
    },
  },
  {
    name: 'inbound, a greeting first, then answered',
    async play(scene) {
      const call = scene.comesIn('0001366');
      const phone = await scene.answers('150', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['150'],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'recorded',
    async play(scene) {
      const call = scene.comesIn('0001365');
      const phone = await scene.answers('150', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['150'],
        recorded: true,
        result: 'answered',
        ringAt: scene.rang(phone),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'hold and back',
    async play(scene) {
      const call = scene.comesIn('0001360');
      const phone = await scene.answers('150', RING_MS);
      await scene.pause(700);
      await phone.hold();
      await scene.pause(800);
      await phone.unhold();
      await scene.pause(700);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['150'],
        hold: true,
        result: 'answered',
        ringAt: scene.rang(phone),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'the same client twice at once',
    async play(scene) {
      const first = scene.comesIn('0001360');
      const ann = await scene.answers('150', RING_MS);
      const second = scene.comesIn('0001367', { tag: scene.tag(1) });
      const boris = await scene.answers('151', RING_MS, { tag: scene.tag(1) });
      await scene.pause(TALK_MS);
      await Promise.all([second.hangUp(), boris.reached('over')]);
      await scene.pause(500);
      await Promise.all([first.hangUp(), ann.reached('over')]);
      return [
        scene.came(first, {
          rang: ['150'],
          result: 'answered',
          ringAt: scene.rang(ann),
          talks: [scene.talk(ann, first)],
        }),
        scene.came(second, {
          rang: ['151'],
          result: 'answered',
          ringAt: scene.rang(boris),
          talks: [scene.talk(boris, second)],
        }),
      ];
    },
  },
  {
    name: 'ten calls at five a second',
    async play(scene) {
      const one = async (client: number) => {
        await scene.pause(client * 200);
        const call = scene.comesIn('0001367', { client });
        const phone = await scene.answers('151', RING_MS, { tag: scene.tag(client) });
        await scene.pause(TALK_MS);
        await call.hangUp();
        await phone.reached('over');
        return scene.came(
          call,
          { rang: ['151'], result: 'answered', ringAt: scene.rang(phone), talks: [scene.talk(phone, call)] },
          client,
        );
      };
      return await Promise.all(Array.from({ length: 10 }, (_, client) => one(client)));
    },
  },
];
