/** Lines of the log as they appear on a page, and as they stand in the database. */
import type { Page } from 'playwright-core';
import { until } from '../../support/until.js';
import type { Site } from './site.js';

export interface StoredRow {
  /** As the page calls it. */
  key: string;
  /** Unix ms at which the transaction began that wrote it. */
  at: number;
}

export interface WatchedRows {
  /** Line → unix ms of the first frame it was in. */
  seen(): Promise<Map<string, number>>;
  /** Lines that stood there twice at once. */
  doubled(): Promise<string[]>;
  /** Resolves when each of them has been shown. */
  until(rows: readonly StoredRow[]): Promise<void>;
}

interface Kept {
  seen: Record<string, number>;
  doubled: string[];
}

const SHOWN = "[...document.querySelectorAll('[data-row]')].map((row) => row.dataset.row)";
const WATCH = `(() => {
  const kept = (globalThis.rows = { seen: {}, doubled: [] });
  const look = () => {
    const keys = ${SHOWN};
    kept.doubled.push(...keys.filter((key, i) => keys.indexOf(key) !== i));
    requestAnimationFrame(() => {
      for (const key of keys) kept.seen[key] ??= Date.now();
    });
  };
  look();
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
})()`;

/** Lines on the page now, from the top. */
export function rowsOn(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(SHOWN);
}

/** From now on, for as long as the page is not loaded anew. */
export async function watchRows(page: Page): Promise<WatchedRows> {
  await page.evaluate(WATCH);
  const kept = () => page.evaluate<Kept>('globalThis.rows');
  const seen = async () => new Map(Object.entries((await kept()).seen));
  return {
    seen,
    doubled: async () => (await kept()).doubled,
    async until(rows) {
      await until('the lines on the page', async () => {
        const known = await seen();
        return rows.every(({ key }) => known.has(key));
      });
    },
  };
}

/** Of an enterprise, oldest first. */
export async function storedRows({ test }: Pick<Site, 'test'>, enterprise: string): Promise<StoredRow[]> {
  const { rows } = await test.db.pool.query<StoredRow>(
    `SELECT integration_type || '-' || id AS key, (extract(epoch FROM created_at) * 1000)::float8 AS at
       FROM integration_logs WHERE enterprise_number = $1 ORDER BY created_at, id`,
    [enterprise],
  );
  return rows;
}
