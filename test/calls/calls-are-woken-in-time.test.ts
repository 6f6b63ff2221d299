import { describe, expect, it } from 'vitest';
import { WakeHeap } from '../../src/calls/wake-heap.js';

describe('the times calls want to be woken at', () => {
  it('come up earliest first, whatever was planned before', () => {
    const heap = new WakeHeap();
    const wanted = new Map<string, number>();
    let state = 1;
    for (let round = 0; round < 5_000; round += 1) {
      state = (state * 1103515245 + 12345) % 2147483648;
      const id = `call-${state % 97}`;
      if (state % 7 === 0) {
        wanted.delete(id);
        heap.plan(id, null);
      } else {
        wanted.set(id, state % 10_007);
        heap.plan(id, state % 10_007);
      }
      const earliest = wanted.size === 0 ? null : Math.min(...wanted.values());
      expect(heap.next()).toBe(earliest);
    }
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
