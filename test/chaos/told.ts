/**
 * Trials without a PBX: two daemons tell one CRM of random calls and are killed, while it cuts off answers after having done
 * what it was asked. Every call is there once at the end, and no card is left open.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import type { CrmUnderTest } from '../integrations/contract-suite.js';
import { toldThroughKills } from '../integrations/told-through-kills.js';
import { bitrix24UnderTest } from '../standins/bitrix24/under-test.js';
import { retailcrmUnderTest } from '../standins/retailcrm/under-test.js';
import type { Figures } from './settle.js';

export const TELLING: Record<string, CrmUnderTest> = {
  'told-retailcrm': retailcrmUnderTest,
  'told-bitrix24': bitrix24UnderTest,
};

const CALLS_PER_LIFE = 12;

export async function told(name: string, crm: CrmUnderTest, kills: number): Promise<Figures> {
  const began = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-told-'));
  const cluster = await openCluster({ dataDir: join(folder, 'cluster') });
  const url = cluster.url('postgres');
  await migrate(url);
  const pool = createPool(url, { max: 5, name: 'trunkline-told' });
  try {
    const size = { kills, callsPerLife: CALLS_PER_LIFE, seed: began % 1_000_000 };
    const { calls, records, openCards, lost, cutOff, dead } = await toldThroughKills(crm, { pool, url }, size);
    const wrong = calls.filter(({ externalId }) => records.get(externalId) !== 1);
    const strangers = [...records.keys()].filter((id) => !calls.some(({ externalId }) => externalId === id));
    return {
      trial: name,
      rounds: kills,
      seconds: Math.round((Date.now() - began) / 1_000),
      accounts: {},
      counted: { seed: size.seed, lost, cutOff },
      tallies: [
        { what: 'calls with exactly one record', good: calls.length - wrong.length, of: calls.length, missed: 0 },
        { what: 'cards closed', good: openCards === 0 ? 1 : 0, of: 1, missed: 0 },
      ],
      violations: [
        ...wrong.map(({ externalId }) => `${externalId} has ${records.get(externalId) ?? 0} records`),
        ...strangers.map((id) => `a record of no call: ${id}`),
        ...(openCards === 0 ? [] : [`${openCards} cards are open`]),
        ...dead.map(({ step, why }) => `dead letter: ${step} ${why ?? ''}`),
      ],
    };
  } finally {
    await pool.end();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
