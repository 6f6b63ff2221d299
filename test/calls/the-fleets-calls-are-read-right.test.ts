/** Real calls of the fleet's kind, as recorded from Asterisk 16 with chan_sip and Macro and 22 with PJSIP and Gosub. */
import { describe, expect, it } from 'vitest';
import { VERSIONS, recorded, recordedAmi, recordedPosts } from '../pbx/fleet/recordings.js';
import { SCENARIOS } from '../pbx/fleet/scenarios/index.js';
import { disturbed } from './disturbed-posts.js';
import { WAYS, beside, byArrival, postFacts, read, type Material } from './fleet-recordings.js';

describe.each(VERSIONS)('a call of the fleet on Asterisk %s', (version) => {
  const all = recorded(version);
  const named = Object.entries(all).map(([id, { name }]) => [id, name] as const);
  const recording = (...ids: readonly string[]): Material => ({
    ami: () => Buffer.concat(ids.map((id) => recordedAmi(version, id))),
    posts: () => ids.flatMap((id) => recordedPosts(version, id)),
  });

  it('was recorded for every scenario', () => {
    expect(Object.keys(all)).toEqual(SCENARIOS.map(({ id }) => id));
  });

  describe.each(Object.entries(WAYS))('by %s', (_name, { facts, silentOn, ...way }) => {
    it.each(named)('%s is read as it was: %s', (id) => {
      const run = read(facts(recording(id)));
      const { told, wanted } = beside(run.records, silentOn?.includes(id) ? [] : (all[id]?.calls ?? []), way);
      expect(told).toEqual(wanted);
      expect(run.tracker.liveCalls()).toEqual([]);
    });
  });

  /** Calls of one PBX, with the same client and the same people, each a moment after the one before. */
  describe.each(Object.entries(WAYS))('right after another, by %s', (_name, { facts, silentOn, ...way }) => {
    const lanes = [...new Set(Object.values(all).map(({ lane }) => lane))];
    it.each(lanes)('is not taken for it (PBX %s)', (lane) => {
      const begun = (id: string) => Number(/^Timestamp: (.*)$/m.exec(recordedAmi(version, id).toString('latin1'))?.[1]);
      const ids = Object.keys(all).filter((id) => all[id]?.lane === lane);
      ids.sort((one, other) => begun(one) - begun(other));
      const run = read(facts(recording(...ids)));
      for (const id of ids) {
        const uids = recordedAmi(version, id).toString('latin1');
        const mine = run.records.filter(({ uid }) => uids.includes(`Uniqueid: ${uid}\r\n`));
        const { told, wanted } = beside(mine, silentOn?.includes(id) ? [] : (all[id]?.calls ?? []), way);
        expect([id, told]).toEqual([id, wanted]);
      }
      expect(run.tracker.liveCalls()).toEqual([]);
    });
  });

  /** Up to four posts in a row are lost, the others late by 1 to 8 s each in an order of their own, some of them twice. */
  it.each(named)('%s is read as AMI tells it, whatever becomes of its posts: %s', (id) => {
    const told = recording(id);
    const weather = { lagMs: [1_000, 8_000], disorder: true, twice: 0.1, burst: [0, 4] } as const;
    for (const user of ['safe', 'fleet'] as const) {
      const way = WAYS[`AMI, the user ${user}`];
      if (!way) throw new Error(user);
      for (let seed = 1; seed <= 2; seed += 1) {
        const run = read(byArrival([...way.facts(told), ...disturbed(told.posts(), seed, weather).facts]));
        const { told: said, wanted } = beside(run.records, all[id]?.calls ?? [], way);
        expect([user, seed, said]).toEqual([user, seed, wanted]);
        expect(run.tracker.liveCalls()).toEqual([]);
      }
    }
  });

  it('placed by a click has no transfer in it when its own channel is renamed only after the answer', () => {
    const posts = recordedPosts(version, '1-2');
    const renamed = posts.findLast(
      ({ path, body }) => path === '/new_callerid' && /@inoffice-.*;1$/.test(String(body['Channel'])),
    );
    const answered = posts.findLastIndex(({ path }) => path === '/bridge');
    if (!renamed || !posts[answered]) throw new Error('no such posts');
    const { at } = posts[answered];
    const late = posts.toSpliced(answered + 1, 0, { ...renamed, at: at + 1 }).filter((post) => post !== renamed);
    const { told, wanted } = beside(read(postFacts(late)).records, all['1-2']?.calls ?? [], {
      source: 'posts',
      withinMs: 1_000,
    });
    expect(told).toEqual(wanted);
  });

  it('that nobody may make posts nothing', () => {
    expect(recordedPosts(version, '1-11')).toEqual([]);
  });
});
