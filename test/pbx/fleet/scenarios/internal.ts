/** 3-1 … 3-4: staff calls staff. */
import type { AgentCall } from '../../sip-agent/call.js';
import { DEPARTMENT, type Extension } from '../ground.js';
import type { Stage } from '../stage.js';
import type { Scenario, Told } from '../truth.js';

function between(
  stage: Stage,
  caller: AgentCall,
  how: { rang: readonly string[]; rings: AgentCall; by?: string; said: boolean },
): Told[] {
  const { ringingAt } = stage.times(how.rings);
  const by = how.by ?? null;
  const until = by === null ? stage.endedAt(caller) : stage.answeredAt(how.rings);
  return [
    {
      call: {
        direction: 'internal',
        external: null,
        line: null,
        caller: caller.who.from,
        rang: how.rang,
        answeredBy: by,
        agents: by === null ? [] : [by],
        transfers: [],
        result: by === null ? 'missed' : 'answered',
      },
      wait: [ringingAt ?? 0, until],
      talk: by === null ? [] : [[until, stage.endedAt(caller)]],
      ...(how.said ? {} : { byPosts: { rang: [] } }),
    },
  ];
}

function call(id: string, name: string, number: string, rang: readonly Extension[], by?: Extension): Scenario {
  return {
    id,
    name,
    async play(stage) {
      const caller = stage.dials('152', number);
      const rings = await stage.rings(by ?? (rang[0] as Extension));
      if (by === undefined) await stage.ends(caller);
      else {
        await stage.answers(rings);
        await stage.talk();
        await stage.hangsUp(caller);
      }
      await stage.quiet();
      // A department's dial is said like that of a line.
      const said = stage.saysWhoIsDialled || number === DEPARTMENT;
      return between(stage, caller, { rang, rings, said, ...(by === undefined ? {} : { by }) });
    },
  };
}

export const INTERNAL: readonly Scenario[] = [
  call('3-1', 'answered', '150', ['150'], '150'),
  call('3-2', 'not answered', '150', ['150']),
  call('3-3', 'department, answered', DEPARTMENT, ['150', '151'], '150'),
  call('3-4', 'department, nobody', DEPARTMENT, ['150', '151']),
];
