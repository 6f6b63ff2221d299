/**
 * Trials without a PBX: two daemons tell one CRM of random calls and are killed, while it cuts off answers after having done
 * what it was asked. Every call is there once at the end, and no card is left open; of Telegram no final message is missing, and one
 * is there twice only where an attempt was never answered and the next one said so.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import type { CrmUnderTest } from '../integrations/contract-suite.js';
import { doubled, toldThroughKills, violationsOf } from '../integrations/told-through-kills.js';
import type { Told } from '../integrations/told-through-kills.js';
import { amocrmUnderTest } from '../standins/amocrm/under-test.js';
import { bitrix24UnderTest } from '../standins/bitrix24/under-test.js';
import { retailcrmUnderTest } from '../standins/retailcrm/under-test.js';
import { telegramUnderTest } from '../standins/telegram/under-test.js';
import type { Figures } from './settle.js';

export const TELLING: Record<string, CrmUnderTest> = {
  'told-retailcrm': retailcrmUnderTest,
  'told-bitrix24': bitrix24UnderTest,
  'told-amocrm': amocrmUnderTest,
  'told-telegram': telegramUnderTest,
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
    const [told] = await toldThroughKills([crm], { pool, url }, size);
    if (!told) throw new Error('nothing was told');
    const { calls, records, openCards, lost, cutOff, warned } = told;
    const once = calls.filter(({ externalId }) => records.get(externalId) === 1).length;
    const missing = calls.filter(({ externalId }) => !records.has(externalId)).length;
    return {
      trial: name,
      rounds: kills,
      seconds: Math.round((Date.now() - began) / 1_000),
      accounts: {},
      counted: { seed: size.seed, lost, cutOff, warned: warned.size, openCards },
      tallies: [
        ...(crm.nameless
          ? [
              { what: 'calls with a final message', good: calls.length - missing, of: calls.length, missed: 0 },
              { what: 'of those there twice, said so', good: saidSo(told), of: doubled(told), missed: 0 },
            ]
          : [
              { what: 'calls with exactly one record', good: once, of: calls.length, missed: 0 },
              { what: 'cards closed', good: openCards === 0 ? 1 : 0, of: 1, missed: 0 },
            ]),
      ],
      violations: violationsOf(told),
    };
  } finally {
    await pool.end();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function saidSo({ records, warned }: Told): number {
  return [...records].filter(([id, count]) => count > 1 && warned.has(id)).length;
}
