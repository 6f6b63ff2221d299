import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createMetrics } from '../../src/platform/metrics.js';
import { createRecordingsJoint } from '../../src/recordings-joint.js';
import { withDb } from '../support/db.js';

test('a lane whose database is gone ends, so that it is started again', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-lane-'));
  await withDb(async ({ pool }) => {
    const joint = createRecordingsJoint({
      pool,
      clock: systemClock,
      log: createLogger('silent'),
      metrics: createMetrics({ process: false }),
      config: { dataDir, publicUrl: null, recordings: {} },
      directory: { byNumber: () => null },
      owe: () => Promise.resolve(() => undefined),
      wake: () => undefined,
      mayHear: () => Promise.resolve(false),
    });
    await pool.end();
    await expect(joint.run(new AbortController().signal)).rejects.toThrow(/pool/);
    await joint.close();
  });
  await rm(dataDir, { recursive: true });
});
