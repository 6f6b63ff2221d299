import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { buildApp } from '../app.js';
import type { App } from '../app.js';
import { parseEnv } from '../config/env.js';
import { createLogger } from '../platform/log.js';
import type { Logger } from '../platform/log.js';
import { createServiceNotifier } from '../platform/sd-notify.js';
import type { CommandContext } from './command.js';

/** Work in flight has ten seconds of its own; what still holds on after this is left behind. */
const STOP_MS = 15_000;

/** Runs the daemon until SIGTERM or SIGINT. SIGHUP reads the enterprises again. */
export async function serve({ argv, env, readFile, signal }: CommandContext): Promise<number> {
  parseArgs({ args: argv });
  const config = parseEnv(env, readFile);
  const log = createLogger(config.logLevel);
  const systemd = createServiceNotifier(env, log);
  let app: App | null = null;
  let reloading: Promise<void> = Promise.resolve();

  // From the first moment on: without a handler the signal would end the process.
  const hangUp = () => {
    reloading = reloading.then(async () => {
      if (!app) return;
      await systemd.reloading();
      await reload(app, log);
      await systemd.ready(`serving ${app.url}`);
    });
  };
  process.on('SIGHUP', hangUp);
  try {
    const built = await buildApp(config, { log });
    try {
      await built.start();
      app = built;
      await systemd.ready(`serving ${built.url}`);
      const unwatch = systemd.watchdog(() => built.healthy());
      if (!signal.aborted) await once(signal, 'abort');
      unwatch();
      await reloading;
      await systemd.stopping();
    } finally {
      log.info('trunkline is stopping');
      await withinTime(built.stop(), STOP_MS);
    }
  } finally {
    process.off('SIGHUP', hangUp);
  }
  log.info('trunkline has stopped');
  return 0;
}

/** A reload that fails leaves everything as it runs. */
async function reload(app: App, log: Logger): Promise<void> {
  try {
    await app.reload();
    log.info('settings were read again');
  } catch (error) {
    log.error({ err: error }, 'settings could not be read again; what was running keeps running');
  }
}

async function withinTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the daemon did not stop within ${ms / 1000} s`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
