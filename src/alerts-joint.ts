/** Alerts joined to the rest: what is watched, how a message goes out. Part of the composition, beside app.ts. */
import type { AlertKind, Channel } from './alerts/kinds.js';
import type { Ending, SecretsPort, Send, Sent, Sighted, WatchedEnterprise } from './alerts/ports.js';
import { createAlertWatch } from './alerts/watch.js';
import type { AlertWatch } from './alerts/watch.js';
import type { PbxLinks } from './ami/links.js';
import type { Enterprise } from './config/enterprise.js';
import type { Pool } from './db/pool.js';
import type { DeliveryWorker } from './delivery/worker.js';
import type { Connections } from './integrations/connections.js';
import type { Failure } from './integrations/contract.js';
import type { Directory } from './integrations/directory.js';
import { createBlanker, excerpt, failureOf, retryAfterMs } from './integrations/http-outcome.js';
import { registry } from './integrations/registry.js';
import type { Vault } from './integrations/secrets.js';
import { createClient } from './integrations/telegram/client.js';
import type { Clock } from './platform/clock.js';
import type { HttpClient } from './platform/http-client.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';

export interface AlertsJointDeps {
  pool: Pool;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  holder: string;
  directory: Pick<Directory, 'all' | 'onPbx'>;
  connections: Pick<Connections, 'of' | 'enabled'>;
  delivery: Pick<DeliveryWorker, 'status'>;
  links: Pick<PbxLinks, 'states'>;
}

/** Under this type their secrets are rows of integration_secrets, so that they are sealed, bound and sealed anew like all. */
const SECRET_TYPE = 'alerts';

export function createAlertsJoint(deps: AlertsJointDeps & { send: Send; secrets: SecretsPort }): AlertWatch {
  const { pool, clock, metrics, directory, connections, delivery, links } = deps;
  const current = metrics.gauge('alerts_current', 'Alerts that are current, told by the daemon that watches', {
    labels: ['kind'],
  });
  const messages = metrics.counter('alert_messages_total', 'Messages of alerts by what became of them', [
    'channel',
    'outcome',
  ]);
  const titles = new Map(registry.map(({ id, title }) => [id, title]));
  /** Lanes this process saw paused: only of those it knows that they go on. */
  const seenPaused = new Set<string>();

  return createAlertWatch({
    pool,
    clock,
    log: deps.log,
    holder: deps.holder,
    secrets: deps.secrets,
    send: deps.send,
    types: registry.map(({ id }) => id),
    titleOf: (subject) => titles.get(subject) ?? subject,
    enterprises: () => directory.all().map((one) => watchedOf(one, connections)),
    sighted: () => [...sightedLinks(), ...sightedLanes()],
    endings,
    count: (channel: Channel, outcome) => messages.inc({ channel, outcome }),
    current(counts: readonly { kind: AlertKind; count: number }[] | null) {
      current.reset();
      for (const { kind, count } of counts ?? []) current.set({ kind }, count);
    },
  });

  function sightedLinks(): Sighted[] {
    return links.states().flatMap(({ key, phase, lastError }) => {
      const detail = {
        why: phase === 'live' || !lastError ? null : `${lastError.code}: ${lastError.message}`.slice(0, 200),
      };
      return directory
        .onPbx(key)
        .filter((one) => pbxOf(one) === key)
        .map(({ number }): Sighted => ({
          ...{ kind: 'pbx-link', enterprise: number, subject: key, detail },
          bad: phase !== 'live',
        }));
    });
  }

  function sightedLanes(): Sighted[] {
    return delivery.status().flatMap(({ enterprise, type, paused, leased }): Sighted[] => {
      const key = `${enterprise}/${type}`;
      if (paused) seenPaused.add(key);
      if (!leased || !seenPaused.has(key)) return [];
      const detail = { why: paused ? `${paused.code}: ${paused.why}`.slice(0, 200) : null };
      return [{ kind: 'refused', enterprise, subject: type, bad: paused !== null, detail }];
    });
  }

  function endings(): Ending[] {
    const accounts = connections.enabled(directory.all().map(({ number }) => number));
    return accounts.flatMap(({ enterprise, type }) => {
      const end = connections.of(enterprise, type)?.connection.credentialsEnd?.();
      return end ? [{ enterprise, type, ...end }] : [];
    });
  }
}

export function alertSecretsOf(vault: Vault): SecretsPort {
  return {
    async open(db) {
      const opened = await vault.open(db);
      return (scope) => {
        const value = (field: string) => opened.lookup(scope)(SECRET_TYPE, field);
        return { botToken: value('botToken'), webhookUrl: value('webhookUrl') };
      };
    },
    put: (tx, scope, field, value) => vault.put(tx, { enterprise: scope, type: SECRET_TYPE, field }, value),
    drop: (tx, scope, field) => vault.drop(tx, { enterprise: scope, type: SECRET_TYPE, field }),
  };
}

/** Over the guarded client: what a tenant typed leads nowhere it may not. */
export function alertSender(http: HttpClient, clock: Pick<Clock, 'now'>): Send {
  return async (channel, { settings, secrets }, message, signal) => {
    if (channel === 'webhook') return post(secrets.webhookUrl ?? '', message.json, signal);
    const bot = { bot_token: secrets.botToken ?? '', api_url: settings.telegramUrl.replace(/\/+$/, '') };
    const client = createClient(bot, http);
    const say = (chat: string) =>
      client.call(
        'sendMessage',
        { chat_id: chat, text: message.text, link_preview_options: { is_disabled: true } },
        signal,
      );
    const answer = await say(settings.telegramChat);
    if (answer.ok) return null;
    const movedTo = answer.refused?.movedTo ?? null;
    const second = movedTo === null ? answer : await say(movedTo);
    return second.ok ? null : told(second.failure);
  };

  async function post(url: string, json: Record<string, unknown>, signal: AbortSignal): Promise<Sent> {
    const { pathname, search } = new URL(url);
    const blank = createBlanker([url, `${pathname}${search}`]);
    try {
      const headers = { 'content-type': 'application/json' };
      const answer = await http.request({ method: 'POST', url, headers, body: JSON.stringify(json), signal });
      if (answer.status >= 200 && answer.status < 300) return null;
      const afterMs = retryAfterMs(answer, clock.now());
      const why = blank(`it answered ${answer.status}: ${excerpt(answer.body).slice(0, 200)}`);
      return { why, ...(afterMs === undefined ? {} : { afterMs }) };
    } catch (error) {
      const { why } = failureOf(error);
      return { why: blank(why) };
    }
  }
}

function told(failure: Failure): Sent {
  const afterMs = 'afterMs' in failure ? failure.afterMs : undefined;
  return { why: `${failure.code}: ${failure.why}`, ...(afterMs === undefined ? {} : { afterMs }) };
}

function watchedOf(enterprise: Enterprise, connections: Pick<Connections, 'enabled'>): WatchedEnterprise {
  const { number, name, mode } = enterprise;
  const accounts = mode === 'off' ? [] : connections.enabled([number]).map(({ type }) => type);
  return { number, name, accounts, pbx: pbxOf(enterprise) };
}

/** Of the PBX its calls come from by AMI. */
function pbxOf({ mode, sources, pbx, pbxKey }: Enterprise): string | null {
  return mode !== 'off' && sources.includes('ami') && pbx ? pbxKey : null;
}
