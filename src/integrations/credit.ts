/**
 * Whose record a call is: one rule for every connector.
 *
 * - `first`, `last`, `longest`: the whole call is one record, of who answered first, who talked last, or who talked longest.
 * - `each`: one record for each who talked, with his own seconds. The first keeps the call's id, start and waiting time; the
 *   others begin when their talk did, have waited for nothing and are `<id>/2`, `<id>/3` …, so that each can be repeated by
 *   its own id.
 *
 * Owners are people of the CRM: a connector says who a party (extension or staff mobile) is there, so a colleague who talks on
 * his phone and on his mobile is one owner. Whoever is nobody there owns nothing. A call nobody talked in is one record
 * without an owner; whose it is then (the caller's, the first rung's, somebody set) is the connector's to say.
 */
import { z } from 'zod';
import type { CallFacts, Talk } from '../calls/vocabulary.js';

export type Credit = 'first' | 'last' | 'longest' | 'each';

/** Spread into a connector's settings. */
export const creditSettings = {
  credit: z
    .enum(['first', 'last', 'longest', 'each'])
    .default('last')
    .meta({ title: 'Whose a transferred call is: first who answered, last, longest talk, or one record each' }),
};

/** A finished call as one record of the CRM. */
export interface OwedRecord {
  owner: string | null;
  externalId: string;
  startedAt: number;
  waitMs: number;
  talkMs: number;
  spanMs: number;
}

interface Turns {
  owner: string;
  turns: Talk[];
}

/** The records a finished call is owed, in the order in which their owners talked. Never empty. */
export function recordsOwed(call: CallFacts, credit: Credit, ownerOf: (party: string) => string | null): OwedRecord[] {
  const { externalId, startedAt, waitMs, talkMs, spanMs } = call;
  const whole = (owner: string | null): OwedRecord => ({ owner, externalId, startedAt, waitMs, talkMs, spanMs });
  if (call.result !== 'answered') return [whole(null)];
  const owners = turnsByOwner(call, ownerOf);
  if (credit === 'each' && owners.length > 1) return owners.map((one, index) => recordOfOne(call, one, index));
  const known = [...owners.map(({ owner }) => owner), ...knownOf(call.agents, ownerOf)];
  switch (credit) {
    case 'first':
    case 'each':
      return [whole(known[0] ?? null)];
    case 'last':
      return [whole(lastOf(call, owners, ownerOf) ?? known.at(-1) ?? null)];
    case 'longest':
      return [whole(longestOf(owners) ?? known.at(-1) ?? null)];
  }
}

function turnsByOwner(call: CallFacts, ownerOf: (party: string) => string | null): Turns[] {
  const found = new Map<string, Turns>();
  // Facts stored by an older version know no turns.
  for (const turn of (call.talks as Talk[] | undefined) ?? []) {
    const owner = turn.agent === null ? null : ownerOf(turn.agent);
    if (owner === null) continue;
    const his = found.get(owner) ?? { owner, turns: [] };
    his.turns.push(turn);
    found.set(owner, his);
  }
  return [...found.values()];
}

function knownOf(parties: readonly string[], ownerOf: (party: string) => string | null): string[] {
  return parties.flatMap((party) => ownerOf(party) ?? []);
}

function recordOfOne(call: CallFacts, { owner, turns }: Turns, index: number): OwedRecord {
  const from = Math.min(...turns.map((turn) => turn.from));
  const to = Math.max(...turns.map((turn) => turn.to));
  const own = { owner, talkMs: talkOf(turns), spanMs: to - from };
  const { externalId, startedAt, waitMs } = call;
  if (index === 0) return { ...own, externalId, startedAt, waitMs };
  return { ...own, externalId: `${externalId}/${index + 1}`, startedAt: from, waitMs: 0 };
}

function talkOf(turns: readonly Talk[]): number {
  return turns.reduce((sum, { ms }) => sum + ms, 0);
}

function lastOf(call: CallFacts, owners: readonly Turns[], ownerOf: (party: string) => string | null): string | null {
  const final = call.finalAgent === null ? null : ownerOf(call.finalAgent);
  if (final !== null) return final;
  const ends = owners.map(({ owner, turns }) => ({ owner, to: Math.max(...turns.map((turn) => turn.to)) }));
  return (
    ends.reduce<(typeof ends)[number] | null>((last, one) => (last && last.to > one.to ? last : one), null)?.owner ??
    null
  );
}

/** Of two who talked equally long, who did so first. */
function longestOf(owners: readonly Turns[]): string | null {
  let longest: Turns | null = null;
  for (const one of owners) if (!longest || talkOf(one.turns) > talkOf(longest.turns)) longest = one;
  return longest?.owner ?? null;
}

/** Whole seconds, as CRMs keep them. */
export function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000));
}
