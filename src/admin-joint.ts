/** The admin joined to the rest. Part of the composition, beside app.ts. */
import type { FastifyInstance } from 'fastify';
import { adminPlugin } from './admin/plugin.js';
import { ensureFirstAdmin } from './admin/first-admin.js';
import type { AdminServices } from './admin/services.js';
import { createSessions } from './admin/sessions.js';
import { dropOldSessions } from './admin/sessions-store.js';
import { createWatch } from './admin/watch.js';
import type { PbxLinks } from './ami/links.js';
import { registry } from './integrations/registry.js';

export interface AdminJointDeps extends Omit<AdminServices, 'sessions' | 'watch' | 'registry' | 'pbx'> {
  links(): PbxLinks;
  /** Of the first super-admin; null: none is made. */
  adminPassword: string | null;
}

export interface AdminJoint {
  plugin(app: FastifyInstance): Promise<void>;
  /** Once the database stands. */
  prepare(): Promise<void>;
  maintain(): Promise<void>;
  /** Asks of open subscriptions whether they may go on. */
  run(signal: AbortSignal): Promise<void>;
}

export function createAdminJoint(deps: AdminJointDeps): AdminJoint {
  const { pool, log, clock, links, adminPassword } = deps;
  const watch = createWatch(clock);
  const services: AdminServices = {
    ...deps,
    registry,
    sessions: createSessions(pool),
    watch,
    pbx: {
      state(key) {
        const found = links().get(key)?.state();
        if (!found) return null;
        const { phase, state, transport, lastError, skewMs } = found;
        return { phase, session: state, transport, lastError: lastError?.message ?? null, skewMs };
      },
    },
  };
  const path = deps.publicUrl === null ? '' : new URL(deps.publicUrl).pathname.replace(/\/+$/, '');
  const prefixes = path === '' ? [''] : ['', path];
  return {
    plugin: (app) => adminPlugin(app, { services, prefixes }),
    prepare: () => ensureFirstAdmin(pool, log, adminPassword),
    maintain: () => dropOldSessions(pool),
    run: (signal) => watch.run(signal),
  };
}
