/** 2-7 … 2-11 and 2-18 … 2-22: a client who called in is sent on, or is to be. */
import type { AgentCall } from '../../sip-agent/call.js';
import { MOBILE, type Extension, type Trunk } from '../ground.js';
import type { Stage } from '../stage.js';
import type { ByPosts, Scenario, Told, TrueTransfer } from '../truth.js';
import { cameIn } from './incoming.js';

const GROUP = ['150', '151', '152'];
const WITH_MOBILE = ['150', `+${MOBILE}`, '151', '152'];

interface Taken {
  readonly client: AgentCall;
  /** 151, who answered. */
  readonly leg: AgentCall;
  readonly line: string;
  readonly rang: readonly string[];
}

/** A client calls, and 151 answers. */
export async function take(
  stage: Stage,
  { line = '0001363', rang = GROUP, over }: { line?: string; rang?: readonly string[]; over?: Trunk } = {},
): Promise<Taken> {
  const client = stage.calls(line, over ? { over } : {});
  if (rang.includes(`+${MOBILE}`)) await stage.mobileRings();
  const leg = await stage.answers(await stage.rings('151'));
  await stage.talk();
  return { client, leg, line, rang };
}

async function takeFromGroupWithMobile(stage: Stage): Promise<Taken> {
  stage.full('0001363');
  return await take(stage, { line: '0001365', rang: WITH_MOBILE });
}

interface Sent {
  readonly agents: readonly string[];
  readonly transfers: readonly TrueTransfer[];
  readonly talk: Told['talk'];
  readonly byPosts?: ByPosts;
}

export function sentOn(stage: Stage, { client, leg, line, rang }: Taken, sent: Sent): Told[] {
  return cameIn(stage, client, { line, rang, agent: '151' }, leg).map((told) => ({
    ...told,
    call: { ...told.call, agents: sent.agents, transfers: sent.transfers },
    talk: sent.talk,
    byPosts: { ...(stage.saysWhoIsDialled ? {} : { transfers: sent.transfers.map(unsaid) }), ...sent.byPosts },
  }));
}

/** Where nobody says whom a client is sent to, it shows only when somebody answers him. */
export const unsaid = (one: TrueTransfer): TrueTransfer =>
  one.kind === 'blind' && !one.answered ? { ...one, to: null } : one;

export const transfer = (kind: TrueTransfer['kind'], to: string, answered: boolean, from = '151'): TrueTransfer => ({
  kind,
  from,
  to,
  answered,
});

/** From the answer until the agent is out of it, or rings somebody else while the client waits. */
export const untilSent = (stage: Stage, leg: AgentCall): Told['talk'][number] => [
  stage.answeredAt(leg),
  stage.endedAt(leg),
];
export const untilConsulting = (stage: Stage, leg: AgentCall): Told['talk'][number] => [
  stage.answeredAt(leg),
  stage.calledAt(leg),
];

/** 152 and 150 talk to each other while the client calls. */
async function beside(stage: Stage, during: () => Promise<Told[]>): Promise<Told[]> {
  const caller = stage.dials('152', '150');
  const called = await stage.answers(await stage.rings('150'));
  await caller.reached('talking');
  const told = await during();
  await stage.hangsUp(caller);
  await stage.quiet();
  return [...told, internal(stage, caller, called, '150')];
}

function internal(stage: Stage, caller: AgentCall, called: AgentCall, extension: Extension): Told {
  const answeredAt = stage.answeredAt(called);
  return {
    call: {
      direction: 'internal',
      external: null,
      line: null,
      caller: caller.who.from,
      rang: [extension],
      answeredBy: extension,
      agents: [extension],
      transfers: [],
      result: 'answered',
    },
    wait: [stage.times(called).ringingAt ?? answeredAt, answeredAt],
    talk: [[answeredAt, stage.endedAt(caller)]],
    ...(stage.saysWhoIsDialled ? {} : { byPosts: { rang: [] } }),
  };
}

/** With no second line, a phone that talks refuses the next call. */
function noSecondLine(stage: Stage): ByPosts {
  stage.busy('150');
  stage.busy('152');
  // The posts name who was dialled.
  return { rang: GROUP };
}

async function blindToBusy(stage: Stage, secondLine: boolean): Promise<Told[]> {
  return await beside(stage, async () => {
    const byPosts = secondLine ? undefined : noSecondLine(stage);
    const call = await take(stage, { rang: secondLine ? GROUP : ['151'] });
    await stage.sends(call.leg, '152');
    // Which of the two is hung up first is the PBX's affair.
    await Promise.all([stage.ends(call.client), stage.ends(call.leg)]);
    return sentOn(stage, call, {
      agents: ['151'],
      transfers: [transfer('blind', '152', false)],
      talk: [untilSent(stage, call.leg)],
      ...(byPosts ? { byPosts } : {}),
    });
  });
}

async function attendedToBusy(stage: Stage, secondLine: boolean): Promise<Told[]> {
  return await beside(stage, async () => {
    const byPosts = secondLine ? undefined : noSecondLine(stage);
    // It comes in on one line over the trunk of the other.
    const call = await take(stage, { rang: secondLine ? GROUP : ['151'], over: '0001366' });
    if (!secondLine) await stage.refuses('152');
    await stage.consults(call.leg, '152');
    const back = secondLine ? await stage.ends(await stage.rings('152')) : await stage.refuses('152');
    await stage.talk();
    await stage.hangsUp(call.client);
    return sentOn(stage, call, {
      agents: ['151'],
      transfers: [transfer('attended', '152', false)],
      talk: [untilConsulting(stage, call.leg), [back, stage.endedAt(call.client)]],
      ...(byPosts ? { byPosts } : {}),
    });
  });
}

/** 151 consults 152, who answers; then one of the two hangs up. */
async function consulted(stage: Stage, call: Taken, who: Extension = '152'): Promise<AgentCall> {
  await stage.consults(call.leg, who);
  const asked = await stage.answers(await stage.rings(who));
  await stage.talk();
  return asked;
}

export const TRANSFERS: readonly Scenario[] = [
  {
    id: '2-7',
    name: 'attended transfer, refused, returned',
    async play(stage) {
      const call = await takeFromGroupWithMobile(stage);
      const asked = await consulted(stage, call);
      await stage.hangsUp(asked);
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151'],
        transfers: [transfer('attended', '152', false)],
        talk: [untilConsulting(stage, call.leg), [stage.endedAt(asked), stage.endedAt(call.client)]],
      });
    },
  },
  {
    id: '2-8',
    name: 'attended transfer, accepted',
    async play(stage) {
      const call = await takeFromGroupWithMobile(stage);
      await consulted(stage, call);
      await stage.hangsUp(call.leg);
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151', '152'],
        transfers: [transfer('attended', '152', true)],
        talk: [untilConsulting(stage, call.leg), [stage.endedAt(call.leg), stage.endedAt(call.client)]],
      });
    },
  },
  {
    id: '2-9',
    name: 'attended transfer, nobody answers',
    async play(stage) {
      const call = await takeFromGroupWithMobile(stage);
      await stage.consults(call.leg, '152');
      const back = await stage.ends(await stage.rings('152'));
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151'],
        transfers: [transfer('attended', '152', false)],
        talk: [untilConsulting(stage, call.leg), [back, stage.endedAt(call.client)]],
      });
    },
  },
  {
    id: '2-10',
    name: 'blind transfer, answered',
    async play(stage) {
      const call = await takeFromGroupWithMobile(stage);
      await stage.sends(call.leg, '152');
      const taken = await stage.answers(await stage.rings('152'));
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151', '152'],
        transfers: [transfer('blind', '152', true)],
        talk: [untilSent(stage, call.leg), [stage.answeredAt(taken), stage.endedAt(call.client)]],
      });
    },
  },
  {
    id: '2-11',
    name: 'blind transfer, nobody answers',
    async play(stage) {
      const call = await takeFromGroupWithMobile(stage);
      await stage.sends(call.leg, '152');
      await stage.ends(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151'],
        transfers: [transfer('blind', '152', false)],
        talk: [untilSent(stage, call.leg)],
      });
    },
  },
  {
    id: '2-18',
    name: 'attended transfer twice: 151, 152, 150',
    async play(stage) {
      const call = await take(stage);
      const second = await consulted(stage, call);
      await stage.hangsUp(call.leg);
      await stage.talk();
      await stage.consults(second, '150');
      await stage.answers(await stage.rings('150'));
      await stage.talk();
      await stage.hangsUp(second);
      await stage.talk();
      await stage.hangsUp(call.client);
      await stage.quiet();
      return sentOn(stage, call, {
        agents: ['151', '152', '150'],
        transfers: [transfer('attended', '152', true), transfer('attended', '150', true, '152')],
        talk: [
          untilConsulting(stage, call.leg),
          [stage.endedAt(call.leg), stage.calledAt(second)],
          [stage.endedAt(second), stage.endedAt(call.client)],
        ],
      });
    },
  },
  { id: '2-19', name: 'blind transfer to a busy agent, second line rings', play: (stage) => blindToBusy(stage, true) },
  { id: '2-20', name: 'attended to a busy agent, second line rings', play: (stage) => attendedToBusy(stage, true) },
  { id: '2-21', name: 'blind transfer to a busy agent, no second line', play: (stage) => blindToBusy(stage, false) },
  { id: '2-22', name: 'attended to a busy agent, no second line', play: (stage) => attendedToBusy(stage, false) },
];
