import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.js';

const KEPT_MS = 30 * 60_000;
const MOST = 1_000;

/** What is asked for by one key is done once; whoever asks again hears what came of it, unless that does not `last`. */
export function createOnce<T>(
  clock: Pick<Clock, 'monotonic'>,
  lasts: (result: T) => boolean,
): (key: string, work: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { doing: Promise<T>; until: number }>();
  return async (key, work) => {
    const id = createHash('sha256').update(key).digest('hex');
    const now = clock.monotonic();
    for (const [old, { until }] of known) if (until < now || known.size > MOST) known.delete(old);
    const doing = known.get(id)?.doing ?? work();
    known.set(id, { doing, until: now + KEPT_MS });
    try {
      const result = await doing;
      if (!lasts(result)) known.delete(id);
      return result;
    } catch (error) {
      known.delete(id);
      throw error;
    }
  };
}
