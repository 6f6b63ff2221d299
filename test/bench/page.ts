/**
 * The page in a real Chromium, of a real daemon with a strict stand-in CRM: how long until it can be used with nothing of it in
 * the browser's cache, and from a CRM's answer to the line on the page.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import type { AppRouter } from '../../src/admin/router.js';
import { openCluster } from '../../src/db/embedded/cluster.js';
import { migrate } from '../../src/db/migrate.js';
import { createPool } from '../../src/db/pool.js';
import { callerOf } from '../admin/admin-client.js';
import { linkUp } from '../support/test-app.js';
import { retailCrmOn, uiEnterprise } from '../ui/support/enterprise.js';
import { storedRows, watchRows } from '../ui/support/live-rows.js';
import { PASSWORD, startSite } from '../ui/support/site.js';
import type { Site } from '../ui/support/site.js';
import type { BenchResult } from './result.js';

const LOADS = 7;
const CALLS = 15;
const ENTERPRISE = '0367';

export async function benchPage(): Promise<BenchResult[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-bench-'));
  const cluster = await openCluster({ dataDir });
  const url = cluster.url('postgres');
  await migrate(url);
  const pool = createPool(url, { max: 2 });
  try {
    await using site = await startSite({
      db: { pool, url, name: 'page', drop: () => pool.end() },
      enterprises: (crms, pbxPort) => [
        uiEnterprise(ENTERPRISE, pbxPort, {
          integrations: { retailcrm: retailCrmOn(crms.retailcrm.url) },
        }),
      ],
      accounts: { ann: ENTERPRISE },
    });
    await linkUp(site.test);
    return [...(await coldLoads(site)), ...(await liveRows(site))];
  } finally {
    await pool.end();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function coldLoads(site: Site): Promise<BenchResult[]> {
  await using ann = await site.visit();
  await ann.go('/');
  await ann.logIn('ann');
  const storageState = await ann.context.storageState();
  const { t } = ann;
  const ways: readonly [name: string, address: string, usable: (page: Page) => Promise<void>, more: object][] = [
    ['log-in', '/', (page) => page.getByRole('button', { name: t.login.submit }).waitFor(), {}],
    [
      'dashboard',
      `/e/${ENTERPRISE}`,
      async (page) => {
        await page.locator('.tile-value', { hasText: /\d/ }).first().waitFor();
        await page.locator('.crm-lights').waitFor();
        await page.locator('[data-live=live]').waitFor();
      },
      { storageState },
    ],
  ];
  const loads: Record<string, Load[]> = {};
  const bare = async (page: Page) => void (await page.getByText('ok').first().waitFor());
  // In turns, so that all meet the same load.
  for (let i = 0; i < LOADS; i += 1) {
    (loads['bare'] ??= []).push(await cold(site.browser, `${site.url}/healthz`, bare));
    for (const [name, address, usable, more] of ways)
      (loads[name] ??= []).push(await cold(site.browser, `${site.url}${address}`, usable, more));
  }
  const medianOf = (name: string, what: keyof Load) =>
    quantile(
      (loads[name] ?? []).map((load) => load[what]),
      0.5,
    );
  return ways.map(([name]) => ({
    name: `page: ${name} usable, nothing cached, median of ${LOADS}`,
    unit: 'ms',
    value: round(medianOf(name, 'took')),
    peer: { name: 'a tab with two words in it', value: round(medianOf('bare', 'took')) },
    note: `its main thread worked ${round(medianOf(name, 'work'))} of them; ${(loads[name] ?? []).map(({ took }) => Math.round(took)).join(', ')}`,
  }));
}

interface Load {
  /** Milliseconds from asking for it. */
  took: number;
  /** Of them, what its main thread worked. */
  work: number;
}

/** A window of its own, as of somebody who was never here. */
async function cold(
  browser: Browser,
  url: string,
  usable: (page: Page) => Promise<void>,
  more: BrowserContextOptions = {},
): Promise<Load> {
  const context = await browser.newContext({ locale: 'ru-RU', viewport: { width: 1280, height: 860 }, ...more });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  const from = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await usable(page);
  const took = performance.now() - from;
  const { metrics } = await devtools.send('Performance.getMetrics');
  const work = 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
  await context.close();
  return { took, work };
}

/** One call after another, so that each line belongs to the answer before it. */
async function liveRows(site: Site): Promise<BenchResult[]> {
  const answers: number[] = [];
  site.crms.retailcrm.onRequest(() => answers.push(Date.now()));
  await using ann = await site.visit();
  await ann.go('/');
  await ann.logIn('ann');
  await ann.page.locator('[data-live=live]').waitFor();
  const shown = await watchRows(ann.page);
  await using bare = await bareListener(site);
  const before = (await storedRows(site, ENTERPRISE)).length;
  for (let i = 0; i < CALLS; i += 1) {
    await site.pbx.play('inbound-answered');
    await site.test.app.idle();
  }
  const rows = (await storedRows(site, ENTERPRISE)).slice(before);
  await shown.until(rows);
  const seen = await shown.seen();
  const since = (at: number | undefined, written: number) =>
    (at ?? NaN) - Math.max(...answers.filter((answer) => answer <= written + 1));
  const onPage = rows.map(({ key, at }) => since(seen.get(key), at));
  const atPeer = rows.map(({ key, at }) => since(bare.seen.get(key), at));
  return (['median', 'p95'] as const).map((name) => {
    const share = name === 'p95' ? 0.95 : 0.5;
    const [value, peer] = [quantile(onPage, share), quantile(atPeer, share)];
    return {
      name: `live event: CRM answered to line on the page, ${name}`,
      unit: 'ms',
      value: round(value),
      peer: { name: 'to a bare client of the same subscription', value: round(peer) },
      ratio: Math.round((100 * peer) / value) / 100,
      note: `${rows.length} lines of ${CALLS} calls`,
    };
  });
}

async function bareListener(site: Site): Promise<AsyncDisposable & { seen: Map<string, number> }> {
  const caller = callerOf(site.test.app.url);
  await caller.api.auth.logIn.mutate({ login: 'ann', password: PASSWORD });
  const headers = { cookie: `session_token=${caller.token() ?? ''}` };
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { headers });
    }
  }
  const socket = createWSClient({
    url: `${site.test.app.url.replace(/^http/, 'ws')}/trpc`,
    WebSocket: Socket as never,
  });
  const seen = new Map<string, number>();
  const { live } = await caller.api.logs.list.query({ enterprise: ENTERPRISE, limit: 1 });
  const subscription = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] }).logs.live.subscribe(
    { enterprise: ENTERPRISE, lastEventId: live },
    { onData: ({ data }) => void seen.set(`${data.type}-${data.id}`, Date.now()) },
  );
  return {
    seen,
    async [Symbol.asyncDispose]() {
      subscription.unsubscribe();
      await socket.close();
    },
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

const round = (value: number) => Math.round(value * 10) / 10;
