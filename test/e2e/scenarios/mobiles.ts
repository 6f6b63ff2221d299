/** Staff who answer on a mobile, over the trunk. */
import { MOBILE, MOBILE_OWNER } from './dialplan.js';
import type { Scenario } from './scene.js';

const RING_MS = 600;
const TALK_MS = 2_000;

export const MOBILES: Scenario[] = [
  {
    name: 'FollowMe to a staff mobile',
    async play(scene) {
      const call = scene.comesIn('0001382');
      const desk = await scene.rings(MOBILE_OWNER);
      const mobile = await scene.mobileAnswers(RING_MS);
      // Not before he heard who calls.
      await scene.pause(2_500);
      const taken = Date.now();
      await mobile.dtmf('1');
      await scene.pause(TALK_MS);
      await call.hangUp();
      await mobile.reached('over');
      return scene.came(call, {
        rang: [MOBILE_OWNER, MOBILE],
        agents: [MOBILE],
        result: 'answered',
        billed: false,
        ringAt: scene.rang(desk),
        talks: [[taken, scene.ended(call)]],
      });
    },
  },
  {
    name: 'a desk phone and a staff mobile ring together, the mobile answers',
    async play(scene) {
      const call = scene.comesIn('0001383');
      const [desk, mobile] = await Promise.all([scene.rings(MOBILE_OWNER), scene.mobileAnswers(1_000)]);
      await scene.pause(TALK_MS);
      await call.hangUp();
      await mobile.reached('over');
      return scene.came(call, {
        rang: [MOBILE_OWNER, MOBILE],
        agents: [MOBILE],
        result: 'answered',
        billed: false,
        ringAt: Math.min(scene.rang(desk), scene.rang(mobile)),
        talks: [scene.talk(mobile, call)],
      });
    },
  },
];
