/**
 * Keeps what a CRM knows of us (the addresses it calls back, who has which extension) as the settings say: an account that can
 * register is registered anew whenever they change. What was written last is in the database, so a restart tells nothing again.
 *
 * Only with a public address, since a CRM that calls back nobody is worse than one that does not call. A failure is tried again in ten
 * minutes, or when the settings change; the reason is logged and kept.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { LiveConnection } from './connections.js';
import { claimRegistration, settleRegistration } from './registered-store.js';
import type { Queryable } from './registered-store.js';

export interface RegistrarDeps {
  db: Queryable;
  clock: Clock;
  log: Logger;
  publicUrl: string | null;
  accounts(): readonly { enterprise: string; type: string }[];
  live(enterprise: string, type: string): LiveConnection | null;
  /** The enterprise's own id in callbacks: another one is another registration. */
  clientId(enterprise: string): string;
}

const TURN_MS = 5_000;
const PAUSE_MS = 10 * 60_000;
const ASK_MS = 30_000;

export function createRegistrar(deps: RegistrarDeps): { run(signal: AbortSignal): Promise<void> } {
  const { db, clock, log, publicUrl, accounts, live, clientId } = deps;
  /** Fingerprints known to be settled, so that nothing is asked of the database while nothing changes. */
  const done = new Map<string, string>();
  /** Monotonic: when one that failed is looked at again. */
  const waits = new Map<string, { fingerprint: string; until: number }>();

  async function look(enterprise: string, type: string, signal: AbortSignal): Promise<void> {
    const found = live(enterprise, type);
    if (!found?.connection.register || found.settings['register'] === 'off') return;
    const key = `${enterprise}/${type}`;
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([found.settings, publicUrl, clientId(enterprise)], withoutRotating))
      .digest('hex');
    const wait = waits.get(key);
    if (done.get(key) === fingerprint || (wait?.fingerprint === fingerprint && clock.monotonic() < wait.until)) return;
    const one = { enterprise, type, account: found.limitKey, fingerprint };
    if (!(await claimRegistration(db, one, PAUSE_MS))) {
      waits.set(key, { fingerprint, until: clock.monotonic() + TURN_MS * 12 });
      return;
    }
    const result = await found.connection.register(AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]));
    await settleRegistration(db, one, result.ok ? null : result.why);
    if (result.ok) {
      done.set(key, fingerprint);
      log.info({ enterprise, integration: type, warnings: result.warnings }, 'our module is registered in the CRM');
    } else {
      waits.set(key, { fingerprint, until: clock.monotonic() + PAUSE_MS });
      log.warn(
        { enterprise, integration: type, code: result.code, why: result.why },
        'our module could not be registered',
      );
    }
  }

  return {
    async run(signal) {
      for (; !signal.aborted; await clock.sleep(TURN_MS, signal)) {
        if (publicUrl === null) continue;
        for (const { enterprise, type } of accounts()) {
          if (signal.aborted) return;
          await look(enterprise, type, signal).catch((error: unknown) =>
            log.debug({ err: error, enterprise, integration: type }, 'a registration could not be looked at now'),
          );
        }
      }
    },
  };
}

/** A pair that the account has renewed is no change of its settings. */
function withoutRotating(key: string, value: unknown): unknown {
  return /^(access|refresh)_?token$/i.test(key) ? undefined : value;
}
