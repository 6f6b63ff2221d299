/**
 * A daemon that reads every ground's PBX as one AMI user, and the CRM it tells. It is a process of its own, so that what
 * it does takes no time from the phones, whose stamps are the measure.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallFacts } from '../../../src/calls/vocabulary.js';
import { parseEnv } from '../../../src/config/env.js';
import { createDaemon } from '../../chaos/daemon.js';
import { EXTENSIONS } from '../../pbx/dialplan.js';
import { startRetailCrmStandIn, type RetailCrmStandIn } from '../../standins/retailcrm/server.js';
import { createTestDb, type TestDb } from '../../support/db.js';
import { retailCrmEnterprise } from '../../support/enterprises.js';
import { importInto } from '../../support/test-app.js';
import { until } from '../../support/until.js';
import { MOBILE, MOBILE_OWNER } from './dialplan.js';
import type { Ground, Kind } from './ground.js';

export interface Reader {
  readonly crm: RetailCrmStandIn['state'];
  /** Every end of a call it told of. */
  finished(): Promise<CallFacts[]>;
  expiredCards(): Promise<string[]>;
  /** Calls still open in its tracker. */
  open(): Promise<number>;
  /** Resolves when so many calls are over and everything owed was delivered, or nothing moves any more. */
  caughtUp(calls: number): Promise<void>;
  stop(): Promise<void>;
}

const NUMBERS: Readonly<Record<Kind, string>> = { '16': '0316', '16-sip': '0317', '22': '0322' };
export const enterpriseOf = (kind: Kind): string => NUMBERS[kind];

/** Each sample user asks for what it may have. */
const MASK = { safe: 'call,user,cdr', fleet: 'call,user,cdr,dialplan', crm: 'call,user,cdr,dialplan' } as const;
export type SampleUser = Exclude<keyof typeof MASK, 'crm'>;

export const PEOPLE = EXTENSIONS.map((code, index) => ({ id: 6 + index, firstName: code, code }));
const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

export async function openReader(grounds: readonly Ground[], user: SampleUser): Promise<Reader> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'trunkline-reader-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const db = await createTestDb();
    undo.push(() => db.drop());
    const keys = Object.fromEntries(grounds.map(({ kind }) => [`key-${kind}`, null]));
    const crm = await startRetailCrmStandIn({ users: PEOPLE, keys });
    undo.push(() => crm.stop());
    const env = {
      DATABASE_URL: db.url,
      TRUNKLINE_DATA_DIR: join(folder, 'data'),
      TRUNKLINE_SECRET_KEY: SECRET_KEY,
      TRUNKLINE_ALLOW_TARGETS: '127.0.0.1',
    };
    await importInto(
      db,
      parseEnv(env, () => null),
      grounds.map((ground) => enterpriseOn(ground, user, crm.url)),
    );
    const daemon = await createDaemon(env, join(folder, 'daemon.log'));
    undo.push(() => daemon.stop());
    await daemon.start();
    await until(
      'the links to be up',
      async () => (await daemon.metric('trunkline_pbx_links_live')) === grounds.length,
      60_000,
    );

    const one = async (sql: string) => ((await db.pool.query(sql)).rows[0] as { n: number }).n;
    return {
      crm: crm.state,
      async finished() {
        const { rows } = await db.pool.query(
          "SELECT event->'call' AS call FROM call_events WHERE kind = 'call.finished'",
        );
        return rows.map((row) => (row as { call: CallFacts }).call);
      },
      expiredCards: () => expiredCardsIn(db.pool),
      open: () => one('SELECT count(*)::int AS n FROM calls WHERE ended_at IS NULL AND merged_into IS NULL'),
      async caughtUp(calls) {
        const over = () => one("SELECT count(*)::int AS n FROM call_events WHERE kind = 'call.finished'");
        await until('the calls to end', async () => (await over()) >= calls, 30_000).catch(() => undefined);
        const owed = () => one("SELECT count(*)::int AS n FROM deliveries WHERE state IN ('pending', 'started')");
        await until('the deliveries', async () => (await owed()) === 0, 30_000).catch(() => undefined);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ids, as CRMs know them, of calls whose card came too late to be shown. */
export async function expiredCardsIn(pool: TestDb['pool']): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT c.external_id AS id FROM deliveries d JOIN calls c ON c.id = d.call_id
      WHERE d.step = 'card.open' AND d.state = 'expired'`,
  );
  return rows.map(({ id }) => id);
}

/** The enterprise on that PBX; `pbx` stands over what an import file would say of it. */
export function enterpriseOn(
  { kind, asterisk }: Ground,
  user: keyof typeof MASK,
  crmUrl: string,
  pbx: { port?: number; transport?: string } = {},
): object {
  return retailCrmEnterprise({
    number: enterpriseOf(kind),
    token: `token-${kind}`,
    apiKey: `key-${kind}`,
    amiPort: asterisk.amiPort,
    crmUrl,
    user: asterisk.users[user],
    eventMask: MASK[user],
    pbx,
    codes: Object.fromEntries(PEOPLE.map(({ id, code }) => [String(id), code])),
    more: { sources: ['ami'], extensions: [{ number: MOBILE_OWNER, name: 'Vera', mobile: MOBILE }] },
  });
}
