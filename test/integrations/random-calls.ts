/**
 * Calls as they happen at random: groups and cascades, answered, missed, given up in the greeting, outgoing, handed on. Each is
 * its events in order, with what was known at each, and what its record must say.
 */
import { randomUUID } from 'node:crypto';
import type { CallEvent, CallFacts, CallResult, Talk, Transfer } from '../../src/calls/vocabulary.js';
import { callFactsOf } from '../support/call-facts.js';

export interface RandomCall {
  externalId: string;
  client: string;
  events: CallEvent[];
  result: CallResult;
  /** Who talked last, of a call that was answered. */
  last: string | null;
  talkSeconds: number;
}

export interface Shape {
  enterprise?: string;
  /** The extensions there are. */
  extensions: readonly string[];
  /** The most that ring at once. */
  group?: number;
  /** The client's number; default: one of thirty. */
  client?: string;
}

/** The same sequence for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function randomCall(
  random: () => number,
  { enterprise = '0367', extensions, group = 10, client }: Shape,
): RandomCall {
  const chance = (part: number) => random() < part;
  const some = (count: number) => shuffled(extensions, random).slice(0, count);
  const out = chance(0.25);
  const [caller = null] = out ? some(1) : [];
  const startedAt = Date.now();
  let facts: CallFacts = callFactsOf({
    id: randomUUID(),
    enterprise,
    uid: `${Math.floor(startedAt / 1000)}.${Math.floor(random() * 1e9)}`,
    direction: out ? 'out' : 'in',
    external: client ?? `+3752900000${String(Math.floor(random() * 30)).padStart(2, '0')}`,
    line: '+375170000000',
    caller,
    startedAt,
  });
  const events: CallEvent[] = [];
  let at = startedAt;
  let seq = 0;
  const tell = (what: Partial<CallEvent> & { kind: CallEvent['kind'] }, known: Partial<CallFacts> = {}) => {
    facts = { ...facts, ...known };
    events.push({ ...what, seq: ++seq, at: (at += 1_000), call: facts } as CallEvent);
  };

  tell({ kind: 'call.started' });
  if (out) {
    tell({ kind: 'call.ringing', extensions: caller === null ? [] : [caller] }, { ringingAt: at });
  } else if (chance(0.93)) {
    const first = some(1 + Math.floor(random() * group));
    tell({ kind: 'call.ringing', extensions: first }, { rang: first, ringingAt: at });
    const others = shuffled(
      extensions.filter((one) => !first.includes(one)),
      random,
    ).slice(0, 2);
    if (others.length > 0 && chance(0.25))
      tell({ kind: 'call.ringing', extensions: others }, { rang: [...first, ...others] });
  }
  const result: CallResult = facts.ringingAt === null ? 'abandoned' : drawn(random);
  const talks = result === 'answered' ? talked() : [];
  const talkMs = talks.reduce((sum, { ms }) => sum + ms, 0);
  tell({ kind: 'call.finished' }, { result, endedAt: at + 1_000, talks, talkMs, spanMs: talkMs, waitMs: 4_000 });
  return {
    externalId: facts.externalId,
    client: facts.external ?? '',
    events,
    result,
    last: talks.at(-1)?.agent ?? null,
    talkSeconds: talkMs / 1_000,
  };

  function talked(): Talk[] {
    const agent = out ? caller : (shuffled(facts.rang, random)[0] ?? null);
    const answeredAt = at + 1_000;
    const known = { answeredAt, answeredBy: agent, finalAgent: agent, agents: agent === null ? [] : [agent] };
    tell({ kind: 'call.answered', extension: agent }, known);
    const turn = (by: string | null): Talk => {
      const ms = (1 + Math.floor(random() * 300)) * 1_000;
      return { agent: by, from: at, to: at + ms, ms };
    };
    const turns = [turn(agent)];
    const [to] = shuffled(
      extensions.filter((one) => one !== agent),
      random,
    );
    if (agent === null || to === undefined || !chance(0.2)) return turns;
    const kind = chance(0.5) ? 'blind' : 'attended';
    const transfer: Transfer = { kind, from: agent, to, answered: kind === 'blind' ? null : true, at };
    tell({ kind: 'call.transferred', transfer }, { transfers: [transfer] });
    if (kind === 'blind') tell({ kind: 'call.ringing', extensions: [to] });
    const reached = { ...transfer, answered: true };
    facts = { ...facts, transfers: [reached], finalAgent: to, agents: [agent, to] };
    return [...turns, turn(to)];
  }
}

function drawn(random: () => number): CallResult {
  const draw = random();
  if (draw < 0.65) return 'answered';
  if (draw < 0.85) return 'missed';
  return draw < 0.93 ? 'busy' : draw < 0.97 ? 'abandoned' : 'failed';
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => [random(), one] as const)
    .sort(([one], [other]) => one - other)
    .map(([, one]) => one);
}
