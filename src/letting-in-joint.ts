/** Letting us into accounts joined to the rest: whose state it is, whose portal. Part of the composition, beside app.ts. */
import type { FastifyInstance } from 'fastify';
import type { Connections } from './integrations/connections.js';
import type { Directory } from './integrations/directory.js';
import { lettingInPlugin } from './letting-in/plugin.js';
import type { Account } from './letting-in/plugin.js';
import { createStates } from './letting-in/state.js';
import type { States } from './letting-in/state.js';
import type { Clock } from './platform/clock.js';
import type { Logger } from './platform/log.js';
import type { SecretBox } from './platform/secret-box.js';

export interface LettingInJointDeps {
  clock: Clock;
  log: Logger;
  box: SecretBox;
  directory: Pick<Directory, 'all'>;
  connections: Pick<Connections, 'of'>;
}

/** For whoever shows a person the way to amoCRM's page of consent. */
export function amoCrmStates(deps: { box: SecretBox; clock: Pick<Clock, 'now'> }): States {
  return createStates('amocrm', deps);
}

export function createLettingInJoint({ clock, log, box, directory, connections }: LettingInJointDeps): {
  plugin(app: FastifyInstance): Promise<void>;
} {
  function accountOf(enterprise: string, type: string): Account | null {
    const connection = connections.of(enterprise, type)?.connection;
    if (!connection?.letIn) return null;
    return { enterprise, letIn: async (told, signal) => connection.letIn?.(told, signal) ?? NOT_THERE };
  }

  function isOf(enterprise: string, { domain, memberId }: { domain: string; memberId: string }): boolean {
    const live = connections.of(enterprise, 'bitrix24');
    if (!live) return false;
    const host = domain.replace(/^https?:\/\//i, '').split('/')[0] ?? '';
    return live.limitKey === host.toLowerCase() || (memberId !== '' && live.settings['member_id'] === memberId);
  }

  return {
    plugin: (app) =>
      lettingInPlugin(app, {
        clock,
        log,
        states: amoCrmStates({ box, clock }),
        amocrm: (enterprise) => accountOf(enterprise, 'amocrm'),
        bitrix24: (enterprise) => accountOf(enterprise, 'bitrix24'),
        portals: (portal) =>
          directory.all().flatMap(({ number }) => (isOf(number, portal) ? (accountOf(number, 'bitrix24') ?? []) : [])),
      }),
  };
}

const NOT_THERE = { ok: false, code: 'OFF', why: 'the integration is off' } as const;
