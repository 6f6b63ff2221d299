import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { withDb } from '../support/db.js';
import { cli } from './run-cli.js';

it('the demo writes nothing into the database the daemon is told of', { timeout: 120_000 }, async () => {
  await withDb(async ({ url, pool }) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-demo-'));
    try {
      const env = { DATABASE_URL: url, TRUNKLINE_DATA_DIR: folder };
      // Stopped before the first call: by then everything runs, and the enterprise of the show is imported.
      const { code, stdout } = await cli(['demo'], env, AbortSignal.abort());
      expect(stdout).toContain('Webhooks and metrics: http://127.0.0.1:');
      expect(code).toBe(0);
      expect((await pool.query('SELECT number FROM enterprises')).rows).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
