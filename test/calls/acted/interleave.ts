/**
 * The same facts in another order: each channel's own facts keep theirs, and a fact about two channels stands in both.
 * Stamps stay with the facts; they arrive one after another at the times the facts arrived before.
 */
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
