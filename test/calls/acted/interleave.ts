/**
 * The same facts in another order: each channel's own facts keep theirs, and a fact about two channels stands in both.
 * Stamps stay with the facts; they arrive one after another at the times the facts arrived before.
 */
import { uidsIn } from '../../../src/calls/facts.js';
import type { Fact } from '../../../src/calls/facts.js';
import type { ActedFact } from './pbx.js';

/**
 * @param pick a number in [0, 1) for each choice between channels
 * @param withinMs how much later than another channel's a fact may be heard
 */
export function interleaved(told: readonly ActedFact[], pick: () => number, withinMs = Infinity): Fact[] {
  const waiting = told.map((one, index) => ({ ...one, index }));
  const out: Fact[] = [];
  while (waiting.length > 0) {
    const oldest = waiting[0]?.fact.at ?? 0;
    const blocked = new Set<string>();
    const ready: number[] = [];
    for (const [position, { fact, legs }] of waiting.entries()) {
      if (fact.at > oldest + withinMs) break;
      if (!legs.some((leg) => blocked.has(leg))) ready.push(position);
      for (const leg of legs) blocked.add(leg);
    }
    const [next] = waiting.splice(ready[Math.floor(pick() * ready.length)] ?? 0, 1);
    if (next) out.push(next.fact);
  }
  return out.map((fact, index) => ({ ...fact, arrivedAt: told[index]?.fact.arrivedAt ?? 0 }));
}

/** The channels in whose order each fact of a recorded session stands: those it names, and of a new one who it was made for. */
export function withLegs(facts: readonly Fact[]): ActedFact[] {
  const members = new Map<string, Set<string>>();
  for (const fact of facts)
    if (fact.kind === 'bridge.enter')
      members.set(fact.bridge, (members.get(fact.bridge) ?? new Set()).add(fact.channel.uid));
  return facts.map((fact) => {
    if (fact.kind === 'bridge.merge')
      return { fact, legs: [...(members.get(fact.from) ?? []), ...(members.get(fact.to) ?? [])] };
    if (fact.kind === 'bridge.create' || fact.kind === 'bridge.destroy')
      return { fact, legs: [...(members.get(fact.bridge) ?? [])] };
    return { fact, legs: namedIn(fact) };
  });
}

function namedIn(fact: Fact): string[] {
  if (fact.kind === 'channel.new') return uidsIn(fact);
  const { channel, dest, one, two, transferer, transferee, secondTransferer, target, uid } = fact as unknown as Record<
    string,
    { uid: string } | null | undefined
  >;
  const named = [channel, dest, one, two, transferer, transferee, secondTransferer, target];
  const uids = named.flatMap((info) => (info && typeof info === 'object' ? info.uid : []));
  return typeof uid === 'string' ? [...uids, uid] : uids;
}
