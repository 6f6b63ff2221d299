/** The fleet's scenarios as they were recorded from real PBXs, as facts; and a call of the tracker beside the true one. */
import { FrameParser } from '../../src/ami/frame.js';
import type { AmiMessage } from '../../src/ami/message.js';
import { translate } from '../../src/ami/translate.js';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { isFleetEvent, toFact } from '../../src/webhooks/parse.js';
import type { ManagerUserName } from '../pbx/manager-users.js';
import type { Recorded, TimedPost } from '../pbx/fleet/recordings.js';
import { visibleTo } from '../pbx/fleet/recordings.js';

/** What AMI told a user, as facts. Our clock is one second behind the PBX's. */
export function amiFacts(ami: Buffer, user: ManagerUserName): Fact[] {
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
  // A recording begins after the log-in.
  parser.push(Buffer.from('Asterisk Call Manager/5.0.0\r\n'));
  parser.push(ami);
  let arrivedAt = 0;
  return messages.flatMap((message) => {
    if (message.type !== 'event' || !visibleTo(user, (name) => message.get(name))) return [];
    arrivedAt = Math.max(arrivedAt, Math.round(Number(message.get('Timestamp') ?? 0) * 1000) - 1000);
    const fact = translate(message, arrivedAt);
    return fact ? [fact] : [];
  });
}

/** @param lag how long after what it tells the nth post comes, ms; the order stays */
export function postFacts(posts: readonly TimedPost[], lag: (index: number) => number = () => 0): Fact[] {
  let arrivedAt = 0;
  return posts.map(({ at, path, body }, index) => {
    arrivedAt = Math.max(arrivedAt, at - 1000 + lag(index));
    const event = path.slice(1);
    if (!isFleetEvent(event)) throw new Error(event);
    return toFact({ enterprise: '0367', event, raw: body, arrivedAt });
  });
}

/** Facts in the order of arrival; a post comes after the AMI fact of the same moment. */
export function byArrival(facts: readonly Fact[]): Fact[] {
  const isPost = (fact: Fact) => Number(fact.source === 'webhook');
  return [...facts].sort((one, other) => one.arrivedAt - other.arrivedAt || isPost(one) - isPost(other));
}

export type TrueRecord = Recorded['calls'][number];

/** What a source is to say of a call: all of it, or what posts can tell. */
function asTold(call: TrueRecord, source: 'ami' | 'posts'): Omit<TrueRecord, 'byPosts'> {
  const { byPosts, ...whole } = call;
  return source === 'posts' ? { ...whole, ...byPosts } : whole;
}

/** The records beside what they should say: equal where they are right, seconds within the tolerance included. */
export function beside(
  records: readonly CallFacts[],
  truth: readonly TrueRecord[],
  { source, withinMs }: { source: 'ami' | 'posts'; withinMs: number },
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
