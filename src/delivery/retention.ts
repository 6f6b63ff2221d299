import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { Pool } from './store.js';

export interface RetentionSettings {
  /** Settled rows other than dead letters, milliseconds. */
  settledMs: number;
  /** Dead letters: longer, a person may still replay them. */
  deadMs: number;
  /** Rows a statement takes: short locks, other work between. */
  batch: number;
  everyMs: number;
}

export const DEFAULT_RETENTION: RetentionSettings = {
  settledMs: 14 * 24 * 3_600_000,
  deadMs: 90 * 24 * 3_600_000,
  batch: 2_000,
  everyMs: 3_600_000,
};

export interface DeliveryRetention {
  readonly name: 'delivery-retention';
  /** Drops what is too old; resolves with the number of rows. */
  tick(signal?: AbortSignal): Promise<number>;
  run(signal: AbortSignal): Promise<void>;
}

export function createDeliveryRetention(deps: {
  pool: Pool;
  clock: Clock;
  log: Logger;
  settings?: RetentionSettings;
}): DeliveryRetention {
  const { pool, clock, log } = deps;
  const settings = deps.settings ?? DEFAULT_RETENTION;

  async function inBatches(drop: () => Promise<number>, signal?: AbortSignal): Promise<number> {
    let dropped = 0;
    for (let last = settings.batch; last >= settings.batch && !signal?.aborted; dropped += last) last = await drop();
    return dropped;
  }

  const self: DeliveryRetention = {
    name: 'delivery-retention',
    async tick(signal) {
      const rows = await inBatches(() => dropDeliveries(pool, settings), signal);
      const refs = await inBatches(() => dropRefs(pool, settings), signal);
      return rows + refs;
    },
    async run(signal) {
      while (!signal.aborted) {
        try {
          const dropped = await self.tick(signal);
          if (dropped > 0) log.info({ dropped }, 'old deliveries dropped');
        } catch (error) {
          log.warn({ err: error }, 'old deliveries could not be dropped');
        }
        await clock.sleep(settings.everyMs, signal);
      }
    },
  };
  return self;
}

async function dropDeliveries(pool: Pool, { settledMs, deadMs, batch }: RetentionSettings): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM deliveries WHERE id IN (
       SELECT id FROM deliveries
        WHERE settled_at < now() - $1 * interval '1 millisecond'
          AND (state <> 'dead' OR settled_at < now() - $2 * interval '1 millisecond')
        ORDER BY settled_at LIMIT $3)`,
    [Math.min(settledMs, deadMs), deadMs, batch],
  );
  return rowCount ?? 0;
}

/** What a CRM returned for a call is kept as long as any of its deliveries is. */
async function dropRefs(pool: Pool, { settledMs, batch }: RetentionSettings): Promise<number> {
  const { rowCount } = await pool.query(
    `DELETE FROM delivery_refs r WHERE (r.call_id, r.integration_type) IN (
       SELECT k.call_id, k.integration_type FROM delivery_refs k
        WHERE k.updated_at < now() - $1 * interval '1 millisecond'
          AND NOT EXISTS (SELECT FROM deliveries d WHERE d.call_id = k.call_id AND d.integration_type = k.integration_type)
        LIMIT $2)`,
    [settledMs, batch],
  );
  return rowCount ?? 0;
}
