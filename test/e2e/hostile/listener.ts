/** A daemon that reads every PBX as one AMI user, by lines that remember what it says there, and the CRM it tells. */
import type { RetailCrmStandIn } from '../../standins/retailcrm/server.js';
import { startRetailCrmStandIn } from '../../standins/retailcrm/server.js';
import { createCutProxy } from '../../support/cut-proxy.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { until } from '../../support/until.js';
import type { Ground, Kind } from '../scenarios/ground.js';
import { PEOPLE, enterpriseOn } from '../scenarios/reader.js';

/** Each AMI user, and how he is spoken to. */
export const USERS = { safe: 'native', fleet: 'asterisk-manager', crm: 'native' } as const;
export type User = keyof typeof USERS;

export interface Listener {
  readonly user: User;
  readonly crm: RetailCrmStandIn;
  readonly running: TestApp;
  /** Every byte it sent to that PBX. */
  said(kind: Kind): Buffer;
  /** What it did not believe of that PBX, by reason. */
  dropped(kind: Kind): Promise<Record<string, number>>;
  /** Calls it takes for going on. */
  open(): Promise<number>;
  /** Resolves when nobody is thought to talk any more and everything owed was delivered, or nothing moves. */
  atRest(): Promise<void>;
  stop(): Promise<void>;
}

export async function listen(grounds: readonly Ground[], user: User): Promise<Listener> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const said = new Map<Kind, Buffer[]>();
    const ports = new Map<Kind, number>();
    for (const { kind, asterisk } of grounds) {
      const bytes: Buffer[] = [];
      const line = await createCutProxy(
        { host: asterisk.host, port: asterisk.amiPort },
        (sent) => void bytes.push(sent),
      );
      undo.push(() => line.close());
      said.set(kind, bytes);
      ports.set(kind, line.port);
    }
    const keys = Object.fromEntries(grounds.map(({ kind }) => [`key-${kind}`, null]));
    const crm = await startRetailCrmStandIn({ users: PEOPLE, keys });
    undo.push(() => crm.stop());
    const running = await startTestApp({
      enterprises: grounds.map((ground) => {
        const port = ports.get(ground.kind) ?? 0;
        return enterpriseOn(ground, user, crm.url, { port, transport: USERS[user] });
      }),
    });
    undo.push(async () => running[Symbol.asyncDispose]());
    const metrics = async () => await (await fetch(`${running.app.url}/metrics`)).text();
    await until(
      'the links to be up',
      async () => Number(/^trunkline_pbx_links_live (\d+)/m.exec(await metrics())?.[1]) === grounds.length,
      30_000,
    );
    const one = async (sql: string) => ((await running.db.pool.query(sql)).rows[0] as { n: number }).n;
    const open = () => one('SELECT count(*)::int AS n FROM calls WHERE ended_at IS NULL AND merged_into IS NULL');
    return {
      user,
      crm,
      running,
      said: (kind) => Buffer.concat(said.get(kind) ?? []),
      async dropped(kind) {
        const lines = (await metrics()).matchAll(
          /^trunkline_pbx_messages_dropped_total\{pbx="([^"]*)",reason="([^"]*)"\} (\d+)/gm,
        );
        const mine = [...lines].filter(([, pbx]) => pbx === `127.0.0.1:${ports.get(kind)}`);
        return Object.fromEntries(mine.map(([, , reason, count]) => [reason, Number(count)]));
      },
      open,
      async atRest() {
        await until('the calls to end', async () => (await open()) === 0, 30_000).catch(() => undefined);
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
