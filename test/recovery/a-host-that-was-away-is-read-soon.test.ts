import { expect, it } from 'vitest';
import { TrunklineError } from '../../src/platform/errors.js';
import { createLogger } from '../../src/platform/log.js';
import { createRecovery } from '../../src/recovery/service.js';
import type { Source } from '../../src/recovery/source.js';
import { createTestDb } from '../support/db.js';
import { createFastClock } from '../support/fast-clock.js';
import { PBX, portOn } from './read-host.js';

/** An hour in six seconds. */
const FACTOR = 600;

it('a host that is away is tried less and less often, and every two minutes at least', async () => {
  const db = await createTestDb();
  const clock = createFastClock(FACTOR);
  const tried: number[] = [];
  const away: Source = {
    name: 'events',
    fillsGaps: true,
    run() {
      tried.push(clock.monotonic());
      throw new TrunklineError('SSH_UNREACHABLE', 'nobody answers');
    },
  };
  const stop = new AbortController();
  const recovery = createRecovery({
    ...{ pool: db.pool, port: portOn(db.pool), clock, log: createLogger('silent') },
    pbxs: () => [PBX],
    sourcesOf: () => ({ sources: [away], everyMs: 300_000 }),
    count: () => undefined,
  });
  const running = recovery.run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 3_600_000 / FACTOR));
  stop.abort();
  await running;
  await db.drop();
  const pauses = tried.slice(1).map((at, n) => Math.round((at - (tried[n] ?? 0)) / 1_000));
  expect(pauses[0]).toBeGreaterThanOrEqual(15);
  expect(pauses.slice(0, 4)).toEqual(pauses.slice(0, 4).toSorted((one, other) => one - other));
  for (const pause of pauses.slice(3)) expect(pause).toBeGreaterThanOrEqual(119);
  // Of an hour; on a machine that is busy some pauses are longer.
  expect(tried.length).toBeGreaterThan(18);
});
