import { expect, test } from 'vitest';
import { withDb } from '../support/db.js';
import { until } from '../support/until.js';
import { startCrm } from './support/crm.js';
import { aCall, createRig } from './support/rig.js';

test('a record held back wakes no lane, here or in another daemon, and goes when its time has come', async () => {
  await withDb(async ({ pool }) => {
    const crm = await startCrm();
    const rig = createRig({ pool, settings: { pollMs: 200 } });
    rig.account(crm.url);
    const heard: (string | undefined)[] = [];
    const listening = await pool.connect();
    listening.on('notification', ({ payload }) => heard.push(payload));
    await listening.query('LISTEN trunkline_deliveries');
    const stop = new AbortController();
    const running = rig.worker.run(stop.signal);
    try {
      const [waits, goes] = [aCall(), aCall()];
      const owedAt = performance.now();
      expect(await rig.owe([waits.finished()], { holdMs: 700 })).toEqual([]);
      expect(await rig.owe([goes.finished()], { holdMs: 100 })).toEqual([{ enterprise: '0367', type: 'testcrm' }]);
      const isTold = ({ externalId }: { externalId: string }) =>
        crm.received.some(({ id, step }) => id === externalId && step === 'record');
      await until('the record that waits', () => isTold(waits));
      expect(performance.now() - owedAt).toBeGreaterThan(690);
      expect(isTold(goes)).toBe(true);
      expect(heard).toEqual(['[["0367","testcrm"]]']);
    } finally {
      stop.abort();
      await running;
      await listening.query('UNLISTEN *');
      listening.release();
      await rig.close();
      await crm.close();
    }
  });
});
