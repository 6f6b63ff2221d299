import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WakeHeap } from '../../src/calls/wake-heap.js';
import { runs } from './acted/runs.js';

describe('the times calls want to be woken at', () => {
  it('come up earliest first, whatever was planned before', () => {
    const plan = fc.tuple(fc.nat({ max: 96 }), fc.option(fc.nat({ max: 10_006 }), { freq: 7 }));
    fc.assert(
      fc.property(fc.array(plan, { minLength: 500, maxLength: 500, size: 'max' }), (plans) => {
        const heap = new WakeHeap();
        const wanted = new Map<string, number>();
        for (const [call, at] of plans) {
          const id = `call-${call}`;
          if (at === null) wanted.delete(id);
          else wanted.set(id, at);
          heap.plan(id, at);
          expect(heap.next()).toBe(wanted.size === 0 ? null : Math.min(...wanted.values()));
        }
      }),
      runs(10),
    );
  });

  it('that are due are all found, and nothing is lost by looking', () => {
    const heap = new WakeHeap();
    for (let id = 0; id < 50; id += 1) heap.plan(`call-${id}`, 1_000 - id * 10);
    const due = () => [...new Set(heap.due(600))].sort();
    expect(due()).toEqual(due());
    expect(due()).toHaveLength(10);
    expect(heap.next()).toBe(510);
  });

  it('of one call that is put off a million times take no more room than one', () => {
    const heap = new WakeHeap();
    for (let at = 0; at < 100_000; at += 1) heap.plan('call', at);
    expect(heap.due(1_000_000)).toEqual(['call']);
    expect(heap.next()).toBe(99_999);
  });
});
