/** Real calls of the fleet's kind, as recorded from Asterisk 16 with chan_sip and Macro and 22 with PJSIP and Gosub. */
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import type { ManagerUserName } from '../pbx/manager-users.js';
import { VERSIONS, recorded, recordedAmi, recordedPosts, type TimedPost } from '../pbx/fleet/recordings.js';
import { SCENARIOS } from '../pbx/fleet/scenarios/index.js';
import { amiFacts, beside, byArrival, postFacts } from './fleet-recordings.js';
import { Run } from './run-tracker.js';

const HOUR_MS = 3_600_000;

interface Way {
  readonly source: 'ami' | 'posts';
  /** Posts count whole seconds of arrival; late ones come 1 to 8 s after what they tell. */
  readonly withinMs: number;
  facts(version: 16 | 22, id: string): Fact[];
  /** Scenarios of which it has nothing that tells what they were. */
  readonly silentOn?: readonly string[];
}

const ami = (user: ManagerUserName) => (version: 16 | 22, id: string) => amiFacts(recordedAmi(version, id), user);
const posts =
  (change: (all: TimedPost[]) => TimedPost[] = (all) => all, lag?: (index: number) => number) =>
  (version: 16 | 22, id: string) =>
    postFacts(change(recordedPosts(version, id)), lag);
const both =
  (user: ManagerUserName, lag: (index: number) => number) =>
  (version: 16 | 22, id: string): Fact[] =>
    byArrival([...ami(user)(version, id), ...posts((all) => all, lag)(version, id)]);

/** 1 to 8 s, the same in every run. */
const late = (index: number) => 1_000 + ((index * 2_654_435_761) % 7_000);
const twice = (all: TimedPost[]) => all.flatMap((post) => [post, post]);

/** What older builds of the script lose: they fail where a number or line is empty and the call is not in their list. */
const asOlderBuilds = (all: TimedPost[]) =>
  all.filter(({ path, body }) => path === '/start' || body['CallType'] === 2 || body['Trunk'] !== '');

const WAYS: Readonly<Record<string, Way>> = {
  'AMI, the user safe': { source: 'ami', withinMs: 1_000, facts: ami('safe') },
  'AMI, the user fleet': { source: 'ami', withinMs: 1_000, facts: ami('fleet') },
  'AMI, everything': { source: 'ami', withinMs: 1_000, facts: ami('crm') },
  'posts alone': { source: 'posts', withinMs: 1_000, facts: posts() },
  'posts 1 to 8 s late': { source: 'posts', withinMs: 8_000, facts: posts((all) => all, late) },
  'posts that come twice': { source: 'posts', withinMs: 1_000, facts: posts(twice) },
  'posts of older builds': { source: 'posts', withinMs: 1_000, facts: posts(asOlderBuilds), silentOn: ['3-3', '3-4'] },
  'AMI (safe) and posts': { source: 'ami', withinMs: 1_000, facts: both('safe', () => 20) },
  'AMI (fleet) and posts': { source: 'ami', withinMs: 1_000, facts: both('fleet', () => 20) },
  'AMI (fleet) and late posts': { source: 'ami', withinMs: 1_000, facts: both('fleet', late) },
};

/** Read to the end of whatever would still be waited for. */
function read(facts: readonly Fact[]): Run {
  return new Run().feed(facts).passTime((facts.at(-1)?.arrivedAt ?? 0) + 6 * HOUR_MS);
}

describe.each(VERSIONS)('a call of the fleet on Asterisk %s', (version) => {
  const all = recorded(version);

  it('was recorded for every scenario', () => {
    expect(Object.keys(all)).toEqual(SCENARIOS.map(({ id }) => id));
  });

  describe.each(Object.entries(WAYS))('by %s', (_name, { facts, silentOn, ...way }) => {
    it.each(Object.entries(all).map(([id, { name }]) => [id, name]))('%s is read as it was: %s', (id) => {
      const run = read(facts(version, id));
      const { told, wanted } = beside(run.records, silentOn?.includes(id) ? [] : (all[id]?.calls ?? []), way);
      expect(told).toEqual(wanted);
      expect(run.tracker.liveCalls()).toEqual([]);
    });
  });

  it('that nobody may make posts nothing', () => {
    expect(recordedPosts(version, '1-11')).toEqual([]);
  });
});
