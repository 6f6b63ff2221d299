import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createRightOfWay } from '../../src/platform/right-of-way.js';

describe('urgent work goes first', () => {
  it('is waited for by nobody when there is none', () => {
    expect(createRightOfWay(systemClock).whenFree()).toBeNull();
  });

  it('is waited for until all of it is over', async () => {
    const slow = { sleep: (_: number, signal?: AbortSignal) => aborted(signal) };
    const way = createRightOfWay(slow);
    const [one, other] = [way.take(), way.take()];
    const waiting = way.whenFree();
    let free = false;
    void waiting?.then(() => (free = true));
    one();
    one();
    await Promise.resolve();
    expect(free).toBe(false);
    other();
    await waiting;
    expect(way.whenFree()).toBeNull();
  });

  it('is not waited for for long when it never ends', async () => {
    const way = createRightOfWay(systemClock);
    way.take();
    await way.whenFree();
    expect(way.whenFree()).not.toBeNull();
  });
});

/** A sleep that only its signal ends. */
async function aborted(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
}
