/** The admin joined to the rest. Part of the composition, beside app.ts. */
import type { FastifyInstance } from 'fastify';
import { createFeed } from './admin/feed.js';
import { adminPlugin } from './admin/plugin.js';
import { ensureFirstAdmin } from './admin/first-admin.js';
import type { AdminServices, PbxState, TestedAccount } from './admin/services.js';
import { mayEnterprise } from './admin/rights.js';
import { COOKIE, createSessions } from './admin/sessions.js';
import { dropOldSessions } from './admin/sessions-store.js';
import { createWatch } from './admin/watch.js';
import type { PbxLink } from './ami/link.js';
import type { PbxLinks } from './ami/links.js';
import { pathOfAddress } from './http/ui.js';
import type { AccountPlace } from './integrations/connections.js';
import type { Connection, ConnectionDeps } from './integrations/contract.js';
import { registry } from './integrations/registry.js';
import type { States } from './letting-in/state.js';
import type { AddressGuard } from './platform/address-guard.js';
import type { HttpClient } from './platform/http-client.js';

type AccountExtras = Omit<ConnectionDeps, 'enterprise' | 'log' | 'timezone' | 'http' | 'publicUrl'>;

type Joined = 'feed' | 'sessions' | 'watch' | 'registry' | 'pbx' | 'connect' | 'refusesHost' | 'letInState';

export interface AdminJointDeps extends Omit<AdminServices, Joined> {
  links(): PbxLinks;
  /** See `PbxPort`. */
  hasContext(key: string, context: string): Promise<boolean | null>;
  guard: AddressGuard;
  http: HttpClient;
  /** What an account is given beside its settings. */
  accountDeps(place: AccountPlace): AccountExtras;
  /** Of a person's way to amoCRM's page of consent. */
  states: States;
  /** Of the first super-admin; null: none is made. */
  adminPassword: string | null;
}

export interface AdminJoint {
  plugin(app: FastifyInstance): Promise<void>;
  /** Whether these cookies are of somebody who is logged in and may see this enterprise. */
  maySee(cookies: Readonly<Record<string, string | undefined>>, enterprise: string): Promise<boolean>;
  /** Once the database stands. */
  prepare(): Promise<void>;
  maintain(): Promise<void>;
  /** There is something new in the log of this enterprise. */
  logged(enterprise: string): void;
  /** Asks of open subscriptions whether they may go on. */
  run(signal: AbortSignal): Promise<void>;
}

export function createAdminJoint(deps: AdminJointDeps): AdminJoint {
  const { pool, log, clock, links, adminPassword } = deps;
  const watch = createWatch(clock);
  const feed = createFeed(clock);

  /** An account that is not the saved one keeps nothing: its pair of tokens belongs into the form that is not saved yet. */
  function connect({ enterprise, type, settings, saved }: TestedAccount): Connection {
    const connector = registry.find(({ id }) => id === type);
    if (!connector) throw new Error(`there is no connector ${type}`);
    const extras = deps.accountDeps({ enterprise, type, account: connector.limitKey(settings) });
    return connector.connect(settings, {
      ...extras,
      enterprise,
      ...(saved ? {} : { keepSecrets: () => Promise.reject(new Error('save these settings first, then test them')) }),
      http: deps.http,
      publicUrl: deps.publicUrl,
      timezone: deps.directory.byNumber(enterprise)?.timezone ?? 'UTC',
      log: log.child({ enterprise, integration: type, test: true }),
    });
  }

  function refusesHost(hostname: string): string | null {
    try {
      deps.guard.checkLiteral(hostname);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  const services: AdminServices = {
    ...deps,
    connect,
    refusesHost,
    letInState: (enterprise) => deps.states.make(enterprise),
    registry,
    feed,
    sessions: createSessions(pool),
    watch,
    pbx: {
      state: (key) => pbxStateOf(links().get(key)),
      rights: async (key) => (await links().get(key)?.rights()) ?? null,
      reconnect: (key, why) => links().get(key)?.reconnect(why),
      hasContext: (key, context) => deps.hasContext(key, context),
    },
  };
  const path = pathOfAddress(deps.publicUrl);
  const prefixes = path === '' ? [''] : ['', path];
  return {
    plugin: (app) => adminPlugin(app, { services, prefixes }),
    async maySee(cookies, enterprise) {
      const identity = await services.sessions.identify(cookies[COOKIE] ?? null);
      return identity !== null && mayEnterprise(identity, enterprise);
    },
    prepare: () => ensureFirstAdmin(pool, log, adminPassword),
    logged: (enterprise) => feed.changed(enterprise),
    maintain: () => dropOldSessions(pool),
    run: (signal) => watch.run(signal),
  };
}

/** A link as administrators see it; null where there is none. */
export function pbxStateOf(link: PbxLink | undefined): PbxState | null {
  if (!link) return null;
  const { phase, state, since, transport, lastError, skewMs, pingMs, greeting, canResync, connects, drops, heard } =
    link.state();
  return {
    ...{ phase, session: state, since: new Date(since).toISOString(), transport, lastError, skewMs, pingMs },
    ...{ greeting, canResync, connects, heard, drops: Object.fromEntries(Object.entries(drops)) },
  };
}
