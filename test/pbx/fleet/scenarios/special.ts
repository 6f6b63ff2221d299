/** What the catalogue tells beside its numbers: pickup, one client twice at once, a caller who gives up, busy phones. */
import type { Stage } from '../stage.js';
import type { Scenario } from '../truth.js';
import { cameIn } from './incoming.js';

const GROUP = ['150', '151', '152'];

async function twiceAtOnce(stage: Stage) {
  const first = stage.calls('0001363');
  const leg = await stage.answers(await stage.rings('151'));
  const second = stage.calls('0001366', { over: '0001366' });
  await stage.ends(second);
  await stage.hangsUp(first);
  await stage.quiet();
  return [
    ...cameIn(stage, first, { line: '0001363', rang: GROUP, agent: '151' }, leg),
    ...cameIn(stage, second, { line: '0001366', rang: ['150', '152'] }),
  ];
}

export const SPECIAL: readonly Scenario[] = [
  {
    id: 'pickup',
    name: '117 picks up the ring of 109',
    async play(stage) {
      const client = stage.calls('0001370');
      await stage.rings('109');
      await stage.talk(500);
      const picker = stage.dials('117', '08');
      await picker.reached('talking');
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line: '0001370', rang: ['109'], agent: '117' }, picker);
    },
  },
  { id: 'two-calls-same-number', name: 'one client calls twice at once', play: twiceAtOnce },
  {
    id: 'gives-up-greeting',
    name: 'the client gives up in the greeting',
    async play(stage) {
      const client = stage.calls('0001364');
      await client.reached('talking');
      await stage.talk(300);
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line: '0001364', rang: [], result: 'abandoned' });
    },
  },
  {
    id: 'gives-up-ringing',
    name: 'the client gives up while it rings',
    async play(stage) {
      const client = stage.calls('0001363');
      await stage.rings('151');
      await stage.talk(500);
      await stage.hangsUp(client);
      await stage.quiet();
      const how = { line: '0001363', rang: GROUP, result: 'abandoned', byPosts: { result: 'missed' } } as const;
      return cameIn(stage, client, how);
    },
  },
  {
    id: 'all-busy',
    name: 'every phone is busy',
    async play(stage) {
      for (const extension of ['150', '151', '152'] as const) stage.busy(extension);
      const client = stage.calls('0001363');
      await stage.ends(client);
      await stage.quiet();
      const how = { line: '0001363', rang: [], result: 'busy', byPosts: { rang: GROUP, result: 'missed' } } as const;
      return cameIn(stage, client, how);
    },
  },
  {
    id: 'gateway-line-id',
    name: 'a gateway puts its line into the number, answered',
    async play(stage) {
      const client = stage.calls('0001366', { over: '0001366', number: '0001366' });
      const leg = await stage.answers(await stage.rings('152'));
      await stage.talk();
      await stage.hangsUp(client);
      await stage.quiet();
      return cameIn(stage, client, { line: '0001366', rang: ['150', '152'], agent: '152' }, leg);
    },
  },
];
