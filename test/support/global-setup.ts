import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import type { Cluster } from '../../src/db/embedded/cluster.js';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { isAlive } from '../../src/db/embedded/postmaster.js';
import { migrate } from '../../src/db/migrate.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of database `postgres`, as superuser. */
    clusterUrl: string;
  }
}

export const TEMPLATE = 'trunkline_template';
const PREFIX = 'trunkline-test-';

/** One real PostgreSQL for the whole run, in a temporary folder, with a migrated template that each test file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweep();
  const dataDir = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(join(dataDir, 'owner'), String(process.pid));
  const cluster = await openTestCluster(dataDir);
  try {
    const admin = new pg.Client({ connectionString: cluster.url('postgres') });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${TEMPLATE}`);
    await admin.end();
    await migrate(cluster.url(TEMPLATE));
    project.provide('clusterUrl', cluster.url('postgres'));
  } catch (error) {
    await remove(dataDir, cluster);
    throw error;
  }
  return () => remove(dataDir, cluster);
}

/** Not safe against a power cut, otherwise an ordinary one. */
function openTestCluster(dataDir: string): Promise<Cluster> {
  const settings = {
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: '300',
    shared_buffers: '64MB',
    autovacuum_naptime: '1h',
  };
  return openCluster({ dataDir, fast: true, settings });
}

async function remove(dataDir: string, cluster: Cluster): Promise<void> {
  await cluster.stop();
  await rm(dataDir, { recursive: true, force: true });
}

/** A run that was killed leaves its cluster behind; the next run clears it away. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dataDir = join(tmpdir(), name);
    const owner = Number(await readFile(join(dataDir, 'owner'), 'utf8').catch(() => ''));
    if (!(owner > 0) || isAlive(owner)) continue;
    try {
      await remove(dataDir, await openTestCluster(dataDir));
    } catch {
      // Another user's, or half gone: not ours to worry about.
    }
  }
}
