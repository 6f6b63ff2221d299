/** Colleagues who call each other. */
import type { Scenario } from './scene.js';

const RING_MS = 600;
const TALK_MS = 2_000;

export const INTERNAL: Scenario[] = [
  {
    name: 'internal, answered',
    async play(scene) {
      const call = scene.dials('150', '157');
      const phone = await scene.answers('157', RING_MS, { from: '150' });
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.went(call, {
        direction: 'internal',
        external: null,
        line: null,
        rang: ['157'],
        agents: ['157'],
        result: 'answered',
        ringAt: scene.rang(phone),
        talks: [scene.talk(phone, call)],
      });
    },
  },
  {
    name: 'internal, nobody answers',
    async play(scene) {
      const call = scene.dials('151', '157');
      const phone = await scene.rings('157', { from: '151' });
      await call.reached('over');
      return scene.went(call, {
        direction: 'internal',
        external: null,
        line: null,
        rang: ['157'],
        result: 'missed',
        ringAt: scene.rang(phone),
      });
    },
  },
];
