/**
 * `trunkline demo`: the whole product on one machine. An embedded database, a simulated PBX that speaks AMI over a socket
 * and plays recorded calls in real time, stand-in CRMs, and a line for each call and for what each CRM received.
 * `--once` plays every call once, compares the CRMs' histories with what the calls were, and exits 0 or 1.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildApp } from '../app.js';
import type { App } from '../app.js';
import { parseEnv } from '../config/env.js';
import { createLogger } from '../platform/log.js';
import { Releasers } from '../platform/releasers.js';
import { createSimulatedPbx } from './demo/simulated-pbx.js';
import { loadCaptures } from './demo/captures.js';
import { startDemoCrms } from './demo/crms.js';
import type { DemoCrm } from './demo/crms.js';
import { demoEnterprise } from './demo/enterprise.js';
import { buildPage } from './demo/page.js';
import { createView } from './demo/view.js';
import type { CommandContext } from './command.js';
import { withWorkbench } from './workbench.js';
import { importEnterprises } from '../integrations/import-enterprises.js';
import { inTransaction } from '../integrations/store.js';

/** Of the show's own super-admin, on this machine alone. */
const PASSWORD = 'demo-0999';
/** Between two calls of the endless show. */
const PAUSE_MS = 1_500;
/** How long the CRMs may take to hear of the last call. */
const SETTLE_MS = 15_000;

export async function demo(context: CommandContext): Promise<number> {
  const { argv, env, stdout, signal, readFile } = context;
  const { values } = parseArgs({ args: argv, options: { once: { type: 'boolean', default: false } } });
  const view = createView((line) => stdout(line), process.stdout.isTTY);
  const releasers = new Releasers();
  try {
    const captures = await loadCaptures();
    const crms = await startDemoCrms();
    for (const crm of crms) releasers.push(() => crm.server.stop());
    const pbx = await createSimulatedPbx({ port: 0, captures, user: 'crm', secret: 'crm-secret' });
    releasers.push(() => pbx.stop());
    const demoEnv = ownEnvironment(env);
    const config = parseEnv(demoEnv, readFile);
    // What a show that was killed left there is nobody's history.
    await rm(join(config.dataDir, 'journal'), { recursive: true, force: true });
    await mkdir(config.dataDir, { recursive: true });
    stdout('Starting a database, a PBX and CRMs of our own …');
    await withWorkbench({ ...context, env: demoEnv }, ({ database, vault, secretFields }) =>
      inTransaction(database.pool, (tx) =>
        importEnterprises(tx, { vault, secretFields }, [demoEnterprise(pbx.port, crms)]),
      ),
    );
    const app = await buildApp(config, {
      log: createLogger(env['TRUNKLINE_LOG_LEVEL'] ?? 'silent'),
      allowTargets: ['127.0.0.1'],
      onCallEvent: (event) => view.event(event),
    });
    releasers.push(() => app.stop());
    await app.start();
    for (const { title, server } of crms) server.onRequest((exchange) => view.exchange(title, exchange));
    await pbx.connected();
    stdout(`The page: ${app.url}/   log in as admin, password ${PASSWORD}`);
    stdout(`Webhooks and metrics: ${app.url}   Ctrl-C ends the demo.`);
    if (!values.once) releasers.push(buildPage(stdout));
    return values.once ? await playOnce(app) : await playOn();

    async function playOn(): Promise<number> {
      while (!signal.aborted) {
        for (const { name } of captures) {
          if (signal.aborted) break;
          view.title(name.replaceAll('-', ' '));
          await pbx.play(name);
          await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
        }
      }
      return 0;
    }

    async function playOnce(running: App): Promise<number> {
      const before = new Map(crms.map((crm) => [crm, crm.history().length]));
      const told = (crm: DemoCrm) => crm.history().slice(before.get(crm));
      await Promise.all(captures.map(({ name }) => pbx.play(name)));
      const owed = captures.filter(({ expected }) => expected.direction !== 'internal');
      const deadline = Date.now() + SETTLE_MS;
      while (crms.some((crm) => told(crm).length < owed.length) && Date.now() < deadline) await delay(50);
      await running.idle();
      const verdicts = crms.map((crm) => {
        const want = owed
          .map(({ expected }) => `${expected.direction} ${crm.word(expected.result, expected.direction)}`)
          .sort();
        const got = told(crm).sort();
        const right = JSON.stringify(got) === JSON.stringify(want) && crm.openCards() === 0;
        stdout(
          `${crm.title}: ${got.length} records of ${want.length} calls, ${crm.openCards()} cards open: ${right ? 'right' : 'WRONG'}`,
        );
        if (!right) stdout(`expected ${want.join(', ')}\nreceived ${got.join(', ')}`);
        return right;
      });
      return verdicts.every(Boolean) ? 0 : 1;
    }
  } finally {
    await releasers.run();
  }
}

/** A daemon beside the real one: whatever database, key or file that one is told of, the show keeps to its own. */
function ownEnvironment(env: CommandContext['env']): CommandContext['env'] {
  return {
    TRUNKLINE_DATA_DIR: join(env['TRUNKLINE_DATA_DIR'] ?? './data', 'demo'),
    TRUNKLINE_HTTP_HOST: env['TRUNKLINE_HTTP_HOST'],
    TRUNKLINE_HTTP_PORT: env['TRUNKLINE_HTTP_PORT'] ?? '0',
    TRUNKLINE_LOG_LEVEL: env['TRUNKLINE_LOG_LEVEL'],
    TRUNKLINE_ADMIN_PASSWORD: PASSWORD,
  };
}
