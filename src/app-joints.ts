/** Where parts that do not know each other meet: what one must be told of another, as plain functions for app.ts. */
import type { PbxTarget } from './ami/target.js';
import { DEFAULT_BACKOFF } from './ami/backoff.js';
import type { SessionSettings } from './ami/session.js';
import type { Detail, Note, Rule } from './calls/rules.js';
import type { CallEvent } from './calls/vocabulary.js';
import type { Enterprise, PbxSettings } from './config/enterprise.js';
import type { AppConfig } from './config/env.js';
import type { DeliveryMetrics, MayDeliver } from './delivery/ports.js';
import type { IntegrationSource, Planned } from './integrations/connections.js';
import type { ConnectionDeps } from './integrations/contract.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';

export function integrationSource(enterprise: Enterprise | null): IntegrationSource | null {
  if (!enterprise) return null;
  const { number, timezone, mode, anonymous, integrations } = enterprise;
  return { enterprise: number, timezone, on: mode !== 'off', anonymous, integrations };
}

/** `on` sends what began after the take-over; `shadow` only logs; `off`, and what is older, neither. */
export function mayDeliver(enterprise: Enterprise | null, startedAt: number): ReturnType<MayDeliver> {
  if (!enterprise || enterprise.mode === 'off') return 'off';
  if (enterprise.mode === 'shadow') return 'shadow';
  return enterprise.takeoverAt === null || startedAt >= enterprise.takeoverAt ? 'send' : 'before the take-over';
}

/** Enterprises that share a PBX share its session: the lowest number's settings speak for it. Null: no calls from AMI. */
export function sessionOf(enterprises: readonly Enterprise[]): PbxSettings | null {
  const byNumber = enterprises.toSorted((a, b) => a.number.localeCompare(b.number));
  return byNumber.find((one) => one.mode !== 'off' && one.sources.includes('ami') && one.pbx)?.pbx ?? null;
}

/**
 * How to reach the PBX of these enterprises; null when none of them has its calls from AMI. Where callers wait to be
 * redirected `auto` is the quicker transport.
 */
export function pbxTarget(key: string, enterprises: readonly Enterprise[]): PbxTarget | null {
  const pbx = sessionOf(enterprises);
  if (!pbx) return null;
  const { host, port, tls, tlsCa, tlsVerify, username, secret, md5, encoding, allowPlain, eventMask } = pbx;
  const callersWait = enterprises.some(({ smartRedirect }) => smartRedirect !== null && smartRedirect.mode !== 'off');
  const transport = pbx.transport === 'auto' && callersWait ? 'native' : pbx.transport;
  return { key, host, port, tls, tlsCa, tlsVerify, username, secret, transport, md5, encoding, allowPlain, eventMask };
}

/** What a connection must know of the enterprise's people; asked anew each time, since they change more often than accounts. */
export function staffDeps(
  enterprise: () => Enterprise | null,
): Pick<ConnectionDeps, 'extensionOfMobile' | 'clientId' | 'nameOf' | 'lineName'> {
  return {
    extensionOfMobile: (mobile) => enterprise()?.extensions.find((one) => one.mobile === mobile)?.number ?? null,
    clientId: enterprise()?.clientId ?? null,
    nameOf: (extension) => enterprise()?.extensions.find((one) => one.number === extension)?.name ?? null,
    lineName: (line) => enterprise()?.lines?.find((one) => one.id === line)?.name ?? null,
  };
}

/** Configured times over the session's own; a back-off is merged by itself. */
export function sessionSettings({ backoff, ...ami }: AppConfig['ami']): Partial<SessionSettings> {
  return backoff ? { ...ami, backoff: { ...DEFAULT_BACKOFF, ...backoff } } : ami;
}

export function logFinished(log: Logger, { call }: CallEvent): void {
  const { externalId, enterprise, pbx, direction, external, line, rang, agents, result, waitMs, talkMs, approximate } =
    call;
  log.info(
    { call: externalId, enterprise, pbx, direction, external, line, rang, agents, result, waitMs, talkMs, approximate },
    'call finished',
  );
}

/** Why integrations are owed what they are owed for an event, as notes of its call. */
export function notesOfPlans(event: CallEvent, planned: readonly Planned[], arrivedAt: number): Note[] {
  const { at, seq, kind, call } = event;
  const note = (rule: Rule, detail: Detail): Note => ({
    call: call.id,
    rule,
    at,
    arrivedAt,
    by: kind,
    uid: call.uid,
    detail,
  });
  if (planned.length === 0 && kind === 'call.finished')
    return [note('not-owed', { seq, integration: null, why: 'the enterprise has no integration' })];
  return planned.flatMap(({ type: integration, plan }) => {
    if ('why' in plan) return [note('not-owed', { seq, integration, why: plan.why })];
    return plan.length === 0 ? [] : [note('owed', { seq, integration, steps: plan.map(({ step }) => step) })];
  });
}

export function deliveryMetrics(metrics: Metrics): DeliveryMetrics {
  const attempts = metrics.counter('delivery_attempts_total', 'Attempts by outcome', ['type', 'outcome']);
  const seconds = metrics.histogram('delivery_attempt_seconds', 'How long an attempt took', { labels: ['type'] });
  const settled = metrics.counter('deliveries_settled_total', 'Deliveries by how they ended', ['type', 'state']);
  const paused = metrics.gauge('delivery_lanes_paused', 'Lanes that wait for a person', { labels: ['type'] });
  const opened = metrics.counter('delivery_breaker_opened_total', 'Times a breaker opened', ['type']);
  const waited = metrics.histogram('delivery_wait_seconds', 'From the event to the first attempt', {
    labels: ['type', 'class'],
  });
  return {
    attempted(type, outcome, ms) {
      attempts.inc({ type, outcome });
      seconds.observe({ type }, ms / 1_000);
    },
    settled: (type, state) => settled.inc({ type, state }),
    paused: (type, by) => paused.inc({ type }, by),
    breakerOpened: (type) => opened.inc({ type }),
    waited: (type, deliveryClass, ms) => waited.observe({ type, class: deliveryClass }, ms / 1_000),
  };
}
