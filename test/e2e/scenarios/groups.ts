/** Clients who call several phones. */
import type { Scenario } from './scene.js';

const RING_MS = 600;
const TALK_MS = 2_000;

export const GROUPS: Scenario[] = [
  {
    name: 'ring group of three',
    async play(scene) {
      const call = scene.comesIn('0001362');
      const others = await Promise.all([scene.rings('150'), scene.rings('152')]);
      const phone = await scene.answers('151', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      const ringAt = Math.min(...[phone, ...others].map((one) => scene.rang(one)));
      return scene.came(call, {
        rang: ['150', '151', '152'],
        agents: ['151'],
        result: 'answered',
        ringAt,
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'ring group over Local channels',
    async play(scene) {
      const call = scene.comesIn('0001368');
      const other = await scene.rings('150');
      const phone = await scene.answers('151', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      const ringAt = Math.min(scene.rang(phone), scene.rang(other));
      return scene.came(call, {
        rang: ['150', '151'],
        agents: ['151'],
        result: 'answered',
        ringAt,
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'queue of two',
    async play(scene) {
      const call = scene.comesIn('0001363');
      const other = await scene.rings('151');
      const phone = await scene.answers('152', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      const ringAt = Math.min(scene.rang(phone), scene.rang(other));
      return scene.came(call, {
        rang: ['151', '152'],
        agents: ['152'],
        queue: 'sales',
        result: 'answered',
        billed: false,
        ringAt,
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'cascade',
    async play(scene) {
      const call = scene.comesIn('0001369');
      const first = await scene.rings('150');
      const phone = await scene.answers('151', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['150', '151'],
        agents: ['151'],
        result: 'answered',
        ringAt: scene.rang(first),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'picked up by a colleague',
    async play(scene) {
      const call = scene.comesIn('0002158');
      const rung = await scene.rings('158');
      await scene.pause(RING_MS);
      const picker = await scene.dials('159', '*8').reached('talking');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await picker.reached('over');
      return scene.came(call, {
        rang: ['158'],
        agents: ['159'],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(rung),
        talks: [scene.talk(picker, call)],
      });
    },
  },
  {
    name: 'queue, the caller gives up',
    async play(scene) {
      const call = scene.comesIn('0001363');
      const phones = await Promise.all([scene.rings('151'), scene.rings('152')]);
      await scene.pause(1_500);
      await call.hangUp();
      const ringAt = Math.min(...phones.map((phone) => scene.rang(phone)));
      return scene.came(call, {
        rang: ['151', '152'],
        queue: 'sales',
        result: 'abandoned',
        ringAt,
      });
    },
  },
  {
    name: 'ring group, one busy, one unanswered',
    async play(scene) {
      scene.plan('155', { then: 'busy', ringMs: 0 });
      const call = scene.comesIn('0002600');
      const phone = await scene.rings('156');
      await call.reached('over');
      return scene.came(call, { rang: ['156'], result: 'missed', ringAt: scene.rang(phone) });
    },
  },
  {
    name: 'ring group, all busy',
    async play(scene) {
      scene.plan('155', { then: 'busy', ringMs: 0 });
      scene.plan('156', { then: 'busy', ringMs: 0 });
      const call = scene.comesIn('0002600');
      await call.reached('over');
      return scene.came(call, { rang: [], result: 'busy', disposition: 'BUSY' });
    },
  },
];
