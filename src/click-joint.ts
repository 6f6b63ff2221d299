/** Click-to-call joined to the rest: its enterprises, its PBXs, its CRMs. Part of the composition, beside app.ts. */
import type { FastifyInstance } from 'fastify';
import type { PbxLinks } from './ami/links.js';
import { clickPlugin } from './click/plugin.js';
import type { ClickAccount } from './click/plugin.js';
import type { ClickEnterprise, Pbx } from './click/ports.js';
import { createClickService } from './click/service.js';
import type { ClickService } from './click/service.js';
import {
  claimClick,
  dropOldClicks,
  keepRefused,
  markFailed,
  markOver,
  markPlaced,
  takeUnsettled,
} from './click/store.js';
import type { Unsettled } from './click/store.js';
import type { Enterprise } from './config/enterprise.js';
import type { Pool } from './db/pool.js';
import type { Connections } from './integrations/connections.js';
import type { CrmUsers } from './integrations/crm-users.js';
import type { Directory } from './integrations/directory.js';
import type { ManagerStatuses } from './integrations/manager-status.js';
import { chosenExtensions, peopleOf } from './integrations/people.js';
import type { Clock } from './platform/clock.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';
import { sameSecret } from './platform/strong-id.js';

export interface ClickJointDeps {
  pool: Pool;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  directory: Pick<Directory, 'all' | 'byNumber'>;
  connections: Pick<Connections, 'of'>;
  crmUsers: Pick<CrmUsers, 'of'>;
  statuses: Pick<ManagerStatuses, 'set'>;
  links(): PbxLinks;
}

export interface ClickJoint extends Pick<ClickService, 'run'> {
  plugin(app: FastifyInstance): Promise<void>;
  maintain(): Promise<void>;
}

const TELL_MS = 10_000;

export function createClickJoint(deps: ClickJointDeps): ClickJoint {
  const { pool, clock, log, metrics, directory, connections, crmUsers, statuses } = deps;
  const counted = metrics.counter('click_calls_total', 'Calls asked for by a click, by what came of the asking', [
    'outcome',
  ]);

  const service = createClickService({
    clock,
    log,
    pbx: (key) => linkOf(deps.links(), key),
    claim: (click, limits) => claimClick(pool, click, limits),
    placed: (id) => markPlaced(pool, id),
    failed: (id, why) => markFailed(pool, id, why),
    keepRefused: (click) => keepRefused(pool, click),
    unsettled: (limit) => takeUnsettled(pool, limit),
    over: (id) => markOver(pool, id),
    tellNothingCame,
    count: (outcome) => counted.inc({ outcome }),
  });

  /** A connection that shows nothing of a call that was asked for has nothing to be told. */
  async function tellNothingCame(click: Unsettled, signal: AbortSignal): Promise<boolean> {
    const connection = connections.of(click.enterprise, click.source)?.connection;
    if (!connection?.dropAsked) return true;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TELL_MS)]);
    const outcome = await connection.dropAsked(click.refs, click.extension, limit);
    // Refused for its settings it is told when they are right.
    if (outcome.kind === 'retry' || outcome.kind === 'unknown') return false;
    if (outcome.kind === 'rejected' && outcome.config) return false;
    log.info(
      { enterprise: click.enterprise, integration: click.source, outcome: outcome.kind },
      'a clicked call came to nothing',
    );
    return true;
  }

  function accountOf(enterprise: Enterprise, type: string): ClickAccount {
    const settings = enterprise.integrations[type] ?? {};
    const chosen = chosenExtensions(settings['user_extensions'] as Parameters<typeof chosenExtensions>[0]);
    const fallback = settings['default_extension'];
    return {
      enterprise: clickEnterprise(enterprise),
      extensionOf: (userId) => peopleOf(chosen, crmUsers.of(enterprise.number, type)).extensionOf(userId),
      defaultExtension: typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : null,
    };
  }

  const find = (matches: (enterprise: Enterprise) => boolean) => directory.all().find(matches) ?? null;
  const enabled = (enterprise: Enterprise, type: string) => enterprise.integrations[type]?.['enabled'] === true;

  return {
    run: (signal) => service.run(signal),
    maintain: () => dropOldClicks(pool),
    plugin: (app) =>
      clickPlugin(app, {
        clock,
        click: (request) => service.click(request),
        byNumber: (number) => optional(directory.byNumber(number), clickEnterprise),
        byClientId: (id) =>
          optional(id === '' ? null : find(({ clientId }) => sameSecret(id, clientId)), clickEnterprise),
        retailcrm(id) {
          const names = ({ clientId, integrations }: Enterprise) =>
            [clientId, integrations['retailcrm']?.['client_id']].some(
              (own) => typeof own === 'string' && own !== '' && sameSecret(id, own),
            );
          return optional(
            find((enterprise) => enabled(enterprise, 'retailcrm') && names(enterprise)),
            (enterprise) => accountOf(enterprise, 'retailcrm'),
          );
        },
        bitrix24(number, token) {
          const enterprise = directory.byNumber(number);
          const own = enterprise?.integrations['bitrix24']?.['application_token'];
          if (!enterprise || !enabled(enterprise, 'bitrix24') || typeof own !== 'string' || own === '') return null;
          return sameSecret(token, own) ? accountOf(enterprise, 'bitrix24') : null;
        },
        status: (enterprise, extension, status) => statuses.set(enterprise, extension, status),
      }),
  };
}

function linkOf(links: PbxLinks, key: string): Pbx | null {
  const link = links.get(key);
  if (!link || link.state().phase !== 'live') return null;
  return { batch: (actions, deadlineMs) => link.batch(actions, { deadlineMs }) };
}

function clickEnterprise(enterprise: Enterprise): ClickEnterprise {
  const { number, name, country, mode, clientId, pbxKey, pbx, extensions, extensionPattern, dialAllow } = enterprise;
  return {
    number,
    name,
    country,
    on: mode === 'on',
    clientId,
    pbxKey,
    host: pbx?.host ?? null,
    extensions: extensions.map((extension) => extension.number),
    extensionPattern,
    dialAllow,
    settings: enterprise.clickToCall,
  };
}

function optional<T, R>(value: T | null, map: (value: T) => R): R | null {
  return value === null ? null : map(value);
}
