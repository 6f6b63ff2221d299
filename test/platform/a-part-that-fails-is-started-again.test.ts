import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { supervise } from '../../src/platform/supervise.js';
import { until } from '../support/until.js';

const times = { restartMs: 5, wellAfterMs: 60 };

function ground() {
  const stop = new AbortController();
  const failed = new Map<string, string>();
  const options = { clock: systemClock, log: createLogger('silent'), failed, signal: stop.signal, ...times };
  return { stop, failed, options };
}

test('is not well until it has run for a while, even if it never returns', async () => {
  const { stop, failed, options } = ground();
  let starts = 0;
  const done = supervise(
    'a part',
    async (signal) => {
      starts += 1;
      if (starts === 1) throw new Error('it broke');
      await systemClock.sleep(60_000, signal);
    },
    options,
  );
  await until('its failure', () => failed.get('a part') === 'it broke');
  await until('its recovery', () => failed.size === 0);
  expect(starts).toBe(2);
  stop.abort();
  await done;
});

test('that fails for what is told elsewhere is started again and stays well', async () => {
  const { stop, failed, options } = ground();
  let starts = 0;
  const run = async () => {
    starts += 1;
    return Promise.reject(new Error('away'));
  };
  const done = supervise('a part', run, { ...options, excused: (error) => (error as Error).message === 'away' });
  await until('three starts', () => starts >= 3);
  expect(failed.size).toBe(0);
  stop.abort();
  await done;
});
