/**
 * From the first 180 a phone sends to the CRM having the request that opens the card: real SIP calls on a real Asterisk,
 * the whole daemon, a PostgreSQL with fsync. The PBX's and SIPp's part of it is included.
 */
import { openCluster } from '../../src/db/embedded/cluster.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { driveAndRead } from '../e2e/drive.js';
import type { BenchResult } from './result.js';

const CALLS = 50;

export async function benchPopUp(versions: readonly (16 | 22)[] = [16, 22]): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const version of versions) {
    const waits = await popUps(version);
    const note = `${waits.length} cards of ${CALLS} calls`;
    for (const [name, share] of [
      ['median', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      results.push({
        name: `pop-up: 180 to the CRM’s request, Asterisk ${version}, ${name}`,
        unit: 'ms',
        value: at(waits, share),
        note,
      });
    }
  }
  return results;
}

async function popUps(version: 16 | 22): Promise<number[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-pop-up-'));
  const cluster = await openCluster({ dataDir });
  try {
    const url = cluster.url('postgres');
    await migrate(url);
    const pool = createPool(url, { max: 2 });
    const db = { pool, url, name: 'pop-up', drop: () => pool.end() };
    const { calls } = await driveAndRead({ version, count: CALLS, sources: ['ami'], db });
    await db.drop();
    const waits = calls.flatMap(({ rangAt, cardAt }) => (rangAt === null || cardAt === null ? [] : [cardAt - rangAt]));
    return waits.sort((a, b) => a - b);
  } finally {
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function at(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN) * 10) / 10;
}
