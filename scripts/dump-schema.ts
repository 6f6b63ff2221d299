// Writes test/schema.sql: what the migrations make of an empty database. Run after adding a migration:
//   node --import tsx scripts/dump-schema.ts
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openCluster } from '../src/db/embedded/cluster.js';
import { migrate } from '../src/db/migrate.js';
import { dumpSchema } from '../test/support/catalog.js';

const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-dump-'));
const cluster = await openCluster({ dataDir, fast: true, settings: { fsync: 'off' } });
try {
  await migrate(cluster.url('postgres'));
  const db = new pg.Client({ connectionString: cluster.url('postgres') });
  await db.connect();
  await writeFile(new URL('../test/schema.sql', import.meta.url), await dumpSchema(db, 'public'));
  await db.end();
  console.log('test/schema.sql written');
} finally {
  await cluster.stop();
  await rm(dataDir, { recursive: true, force: true });
}
