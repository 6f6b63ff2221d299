/** Clients who come to somebody else without a transfer in so many words. */
import { headerOf } from '../../pbx/ami-probe.js';
import type { Scenario } from './scene.js';
import { RING_MS, TALK_MS, blind, talksWith } from './talking.js';

export const MOVED: Scenario[] = [
  {
    name: 'parked, and taken back by a colleague',
    async play(scene) {
      const { call, phone } = await talksWith(scene, '151');
      await phone.refer('7000');
      const parked = await scene.ground.ami.find(
        (message) =>
          headerOf(message, 'Event') === 'ParkedCall' && headerOf(message, 'ParkeeCallerIDName') === scene.tag(),
      );
      const left = Date.now();
      await phone.hangUp();
      await scene.pause(800);
      const taking = await scene.dials('152', headerOf(parked, 'ParkingSpace') ?? '').reached('talking');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await taking.reached('over');
      return scene.came(call, {
        rang: ['151'],
        agents: ['151', '152'],
        transfers: [blind('151', '7000', true)],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(phone),
        talks: [[scene.picked(phone), left], scene.talk(taking, call)],
      });
    },
  },
  {
    name: 'a phone forwards to a colleague before it answers',
    async play(scene) {
      const call = scene.comesIn('0002157');
      const first = await scene.rings('157');
      await scene.pause(RING_MS);
      first.forward('152');
      const phone = await scene.answers('152', RING_MS);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await phone.reached('over');
      return scene.came(call, {
        rang: ['157', '152'],
        agents: ['152'],
        result: 'answered',
        ringAt: scene.rang(first),
        talks: [scene.talk(phone, call)],
      });
    },
  },
];
