/** 2-1 … 2-6 and 2-12 … 2-17: a client calls, and the phones of the line ring. */
import type { AgentCall } from '../../sip-agent/call.js';
import { MOBILE, type Extension } from '../ground.js';
import { CLIENT, type Stage } from '../stage.js';
import type { ByPosts, Scenario, Told, TrueCall } from '../truth.js';

const M = `+${MOBILE}`;

interface How {
  readonly line: string;
  readonly rang: readonly string[];
  readonly result?: TrueCall['result'];
  readonly agent?: string;
  readonly byPosts?: ByPosts;
}

/** `answer`: the leg that took it; absent: nobody did, and the client's end ended it. */
export function cameIn(stage: Stage, client: AgentCall, how: How, answer?: AgentCall): Told[] {
  const { invitedAt, endedAt } = stage.times(client);
  const rangAt = stage.rung(invitedAt)[0]?.at ?? invitedAt;
  const agent = how.agent ?? null;
  return [
    {
      call: {
        direction: 'in',
        external: `+${CLIENT}`,
        line: how.line,
        caller: null,
        rang: how.rang,
        answeredBy: agent,
        agents: agent === null ? [] : [agent],
        transfers: [],
        result: how.result ?? (agent === null ? 'missed' : 'answered'),
      },
      wait: [rangAt, answer ? stage.answeredAt(answer) : (endedAt ?? 0)],
      talk: answer ? [[stage.answeredAt(answer), endedAt ?? 0]] : [],
      ...(how.byPosts ? { byPosts: how.byPosts } : {}),
    },
  ];
}

const group = ['150', '151', '152'];
/** In the cascades 150 and 151 ring twice or three times, and are told once. */
const cascade = ['150', '151', M];

interface Line {
  readonly id: string;
  readonly name: string;
  readonly line: string;
  readonly rang: readonly string[];
}

function answeredOn(phone: Extension, { id, name, line, rang }: Line): Scenario {
  return {
    id,
    name,
    async play(stage) {
      const client = stage.calls(line);
      const leg = await stage.answers(await stage.rings(phone));
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line, rang, agent: phone }, leg);
    },
  };
}

function missedOn({ id, name, line, rang }: Line): Scenario {
  return {
    id,
    name,
    async play(stage) {
      stage.full('0001363');
      const client = stage.calls(line);
      await stage.ends(client);
      await stage.quiet();
      return cameIn(stage, client, { line, rang });
    },
  };
}

/** Answered by the phone that rings only in the last step of a cascade, when the mobile rings already. */
function lastStep(phone: Extension, { id, name, line, rang }: Line): Scenario {
  return {
    id,
    name,
    async play(stage) {
      stage.full('0001363');
      const client = stage.calls(line);
      if (rang.includes(M)) await stage.mobileRings();
      const leg = await stage.answers(await stage.rings(phone));
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line, rang, agent: phone }, leg);
    },
  };
}

function answeredOnMobile({ id, name, line, rang }: Line): Scenario {
  return {
    id,
    name,
    async play(stage) {
      stage.full('0001363');
      const client = stage.calls(line);
      const mobile = await stage.answers(await stage.mobileRings());
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line, rang, agent: M }, mobile);
    },
  };
}

const withMobile = ['150', M, '151', '152'];

export const INCOMING: readonly Scenario[] = [
  answeredOn('151', { id: '2-1', name: 'group with a greeting, answered', line: '0001364', rang: group }),
  missedOn({ id: '2-2', name: 'group with a greeting, missed', line: '0001364', rang: group }),
  answeredOn('151', { id: '2-3', name: 'group, answered', line: '0001363', rang: group }),
  missedOn({ id: '2-4', name: 'group, missed', line: '0001363', rang: group }),
  answeredOnMobile({ id: '2-5', name: 'group with a mobile, the mobile answers', line: '0001365', rang: withMobile }),
  {
    id: '2-6',
    name: 'group with a mobile, an extension answers',
    async play(stage) {
      stage.full('0001363');
      const client = stage.calls('0001365');
      await stage.mobileRings();
      const leg = await stage.answers(await stage.rings('151'));
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line: '0001365', rang: withMobile, agent: '151' }, leg);
    },
  },
  lastStep('152', { id: '2-12', name: 'cascade, the last one answers', line: '0001367', rang: group }),
  lastStep('151', { id: '2-13', name: 'cascade with a mobile, an extension answers', line: '0001368', rang: cascade }),
  answeredOnMobile({ id: '2-14', name: 'cascade, the mobile answers', line: '0001368', rang: cascade }),
  missedOn({ id: '2-15', name: 'cascade with a mobile, nobody', line: '0001368', rang: cascade }),
  lastStep('151', { id: '2-16', name: 'greetings between the steps, answered', line: '0001369', rang: cascade }),
  answeredOnMobile({ id: '2-17', name: 'greetings between the steps, the mobile', line: '0001369', rang: cascade }),
];
