import { expect, test } from 'vitest';
import { acquireLease, assertEpoch, releaseLease, renewLeases } from '../../src/db/leases.js';
import type { Pool } from '../../src/db/pool.js';
import { inTransaction } from '../../src/db/tx.js';
import { withDb } from '../support/db.js';

const KEY = { kind: 'pbx' as const, key: '192.0.2.1:5038' };

async function runOut(pool: Pool): Promise<void> {
  await pool.query(`UPDATE leases SET expires_at = clock_timestamp() - interval '1 millisecond'`);
}

test('one holder at a time: another gets it after it ran out or was released, with a greater epoch', async () => {
  await withDb(async ({ pool }) => {
    const first = await acquireLease(pool, KEY, 'daemon-a', 15_000);
    expect(first).toMatchObject({ holder: 'daemon-a', epoch: 1 });
    expect(await acquireLease(pool, KEY, 'daemon-b', 15_000)).toBeNull();
    await runOut(pool);
    expect(await acquireLease(pool, KEY, 'daemon-b', 15_000)).toMatchObject({ holder: 'daemon-b', epoch: 2 });
    const again = await acquireLease(pool, KEY, 'daemon-b', 15_000);
    expect(again?.epoch).toBe(2);
    await releaseLease(pool, again!);
    expect((await acquireLease(pool, KEY, 'daemon-a', 15_000))?.epoch).toBe(3);
  });
});

test('of many that ask at once exactly one is given it', async () => {
  await withDb(async ({ pool }) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => acquireLease(pool, KEY, `daemon-${n}`, 15_000)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  });
});

test('a holder that was away for too long goes on if nobody came, and learns it if somebody did', async () => {
  await withDb(async ({ pool }) => {
    const lease = await acquireLease(pool, KEY, 'daemon-a', 15_000);
    await runOut(pool);
    expect(await renewLeases(pool, 'pbx', 'daemon-a', 15_000)).toEqual([KEY.key]);
    await inTransaction(pool, (tx) => assertEpoch(tx, { ...KEY, epoch: 1 }));
    await runOut(pool);
    await acquireLease(pool, KEY, 'daemon-b', 15_000);
    expect(await renewLeases(pool, 'pbx', 'daemon-a', 15_000)).toEqual([]);
    await releaseLease(pool, lease!);
    expect(await acquireLease(pool, KEY, 'daemon-c', 15_000)).toBeNull();
  });
});

test('a write under an old epoch fails, and nobody takes a lease over in the middle of a write under it', async () => {
  await withDb(async ({ pool }) => {
    const lease = await acquireLease(pool, KEY, 'daemon-a', 15_000);
    await runOut(pool);
    let taken = false;
    let takeover: Promise<unknown> = Promise.resolve();
    await inTransaction(pool, async (tx) => {
      await assertEpoch(tx, lease!);
      takeover = acquireLease(pool, KEY, 'daemon-b', 15_000).then((won) => (taken = won !== null));
      // It is waiting for our row once the database says so.
      for (let waiting = false; !waiting;) {
        // From another session: a transaction sees one frozen picture of the activity.
        const { rows } = await pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        waiting = rows.length > 0;
      }
      expect(taken).toBe(false);
    });
    await takeover;
    expect(taken).toBe(true);
    await expect(inTransaction(pool, (tx) => assertEpoch(tx, lease!))).rejects.toMatchObject({
      code: 'DB_EPOCH_STALE',
    });
    await expect(
      inTransaction(pool, (tx) => assertEpoch(tx, { ...KEY, key: 'unknown', epoch: 1 })),
    ).rejects.toMatchObject({ code: 'DB_EPOCH_STALE' });
  });
});
