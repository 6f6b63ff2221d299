/** What a PBX of the fleet told of its calls, as facts, by each way a daemon may hear of them; and a record beside the truth. */
import { FrameParser } from '../../src/ami/frame.js';
import type { AmiMessage } from '../../src/ami/message.js';
import { translate } from '../../src/ami/translate.js';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { isFleetEvent, toFact } from '../../src/webhooks/parse.js';
import { visibleTo } from '../pbx/fleet/recordings.js';
import type { TrueRecord } from '../pbx/fleet/truth.js';
import type { ManagerUserName } from '../pbx/manager-users.js';
import type { TimedPost } from '../support/fleet-posts.js';
import { Run } from './run-tracker.js';

/** What was told: to each AMI user, and by the host's own script. */
export interface Material {
  ami(user: ManagerUserName): Buffer;
  posts(): readonly TimedPost[];
}

export interface Way {
  /** Whose word the record is: posts cannot tell all of it. */
  readonly source: 'ami' | 'posts';
  /** How far its seconds may be off. */
  readonly withinMs: number;
  facts(told: Material): Fact[];
  /** Scenarios of which it has nothing that tells what they were. */
  readonly silentOn?: readonly string[];
}

/** 1 to 8 s after what it tells, the same in every run. */
const late = (index: number) => 1_000 + ((index * 2_654_435_761) % 7_000);
const twice = (all: readonly TimedPost[]) => all.flatMap((post) => [post, post]);

/** What older builds of the script lose: they fail where a number or line is empty and the call is not in their list. */
const asOlderBuilds = (all: readonly TimedPost[]) =>
  all.filter(({ path, body }) => path === '/start' || body['CallType'] === 2 || body['Trunk'] !== '');

const ami = (user: ManagerUserName) => (told: Material) => amiFacts(told.ami(user), user);
const posts =
  (change: (all: readonly TimedPost[]) => readonly TimedPost[] = (all) => all, lag?: (index: number) => number) =>
  (told: Material) =>
    postFacts(change(told.posts()), lag);
const both = (user: ManagerUserName, lag: (index: number) => number) => (told: Material) =>
  byArrival([...ami(user)(told), ...postFacts(told.posts(), lag)]);

export const WAYS: Readonly<Record<string, Way>> = {
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

/** What AMI told a user, as facts. Our clock is one second behind the PBX's. */
function amiFacts(bytes: Buffer, user: ManagerUserName): Fact[] {
  const messages: AmiMessage[] = [];
  const refuse = (why?: string) => {
    throw new Error(why);
  };
  const parser = new FrameParser({
    encoding: 'utf8',
    lineLimit: 65_536,
    onMessage: (message) => messages.push(message),
    onDrop: refuse,
    onBroken: refuse,
  });
  parser.push(Buffer.from('Asterisk Call Manager/5.0.0\r\n'));
  parser.push(bytes);
  let arrivedAt = 0;
  return messages.flatMap((message) => {
    if (message.type !== 'event' || !visibleTo(user, (name) => message.get(name))) return [];
    arrivedAt = Math.max(arrivedAt, Math.round(Number(message.get('Timestamp') ?? 0) * 1000) - 1000);
    const fact = translate(message, arrivedAt);
    return fact ? [fact] : [];
  });
}

/** @param lag how long after what it tells the nth post comes, ms; the order stays */
export function postFacts(all: readonly TimedPost[], lag: (index: number) => number = () => 0): Fact[] {
  let arrivedAt = 0;
  return all.map(({ at, path, body }, index) => {
    arrivedAt = Math.max(arrivedAt, at - 1000 + lag(index));
    const event = path.slice(1);
    if (!isFleetEvent(event)) throw new Error(event);
    return toFact({ enterprise: '0367', event, raw: body, arrivedAt });
  });
}

/** A post comes after the AMI fact of the same moment. */
export function byArrival(facts: readonly Fact[]): Fact[] {
  const isPost = (fact: Fact) => Number(fact.source === 'webhook');
  return [...facts].sort((one, other) => one.arrivedAt - other.arrivedAt || isPost(one) - isPost(other));
}

const HOUR_MS = 3_600_000;

/** Read to the end of whatever would still be waited for. */
export function read(facts: readonly Fact[]): Run {
  return new Run().feed(facts).passTime((facts.at(-1)?.arrivedAt ?? 0) + 6 * HOUR_MS);
}

/** What a source is to say of a call: all of it, or what posts can tell. */
function asTold({ byPosts, ...whole }: TrueRecord, source: Way['source']): Omit<TrueRecord, 'byPosts'> {
  return source === 'posts' ? { ...whole, ...byPosts } : whole;
}

/** The records beside what they should say: equal where they are right, seconds within the tolerance included. */
export function beside(
  records: readonly CallFacts[],
  truth: readonly TrueRecord[],
  { source, withinMs }: Pick<Way, 'source' | 'withinMs'>,
) {
  const left = [...records];
  const told: object[] = [];
  const wanted: object[] = [];
  for (const call of truth) {
    const expected = asTold(call, source);
    const mine = left.findIndex(
      (one) => one.direction === expected.direction && (one.line === expected.line || one.line === null),
    );
    wanted.push(plain(expected));
    if (mine < 0) continue;
    told.push(...left.splice(mine, 1).map((record) => readable(record, expected, withinMs)));
  }
  return { told: [...told, ...left], wanted };
}

const plain = (expected: Omit<TrueRecord, 'byPosts'>) => ({
  ...expected,
  rang: [...expected.rang].sort(),
  finalAgent: expected.agents.at(-1) ?? null,
});

function readable(call: CallFacts, expected: Omit<TrueRecord, 'byPosts'>, withinMs: number) {
  const near = (is: number, wanted: number) => (Math.abs(is - wanted) <= withinMs ? wanted : `${is} ms`);
  return {
    direction: call.direction,
    external: call.external,
    line: call.line,
    caller: call.caller,
    rang: [...call.rang].sort(),
    answeredBy: call.answeredBy,
    agents: call.agents,
    finalAgent: call.finalAgent,
    transfers: call.transfers.map(({ kind, from, to, answered }) => ({ kind, from, to, answered })),
    result: call.result,
    waitMs: near(call.waitMs, expected.waitMs),
    talkMs: near(call.talkMs, expected.talkMs),
    spanMs: near(call.spanMs, expected.spanMs),
  };
}
