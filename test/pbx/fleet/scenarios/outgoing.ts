/** 1-1 … 1-11: staff calls a client. */
import type { AgentCall } from '../../sip-agent/call.js';
import type { Trunk } from '../ground.js';
import { CALLED, type Stage } from '../stage.js';
import type { Scenario, Told, TrueTransfer } from '../truth.js';
import { unsaid } from './transfers.js';

interface Reached {
  readonly leg: AgentCall;
  readonly client: AgentCall;
}

/** 151 calls, and the client answers. */
async function reach(stage: Stage, over: Trunk = '0001363'): Promise<Reached> {
  const leg = stage.dials('151', CALLED);
  const client = await stage.answers(await stage.ringsOutside(over));
  await leg.reached('talking');
  return { leg, client };
}

interface How {
  readonly line?: string;
  readonly agents?: readonly string[];
  readonly transfers?: readonly TrueTransfer[];
  readonly talk: Told['talk'];
}

function answered(stage: Stage, { client }: Pick<Reached, 'client'>, how: How): Told[] {
  const { ringingAt, answeredAt } = stage.times(client);
  const agents = how.agents ?? ['151'];
  return [
    {
      call: {
        direction: 'out',
        external: `+${CALLED}`,
        line: how.line ?? '0001363',
        caller: agents[0] ?? null,
        rang: [],
        answeredBy: `+${CALLED}`,
        agents,
        transfers: how.transfers ?? [],
        result: 'answered',
      },
      wait: [ringingAt ?? 0, answeredAt ?? 0],
      talk: how.talk,
      ...(stage.saysWhoIsDialled ? {} : { byPosts: { transfers: (how.transfers ?? []).map(unsaid) } }),
    },
  ];
}

function unanswered(result: 'missed' | 'busy', caller: string, wait: Told['wait']): Told[] {
  return [
    {
      call: {
        direction: 'out',
        external: `+${CALLED}`,
        line: '0001363',
        caller,
        rang: [],
        answeredBy: null,
        agents: [],
        transfers: [],
        result,
      },
      wait,
      talk: [],
      ...(result === 'busy' ? { byPosts: { result: 'missed' } } : {}),
    },
  ];
}

const sentTo152 = (kind: TrueTransfer['kind'], reached: boolean): TrueTransfer[] => [
  { kind, from: '151', to: '152', answered: reached },
];

export const OUTGOING: readonly Scenario[] = [
  {
    id: '1-1',
    name: 'answered',
    async play(stage) {
      const call = await reach(stage);
      await stage.talk();
      await stage.hangsUp(call.leg);
      await stage.quiet();
      return answered(stage, call, { talk: [[stage.answeredAt(call.client), stage.endedAt(call.leg)]] });
    },
  },
  {
    id: '1-2',
    name: 'click-to-call, answered',
    async play(stage) {
      await stage.clicks('150', CALLED);
      const leg = await stage.answers(await stage.rings('150'));
      const client = await stage.answers(await stage.ringsOutside('0001363'));
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      const talk: Told['talk'] = [[stage.answeredAt(client), stage.endedAt(client)]];
      await stage.ends(leg);
      return answered(stage, { client }, { agents: ['150'], talk });
    },
  },
  {
    id: '1-3',
    name: 'attended transfer, refused, returned',
    async play(stage) {
      const call = await reach(stage);
      await stage.talk();
      await stage.consults(call.leg, '152');
      const asked = await stage.answers(await stage.rings('152'));
      await stage.talk();
      await stage.hangsUp(asked);
      await stage.talk();
      await stage.hangsUp(call.leg);
      await stage.quiet();
      return answered(stage, call, {
        transfers: sentTo152('attended', false),
        talk: [
          [stage.answeredAt(call.client), stage.calledAt(call.leg)],
          [stage.endedAt(asked), stage.endedAt(call.leg)],
        ],
      });
    },
  },
  {
    id: '1-4',
    name: 'attended transfer, accepted',
    async play(stage) {
      const call = await reach(stage);
      await stage.talk();
      await stage.consults(call.leg, '152');
      const asked = await stage.answers(await stage.rings('152'));
      await stage.talk();
      await stage.hangsUp(call.leg);
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.ends(asked);
      await stage.quiet();
      return answered(stage, call, {
        agents: ['151', '152'],
        transfers: sentTo152('attended', true),
        talk: [
          [stage.answeredAt(call.client), stage.calledAt(call.leg)],
          [stage.endedAt(call.leg), stage.endedAt(call.client)],
        ],
      });
    },
  },
  {
    id: '1-5',
    name: 'attended transfer, nobody answers',
    async play(stage) {
      const call = await reach(stage);
      await stage.talk();
      await stage.consults(call.leg, '152');
      const asked = await stage.rings('152');
      await stage.ends(asked);
      await stage.talk();
      await stage.hangsUp(call.leg);
      await stage.quiet();
      return answered(stage, call, {
        transfers: sentTo152('attended', false),
        talk: [
          [stage.answeredAt(call.client), stage.calledAt(call.leg)],
          [stage.endedAt(asked), stage.endedAt(call.leg)],
        ],
      });
    },
  },
  {
    id: '1-6',
    name: 'blind transfer, answered',
    async play(stage) {
      const call = await reach(stage);
      await stage.talk();
      await stage.sends(call.leg, '152');
      const taken = await stage.answers(await stage.rings('152'));
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.ends(taken);
      await stage.quiet();
      return answered(stage, call, {
        agents: ['151', '152'],
        transfers: sentTo152('blind', true),
        talk: [
          [stage.answeredAt(call.client), stage.endedAt(call.leg)],
          [stage.answeredAt(taken), stage.endedAt(call.client)],
        ],
      });
    },
  },
  {
    id: '1-7',
    name: 'blind transfer, nobody answers',
    async play(stage) {
      const call = await reach(stage);
      await stage.talk();
      await stage.sends(call.leg, '152');
      await stage.ends(await stage.rings('152'));
      await stage.quiet();
      return answered(stage, call, {
        transfers: sentTo152('blind', false),
        talk: [[stage.answeredAt(call.client), stage.endedAt(call.leg)]],
      });
    },
  },
  {
    id: '1-8',
    name: 'not answered',
    async play(stage) {
      const leg = stage.dials('151', CALLED);
      const client = await stage.ringsOutside('0001363');
      await stage.ends(client);
      await stage.quiet();
      await stage.ends(leg);
      return unanswered('missed', '151', [stage.times(client).ringingAt ?? 0, stage.endedAt(client)]);
    },
  },
  {
    id: '1-9',
    name: 'line busy, the reserve line answered',
    async play(stage) {
      stage.full('0001363');
      const call = await reach(stage, '0001366');
      await stage.talk();
      await stage.hangsUp(call.leg);
      await stage.quiet();
      return answered(stage, call, {
        line: '0001366',
        talk: [[stage.answeredAt(call.client), stage.endedAt(call.leg)]],
      });
    },
  },
  {
    id: '1-10',
    name: 'line busy, no reserve',
    async play(stage) {
      stage.full('0001363');
      const leg = stage.dials('117', CALLED);
      await stage.ends(leg);
      await stage.quiet();
      return unanswered('busy', '117', [stage.times(leg).invitedAt, stage.endedAt(leg)]);
    },
  },
  {
    id: '1-11',
    name: 'forbidden direction',
    async play(stage) {
      await stage.ends(stage.dials('151', '8105550000001'));
      await stage.quiet();
      return [];
    },
  },
];
