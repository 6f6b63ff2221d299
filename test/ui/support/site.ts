/** A whole daemon with its page, CRMs to connect to and a PBX that plays recorded calls; and a browser to look at it with. */
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { insertAccount } from '../../../src/admin/accounts-store.js';
import { hashPassword } from '../../../src/admin/passwords.js';
import { loadCaptures } from '../../../src/cli/demo/captures.js';
import { createSimulatedPbx } from '../../../src/cli/demo/simulated-pbx.js';
import type { SimulatedPbx } from '../../../src/cli/demo/simulated-pbx.js';
import { startAmoCrmStandIn } from '../../../src/cli/demo/standins/amocrm/server.js';
import { startBitrix24StandIn } from '../../../src/cli/demo/standins/bitrix24/server.js';
import { startRetailCrmStandIn } from '../../../src/cli/demo/standins/retailcrm/server.js';
import { startTelegramStandIn } from '../../../src/cli/demo/standins/telegram/server.js';
import type { AppConfig } from '../../../src/config/env.js';
import { Releasers } from '../../../src/platform/releasers.js';
import { pathOf } from '../../pbx/available.js';
import { createCutProxy } from '../../support/cut-proxy.js';
import type { CutProxy } from '../../support/cut-proxy.js';
import type { TestDb } from '../../support/db.js';
import { startTestApp } from '../../support/test-app.js';
import type { TestApp } from '../../support/test-app.js';
import { buildPage } from './build-page.js';
import { openVisitor } from './visitor.js';
import type { Visitor, VisitorOptions } from './visitor.js';

/** Of a journey: a browser on a busy machine takes its time. */
export const JOURNEY_MS = 120_000;
export const PASSWORD = 'long-and-invented-1';

export interface Crms {
  retailcrm: Awaited<ReturnType<typeof startRetailCrmStandIn>>;
  bitrix24: Awaited<ReturnType<typeof startBitrix24StandIn>>;
  amocrm: Awaited<ReturnType<typeof startAmoCrmStandIn>>;
  telegram: Awaited<ReturnType<typeof startTelegramStandIn>>;
}

export interface Site extends AsyncDisposable {
  test: TestApp;
  crms: Crms;
  pbx: SimulatedPbx;
  /** Between browsers and the daemon: it can be cut. */
  line: CutProxy;
  /** Of the line. */
  url: string;
  browser: Browser;
  visit(options?: Partial<VisitorOptions>): Promise<Visitor>;
}

export interface SiteOptions {
  enterprises(crms: Crms, pbxPort: number): object[];
  /** Login → the enterprise he is administrator of; each has `PASSWORD`. `admin` is the super-admin. */
  accounts?: Readonly<Record<string, string>>;
  config?: Partial<AppConfig>;
  /** Instead of one of the tests' own. */
  db?: TestDb;
  /** Of the PBX. */
  speed?: number;
}

export async function startSite(options: SiteOptions): Promise<Site> {
  buildPage();
  const releasers = new Releasers();
  try {
    const [retailcrm, bitrix24, amocrm, telegram] = await Promise.all([
      startRetailCrmStandIn({ keys: { 'key-for-everything-1': null, 'key-without-telephony-1': ['user_read'] } }),
      startBitrix24StandIn({ webhooks: { '1/secret-of-webhook': null } }),
      startAmoCrmStandIn(),
      startTelegramStandIn(),
    ]);
    const crms = { retailcrm, bitrix24, amocrm, telegram };
    for (const crm of Object.values(crms)) releasers.push(() => crm.stop());
    const captures = await loadCaptures();
    const pbx = await createSimulatedPbx({
      port: 0,
      captures,
      user: 'crm',
      secret: 'crm-secret',
      speed: options.speed ?? 6,
    });
    releasers.push(() => pbx.stop());
    const test = await startTestApp({
      enterprises: options.enterprises(crms, pbx.port),
      config: { adminPassword: PASSWORD, ...options.config },
      ...(options.db ? { db: options.db } : {}),
    });
    releasers.push(async () => await test[Symbol.asyncDispose]());
    const password = await hashPassword(PASSWORD);
    for (const [login, enterprise] of Object.entries(options.accounts ?? {}))
      await insertAccount(test.db.pool, { login, name: '', password, enterprise });
    const { hostname: host, port } = new URL(test.app.url);
    const line = await createCutProxy({ host, port: Number(port) });
    releasers.push(() => line.close());
    const browser = await chromium.launch({
      executablePath: pathOf('chromium'),
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    releasers.push(() => browser.close());
    const url = `http://${line.host}:${line.port}`;
    return {
      test,
      crms,
      pbx,
      line,
      url,
      browser,
      visit: (wanted = {}) => openVisitor(browser, { url, ...wanted }),
      [Symbol.asyncDispose]: () => releasers.run(),
    };
  } catch (error) {
    await releasers.run();
    throw error;
  }
}
