import { describe, expect, test } from 'vitest';
import { createGroupCommit } from '../../src/webhooks/group-commit.js';

/** A write that ends when it is told to. */
function gate() {
  const batches: number[][] = [];
  const ends: ((results?: (Error | null)[]) => void)[] = [];
  return {
    batches,
    write: (batch: readonly number[]) => {
      batches.push([...batch]);
      return new Promise<void | (Error | null)[]>((resolve) => ends.push(resolve));
    },
    end: async (results?: (Error | null)[]) => {
      while (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      ends.shift()?.(results);
    },
  };
}

describe('group commit', () => {
  test('what comes together is written together, and what comes meanwhile is the next batch', async () => {
    const { batches, write, end } = gate();
    const group = createGroupCommit({ write });
    const first = [1, 2, 3].map((item) => group.add(item));
    await end();
    await Promise.all(first);
    const second = group.add(4);
    while (batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    const third = [5, 6, 7].map((item) => group.add(item));
    expect(group.waiting()).toBe(4);
    await end();
    await second;
    await end();
    await Promise.all(third);
    expect(batches).toEqual([[1, 2, 3], [4], [5, 6, 7]]);
    expect(group.waiting()).toBe(0);
  });

  test('no batch is larger than allowed and the order holds', async () => {
    const batches: number[][] = [];
    const group = createGroupCommit<number>({
      maxBatch: 10,
      write: async (batch) => {
        batches.push([...batch]);
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    const items = Array.from({ length: 95 }, (_, item) => item);
    await Promise.all(items.map((item) => group.add(item)));
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(10);
    expect(batches.flat()).toEqual(items);
  });

  test('a failed write fails all of its batch and none of the next', async () => {
    let writes = 0;
    const group = createGroupCommit<number>({
      write: () => (++writes === 1 ? Promise.reject(new Error('away')) : Promise.resolve()),
    });
    const failed = await Promise.allSettled([1, 2].map((item) => group.add(item)));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await group.add(3);
  });

  test('a write may refuse single items', async () => {
    const group = createGroupCommit<number>({
      write: (batch) => Promise.resolve(batch.map((item) => (item === 2 ? new Error('bad') : null))),
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => group.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('settled waits for what is queued and in flight', async () => {
    const done: number[] = [];
    const group = createGroupCommit<number>({
      maxBatch: 1,
      maxDelayMs: 60_000,
      write: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        done.push(...batch);
      },
    });
    const added = [1, 2, 3].map((item) => group.add(item));
    await group.settled();
    expect(done).toEqual([1, 2, 3]);
    await Promise.all(added);
  });
});
