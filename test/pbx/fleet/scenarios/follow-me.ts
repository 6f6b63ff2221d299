/** 2-23 … 2-30: the client is sent to a person's short number, which rings his phones and his mobile. */
import type { AgentCall } from '../../sip-agent/call.js';
import { FOLLOW_ME, MOBILE } from '../ground.js';
import type { Stage } from '../stage.js';
import type { Scenario, Told } from '../truth.js';
import { sentOn, take, transfer, untilConsulting, untilSent } from './transfers.js';

const M = `+${MOBILE}`;
/** Posts have every phone dialled for the client, FollowMe's after a blind transfer among them. */
const EVERYBODY = ['150', '151', '152', M];

/** Who of 300 takes the consultation, and who of the two hangs up then: 151 gives the client away, the other refuses. */
function attended(
  id: string,
  name: string,
  takes: (stage: Stage) => Promise<AgentCall>,
  outcome: { by: string; accepted: boolean },
): Scenario {
  return {
    id,
    name,
    async play(stage) {
      stage.full('0001363');
      const call = await take(stage);
      await stage.consults(call.leg, FOLLOW_ME);
      const asked = await stage.answers(await takes(stage));
      await stage.talk();
      const mover = outcome.accepted ? call.leg : asked;
      await stage.hangsUp(mover);
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: outcome.accepted ? ['151', outcome.by] : ['151'],
        transfers: [transfer('attended', FOLLOW_ME, outcome.accepted)],
        talk: [untilConsulting(stage, call.leg), [stage.endedAt(mover), stage.endedAt(call.client)]],
      });
    },
  };
}

function blind(id: string, name: string, by: string, takes: (stage: Stage) => Promise<AgentCall>): Scenario {
  return {
    id,
    name,
    async play(stage) {
      stage.full('0001363');
      const call = await take(stage, { over: '0001366' });
      await stage.sends(call.leg, FOLLOW_ME);
      const taken = await stage.answers(await takes(stage));
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151', by],
        transfers: [transfer('blind', FOLLOW_ME, true)],
        byPosts: { rang: EVERYBODY },
        talk: [untilSent(stage, call.leg), [stage.answeredAt(taken), stage.endedAt(call.client)]],
      });
    },
  };
}

const mobile = (stage: Stage) => stage.mobileRings();

/** In the second step, when the mobile rings too. */
async function desk(stage: Stage): Promise<AgentCall> {
  await stage.mobileRings();
  return await stage.rings('150');
}

export const FOLLOW_ME_CALLS: readonly Scenario[] = [
  attended('2-23', 'attended to FollowMe, the mobile accepts', mobile, { by: M, accepted: true }),
  attended('2-24', 'attended to FollowMe, the mobile refuses', mobile, { by: M, accepted: false }),
  attended('2-25', 'attended to FollowMe, 150 accepts', desk, { by: '150', accepted: true }),
  attended('2-26', 'attended to FollowMe, 150 refuses', desk, { by: '150', accepted: false }),
  blind('2-27', 'blind to FollowMe, 150 answers', '150', desk),
  blind('2-28', 'blind to FollowMe, the mobile answers', M, mobile),
  {
    id: '2-29',
    name: 'blind to FollowMe, nobody',
    async play(stage) {
      stage.full('0001363');
      const call = await take(stage);
      await stage.sends(call.leg, FOLLOW_ME);
      await stage.ends(call.client);
      await stage.quiet();
      const transfers = [transfer('blind', FOLLOW_ME, false)];
      return sentOn(stage, call, {
        agents: ['151'],
        transfers,
        // Its own contexts say whom they dial.
        byPosts: { rang: EVERYBODY, transfers },
        talk: [untilSent(stage, call.leg)],
      });
    },
  },
  {
    id: '2-30',
    name: 'attended to FollowMe, nobody',
    async play(stage) {
      stage.full('0001363');
      const call = await take(stage);
      await stage.consults(call.leg, FOLLOW_ME);
      const back = await stage.ends(await desk(stage));
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      const talk: Told['talk'] = [untilConsulting(stage, call.leg), [back, stage.endedAt(call.client)]];
      return sentOn(stage, call, { agents: ['151'], transfers: [transfer('attended', FOLLOW_ME, false)], talk });
    },
  },
];
