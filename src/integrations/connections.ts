/**
 * Configured accounts, alive: one connection per enabled integration of every enterprise, made when it is first needed
 * and closed when its settings change. Settings that do not parse leave no connection; the reason is kept for the
 * operator, and what was running before keeps running until they do parse.
 */
import type { Logger } from '../platform/log.js';
import type { CallEvent } from '../calls/vocabulary.js';
import type { Enterprise } from '../config/enterprise.js';
import type { AnyConnector, Connection, ConnectionDeps, Plan, Rate } from './contract.js';
import { owedPlan } from './owed-plan.js';

export interface IntegrationSource {
  enterprise: string;
  timezone: string;
  /** Nobody is told of the calls of an enterprise that is off. */
  on: boolean;
  anonymous: Enterprise['anonymous'];
  integrations: Record<string, Record<string, unknown>>;
}

/** What one integration of an enterprise owes for an event, or why nothing. */
export interface Planned {
  type: string;
  plan: Plan;
}

export interface LiveConnection {
  connector: AnyConnector;
  connection: Connection;
  settings: Record<string, unknown>;
  limitKey: string;
  rate: Rate;
  retryAfterInFull: boolean;
}

interface Entry extends LiveConnection {
  fingerprint: string;
}

export interface Connections {
  of(enterprise: string, type: string): LiveConnection | null;
  /** What each integration the enterprise has owes for this event, in the registry's order. */
  plan(enterprise: string, event: CallEvent): Planned[];
  /** The accounts that are switched on, of these enterprises. */
  enabled(enterprises: readonly string[]): { enterprise: string; type: string }[];
  /** Those of its integrations that can say who owns a client. */
  lookups(enterprise: string): { type: string; find: NonNullable<Connection['findResponsible']> }[];
  /** Why an enabled integration has no connection, by `<enterprise>/<type>`. */
  problems(): ReadonlyMap<string, string>;
  /** Closes what is no longer configured or has changed. */
  sweep(): void;
  close(): Promise<void>;
}

/** One account of one integration of an enterprise. `account` changes with what the settings point to. */
export interface AccountPlace {
  enterprise: string;
  type: string;
  account: string;
}

export interface ConnectionsDeps {
  registry: readonly AnyConnector[];
  source(enterprise: string): IntegrationSource | null;
  deps(place: AccountPlace): Omit<ConnectionDeps, 'log' | 'enterprise' | 'timezone'>;
  log: Logger;
}

export function createConnections({ registry, source, deps, log }: ConnectionsDeps): Connections {
  const entries = new Map<string, Entry>();
  const problems = new Map<string, string>();
  const byType = new Map(registry.map((connector) => [connector.id, connector]));

  function connect(
    found: IntegrationSource,
    connector: AnyConnector,
    raw: Record<string, unknown>,
  ): LiveConnection | null {
    const key = `${found.enterprise}/${connector.id}`;
    const fingerprint = JSON.stringify([raw, found.timezone]);
    const known = entries.get(key);
    if (known?.fingerprint === fingerprint) {
      problems.delete(key);
      return known;
    }
    const parsed = connector.settings.safeParse(raw);
    if (!parsed.success) {
      const why = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
      if (problems.get(key) !== why)
        log.warn({ enterprise: found.enterprise, integration: connector.id, why }, 'settings do not parse');
      problems.set(key, why);
      return known ?? null;
    }
    problems.delete(key);
    const settings = parsed.data;
    const limitKey = connector.limitKey(settings);
    const connection = connector.connect(settings, {
      ...deps({ enterprise: found.enterprise, type: connector.id, account: limitKey }),
      enterprise: found.enterprise,
      timezone: found.timezone,
      log: log.child({ enterprise: found.enterprise, integration: connector.id }),
    });
    const entry: Entry = {
      connector,
      connection,
      settings,
      limitKey,
      rate: rateOf(settings) ?? connector.rate,
      retryAfterInFull: connector.retryAfterInFull ?? false,
      fingerprint,
    };
    if (known) closeQuietly(known);
    entries.set(key, entry);
    return entry;
  }

  function closeQuietly(entry: Entry): void {
    entry.connection.close().catch((error: unknown) => log.warn({ err: error }, 'a connection did not close cleanly'));
  }

  function of(enterprise: string, type: string): LiveConnection | null {
    const connector = byType.get(type);
    const found = source(enterprise);
    const raw = enabledOf(found, type);
    return connector && found && raw ? connect(found, connector, raw) : null;
  }

  function planOf(found: IntegrationSource, type: string, event: CallEvent): Plan {
    const live = of(found.enterprise, type);
    if (live) return owedPlan(live.connector, live.settings, event, found.anonymous);
    // The kinds that CRMs live by: the reason is not repeated for each of the others.
    if (event.kind !== 'call.ringing' && event.kind !== 'call.finished') return [];
    if (!found.on) return { why: 'the enterprise is off' };
    if (found.integrations[type]?.['enabled'] !== true) return { why: 'the integration is off' };
    if (!byType.has(type)) return { why: 'this version has no connector of this kind' };
    return { why: `its settings do not parse: ${problems.get(`${found.enterprise}/${type}`) ?? 'unknown'}` };
  }

  return {
    of,
    plan(enterprise, event) {
      const found = source(enterprise);
      if (!found) return [];
      const types = new Set([...byType.keys(), ...Object.keys(found.integrations)]);
      return [...types]
        .filter((type) => found.integrations[type] !== undefined)
        .map((type) => ({ type, plan: planOf(found, type, event) }));
    },
    enabled: (enterprises) =>
      enterprises.flatMap((enterprise) =>
        [...byType.keys()].flatMap((type) => (enabledOf(source(enterprise), type) ? [{ enterprise, type }] : [])),
      ),
    lookups: (enterprise) =>
      Object.keys(source(enterprise)?.integrations ?? {}).flatMap((type) => {
        const connection = of(enterprise, type)?.connection;
        return connection?.findResponsible
          ? [{ type, find: (phone, signal) => connection.findResponsible?.(phone, signal) ?? Promise.resolve(null) }]
          : [];
      }),
    problems: () => problems,
    sweep() {
      for (const key of new Set([...entries.keys(), ...problems.keys()])) {
        const slash = key.lastIndexOf('/');
        if (enabledOf(source(key.slice(0, slash)), key.slice(slash + 1))) continue;
        const entry = entries.get(key);
        entries.delete(key);
        problems.delete(key);
        if (entry) closeQuietly(entry);
      }
    },
    async close() {
      const all = [...entries.values()];
      entries.clear();
      await Promise.allSettled(all.map((entry) => entry.connection.close()));
    },
  };
}

/** Its settings, when it is to run. */
function enabledOf(found: IntegrationSource | null, type: string): Record<string, unknown> | null {
  const raw = found?.on ? found.integrations[type] : undefined;
  return raw?.['enabled'] === true ? raw : null;
}

/** `rate: { perSecond, burst }` of an integration's settings overrides the connector's. */
function rateOf(settings: Record<string, unknown>): Rate | null {
  const rate = settings['rate'];
  if (typeof rate !== 'object' || rate === null) return null;
  const { perSecond, burst } = rate as Partial<Rate>;
  return typeof perSecond === 'number' && typeof burst === 'number' ? { perSecond, burst } : null;
}
