/**
 * The fleet's posts as a bad line brings them: one lost, some in a row lost, late, out of order, twice. And how far what is
 * made of them lies from what the same call gives undisturbed.
 */
import { readFileSync } from 'node:fs';
import type { Fact } from '../../src/calls/facts.js';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { VERSIONS, recorded, recordedPosts } from '../pbx/fleet/recordings.js';
import { seeded } from '../support/seeded.js';
import type { TimedPost } from '../support/fleet-posts.js';
import { postFacts } from './fleet-recordings.js';
import type { Run } from './run-tracker.js';
import { SCENARIOS } from './webhook-files.js';

export interface Posted {
  /** `22/2-8` as recorded, `2-8` as written by hand. */
  readonly name: string;
  readonly posts: readonly TimedPost[];
}

const byHand = new URL('../webhooks/fixtures/', import.meta.url);

/** Every call of the catalogue, as written by hand and as recorded on each PBX. */
export function everyCall(): Posted[] {
  const written = Object.keys(SCENARIOS).map((id) => {
    const start = Date.parse(`${(SCENARIOS[id]?.first_arrival ?? '').replace(' ', 'T')}+03:00`);
    const lines = readFileSync(new URL(`${id}.ndjson`, byHand), 'utf8').split('\n');
    const posts = lines.flatMap((line) => {
      if (line === '') return [];
      const { at_ms, path, body } = JSON.parse(line) as { at_ms: number } & TimedPost;
      return [{ at: start + at_ms, path, body }];
    });
    return { name: id, posts };
  });
  const played = VERSIONS.flatMap((version) =>
    Object.keys(recorded(version)).map((id) => ({ name: `${version}/${id}`, posts: recordedPosts(version, id) })),
  );
  return [...written, ...played].filter(({ posts }) => posts.length > 0);
}

/** How a call reached us: what of it, and in which order. */
export interface Disturbed {
  readonly how: string;
  readonly facts: Fact[];
}

/** Each single post lost in its turn. */
export function* oneLost(posts: readonly TimedPost[]): Generator<Disturbed> {
  for (const index of posts.keys()) {
    if (posts.length > 1) yield { how: `-${index}`, facts: postFacts(posts.toSpliced(index, 1)) };
  }
}

export interface Weather {
  /** Each post comes this long after what it tells. */
  readonly lagMs: readonly [from: number, to: number];
  /** A post may overtake another: its lag is its own. Else one waits for the one before. */
  readonly disorder: boolean;
  /** Share of posts that come twice. */
  readonly twice: number;
  /** Posts lost in a row, at one place of the call. */
  readonly burst: readonly [from: number, to: number];
}

export function disturbed(posts: readonly TimedPost[], seed: number, weather: Weather): Disturbed {
  const random = seeded(seed);
  const between = ([from, to]: readonly [number, number]) => from + random() * (to - from);
  const lost = Math.round(between(weather.burst));
  const first = Math.floor(random() * Math.max(1, posts.length - lost + 1));
  const left = posts.toSpliced(first, lost);
  let last = 0;
  const timed = left.flatMap((post) => {
    const own = Math.round(post.at + between(weather.lagMs));
    last = Math.max(last, own);
    const at = weather.disorder ? own : last;
    const again = random() < weather.twice ? [{ ...post, at: Math.round(at + random() * 2_000) }] : [];
    return [{ ...post, at }, ...again];
  });
  return { how: `seed ${seed}`, facts: postFacts(timed.sort((one, other) => one.at - other.at)) };
}

export type Difference =
  | 'client missing'
  | 'client unknown'
  | 'second record'
  | 'line wrong'
  | 'line unknown'
  | 'uid'
  | 'internal invented'
  | 'internal missing'
  | 'answerer wrong'
  | 'answerer unknown'
  | 'stranger'
  | 'agent unknown'
  | 'final agent wrong'
  | 'final agent unknown'
  | 'caller wrong'
  | 'caller unknown'
  | 'answer lost'
  | 'answer invented'
  | 'result'
  | 'transfers'
  | 'seconds'
  | 'never finished';

const outside = (records: readonly CallFacts[]) => records.filter((one) => one.direction !== 'internal');
const sameCall = (one: CallFacts, other: CallFacts) =>
  one.direction === other.direction && one.external === other.external;

/** @param withinMs how far seconds may be off */
export function differences(whole: Run, run: Run, withinMs = 8_000): Difference[] {
  const found: Difference[] = [];
  const left = [...outside(run.records)];
  const wanted = outside(whole.records);
  const taken = wanted.map((call) => {
    const same = left.filter((one) => sameCall(one, call));
    const nameless = left.filter((one) => one.direction === call.direction && one.external === null);
    const mine = same.find((one) => one.uid === call.uid) ?? same[0] ?? nameless[0];
    if (mine) left.splice(left.indexOf(mine), 1);
    return mine;
  });
  wanted.forEach((call, index) => {
    const mine = taken[index];
    found.push(...(mine ? unlike(call, mine, withinMs) : ['client missing' as const]));
  });
  for (const _ of left) found.push('second record');
  const inside = (one: Run) => one.records.length - outside(one.records).length;
  if (inside(run) > inside(whole)) found.push('internal invented');
  if (inside(run) < inside(whole)) found.push('internal missing');
  if (run.tracker.liveCalls().length > 0) found.push('never finished');
  return found;
}

function unlike(call: CallFacts, mine: CallFacts, withinMs: number): Difference[] {
  const found: Difference[] = [];
  const value = (is: string | null, was: string | null, wrong: Difference, unknown: Difference) =>
    is !== was && found.push(is === null ? unknown : wrong);
  value(mine.external, call.external, 'client missing', 'client unknown');
  value(mine.line, call.line, 'line wrong', 'line unknown');
  value(mine.caller, call.caller, 'caller wrong', 'caller unknown');
  value(mine.answeredBy, call.answeredBy, 'answerer wrong', 'answerer unknown');
  value(mine.finalAgent, call.finalAgent, 'final agent wrong', 'final agent unknown');
  if (mine.uid !== call.uid) found.push('uid');
  if (mine.agents.some((agent) => !call.agents.includes(agent))) found.push('stranger');
  if (call.agents.some((agent) => !mine.agents.includes(agent))) found.push('agent unknown');
  if (mine.result !== call.result)
    found.push(call.result === 'answered' ? 'answer lost' : mine.result === 'answered' ? 'answer invented' : 'result');
  const transfers = (one: CallFacts) =>
    JSON.stringify(one.transfers.map(({ kind, from, to, answered }) => [kind, from, to, answered]));
  if (transfers(mine) !== transfers(call)) found.push('transfers');
  const off = (one: number, other: number) => Math.abs(one - other) > withinMs;
  if (off(mine.talkMs, call.talkMs) || off(mine.spanMs, call.spanMs) || off(mine.waitMs, call.waitMs))
    found.push('seconds');
  return found;
}
