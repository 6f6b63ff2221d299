/** Smart redirect joined to the rest: its PBXs, its look-ups, its store. Part of the composition, beside app.ts. */
import { setMaxListeners } from 'node:events';
import type { FastifyInstance } from 'fastify';
import type { PbxLink } from './ami/link.js';
import type { PbxLinks } from './ami/links.js';
import type { Fact } from './calls/facts.js';
import type { Enterprise } from './config/enterprise.js';
import type { CallEvent } from './calls/vocabulary.js';
import type { Pool, PoolClient } from './db/pool.js';
import type { Connections } from './integrations/connections.js';
import type { Directory } from './integrations/directory.js';
import { HTTP_STATUS } from './http/errors.js';
import type { Clock } from './platform/clock.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';
import type { RightOfWay } from './platform/right-of-way.js';
import { createAsk } from './redirect/ask.js';
import { createDesk } from './redirect/desk.js';
import { createOwnerCache } from './redirect/owner-cache.js';
import { redirectPlugin } from './redirect/plugin.js';
import type { Decision, Lookup, Pbx, RedirectEnterprise } from './redirect/ports.js';
import { createPresences } from './redirect/presence.js';
import { createRedirect } from './redirect/service.js';
import type { Redirect } from './redirect/service.js';
import {
  claimDecision,
  finishDecision,
  fleetPhoneId,
  readDecision,
  saveOutcomeFor,
  saveOutcomeOf,
  whoTalked,
} from './redirect/store.js';
import type { DecisionKey, Mobiles } from './redirect/store.js';
import { createTold } from './redirect/told.js';
import { readBody } from './webhooks/body.js';
import { createDoor } from './webhooks/door.js';
import { readTokens } from './webhooks/token.js';

export interface RedirectJointDeps {
  pool: Pool;
  /** Of its own, and relaxed: a caller waits for each statement. */
  claims: Pool;
  urgent: RightOfWay;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  directory: Directory;
  connections: Pick<Connections, 'lookups'>;
  links(): PbxLinks;
  leaseLeftMs(pbxKey: string): number;
  /** Whether the manager of this extension takes no calls now, by his CRM's word. */
  away(enterprise: string, extension: string): boolean;
  findByToken(token: string): Enterprise | null;
}

export interface RedirectJoint extends Pick<Redirect, 'userEvent' | 'run'> {
  /** A fact of a PBX: a snapshot shows who waits. */
  fact(pbxKey: string, fact: Fact): void;
  plugin(app: FastifyInstance): Promise<void>;
  /** Whether this PBX has a context; null when it cannot be asked. */
  hasContext(pbxKey: string, context: string): Promise<boolean | null>;
  /** Whom a call of this client would go to now; the PBX is not asked, nothing is done. Null without smart redirect. */
  tryOut(enterprise: string, phone: string, line: string | null): Promise<Decision | null>;
  /** What the enterprise's CRMs call this client; they have less than a second. */
  clientName(enterprise: string, phone: string): Promise<string | null>;
  /** Keeps what became of decided calls, in the transaction that ends them. */
  callsOver(tx: PoolClient, events: readonly CallEvent[]): Promise<void>;
}

/** A message that waits for a name is late. */
const NAME_MS = 800;

export function createRedirectJoint(deps: RedirectJointDeps): RedirectJoint {
  const { pool, claims, clock, log, metrics, directory, connections } = deps;
  const decided = metrics.counter('redirect_decisions_total', 'Waiting calls by what was done', ['action']);
  const wire = metrics.histogram('redirect_wire_seconds', 'From hearing of a call to the write to its PBX');
  const counted = metrics.counter('redirect_counted_total', 'What smart redirect left alone', ['what']);
  const cache = createOwnerCache(clock);
  metrics.gauge('owner_cache_entries', 'Clients whose owner is remembered', { collect: () => cache.stats().entries });
  metrics.counter('owner_cache_lookups_total', 'Questions to the owner cache', ['result'], (counter) => {
    const { hits, misses } = cache.stats();
    counter.inc({ result: 'hit' }, hits);
    counter.inc({ result: 'miss' }, misses);
  });
  const kept = new Set<Promise<void>>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);

  function pbx(key: string): Pbx | null {
    return redirectPbx(deps.links().get(key), () => deps.leaseLeftMs(key));
  }

  function redirecting(enterprise: Enterprise): RedirectEnterprise | null {
    const found = redirectEnterprise(enterprise);
    return found && { ...found, away: (extension) => deps.away(found.number, extension) };
  }

  /** Of a call that was over before it was decided. */
  function keepOutcome(key: DecisionKey): void {
    const keeping = saveOutcomeFor(pool, key, mobilesOf(directory.byNumber(key.enterprise)))
      .catch((error: unknown) => log.warn({ ...key, err: error }, 'what became of a decided call could not be stored'))
      .finally(() => kept.delete(keeping));
    kept.add(keeping);
  }

  const ask = createAsk({ clock, cache, stopping: stopping.signal });
  const presences = createPresences({ pbx, clock, log });
  const desk = createDesk({
    clock,
    log,
    ask,
    stopping: stopping.signal,
    goFirst: () => deps.urgent.take(),
    lookups: (number) => lookupsOf(connections, number),
    history: (enterprise, phone) => whoTalked(pool, enterprise, phone),
    claim: (key, decision) => claimDecision(claims, key, decision),
    read: (key) => readDecision(claims, key),
    finish: (key, decision) => finishDecision(pool, key, decision),
    presence: (key) => presences.of(key),
    onDecided(key, decision) {
      keepOutcome(key);
      decided.inc({ action: decision.action ?? 'nothing' });
      if (decision.wireMs !== null) wire.observe(decision.wireMs / 1_000);
    },
  });
  const told = createTold({
    clock,
    log,
    desk,
    pbx,
    presence: (key) => presences.of(key),
    fleetContext,
    stopping: stopping.signal,
  });
  const redirect = createRedirect({
    clock,
    log,
    desk,
    presences,
    pbx,
    onPbx: (key) => directory.onPbx(key).flatMap((one) => redirecting(one) ?? []),
    count: (what) => counted.inc({ what }),
  });

  directory.onChange((numbers) => {
    for (const number of numbers) {
      cache.forget(number);
      const key = directory.byNumber(number)?.pbxKey;
      if (key !== undefined) redirect.settingsChanged(key);
    }
  });

  return {
    userEvent: (key, event) => redirect.userEvent(key, event),
    async run(signal) {
      signal.addEventListener('abort', () => stopping.abort(), { once: true });
      // No call pays for the first connections.
      await Promise.allSettled([claims.query('SELECT 1'), claims.query('SELECT 1')]);
      await redirect.run(signal);
      await told.settled();
      await Promise.all(kept);
    },
    fact(key, fact) {
      if (fact.kind === 'snapshot') redirect.linkUp(key, fact.channels);
    },
    async clientName(number, phone) {
      const asked = await ask(number, lookupsOf(connections, number), phone, NAME_MS);
      return asked.find(({ contact }) => contact)?.contact ?? null;
    },
    async callsOver(tx, events) {
      for (const { kind, call } of events) {
        const enterprise = kind === 'call.finished' ? directory.byNumber(call.enterprise) : null;
        if (enterprise?.smartRedirect) await saveOutcomeOf(tx, call.id, mobilesOf(enterprise));
      }
    },
    hasContext: (key, context) => presences.hasContext(key, context),
    async tryOut(number, phone, line) {
      const enterprise = directory.byNumber(number);
      const found = enterprise && redirecting(enterprise);
      if (!found) return null;
      const now = clock.now();
      const waits = { waitsSince: now, waitSeconds: null, heardAt: now, heardBy: 'http' } as const;
      return desk.decide({ enterprise: found, uid: 'try', number: phone, line, ...waits });
    },
    async plugin(app) {
      const door = createDoor<Enterprise>({ findByToken: deps.findByToken, clock, log });
      await redirectPlugin(app, {
        clock,
        log,
        ...told,
        decide: async (caller) => desk.decide(caller),
        admit(token, fields, address) {
          const { candidates } = readTokens(token, fields);
          return redirecting(door.admit(candidates, 'smart-redirect', address));
        },
        readJson: readBody,
        statusOf: ({ code }) => HTTP_STATUS[code],
        count: (what) => counted.inc({ what }),
      });
    },
  };

  async function fleetContext(enterprise: RedirectEnterprise, extension: string, line: string): Promise<string | null> {
    const id = await fleetPhoneId(pool, enterprise.number, extension);
    if (id === null) return null;
    const context = `mngr${id}_${line}_1`;
    if (enterprise.settings.fleetContexts.includes(context)) return context;
    return (await presences.hasContext(enterprise.pbxKey, context)) === true ? context : null;
  }
}

function mobilesOf(enterprise: Enterprise | null): Mobiles {
  const pairs = (enterprise?.extensions ?? []).flatMap(({ mobile, number }) =>
    mobile === undefined ? [] : [[mobile, number]],
  );
  return Object.fromEntries(pairs);
}

/** A PBX as smart redirect asks it; null while it cannot be asked. */
export function redirectPbx(link: PbxLink | null | undefined, leaseLeftMs: () => number): Pbx | null {
  // A link that is catching up tells of waiting calls already, and can be asked.
  if (!link || link.state().phase === 'away') return null;
  return {
    list: (action, headers, deadlineMs) => link.list(action, headers, { deadlineMs }),
    batch: (actions, deadlineMs) => link.batch(actions, { deadlineMs }),
    skewMs: () => link.state().skewMs,
    leaseLeftMs,
  };
}

/** Null without settings of smart redirect. */
export function redirectEnterprise(enterprise: Enterprise): RedirectEnterprise | null {
  const {
    smartRedirect: settings,
    number,
    mode,
    timezone,
    country,
    pbxKey,
    extensionPattern,
    lines,
    selector,
    extensions,
  } = enterprise;
  if (settings === null) return null;
  const ownLines = selector?.lines ?? lines?.map(({ id }) => id) ?? [];
  return { number, mode, timezone, country, pbxKey, extensionPattern, lines, ownLines, extensions, settings };
}

/** Those of its integrations that can name an owner. */
export function lookupsOf(connections: Pick<Connections, 'lookups'>, enterprise: string): Lookup[] {
  return connections.lookups(enterprise).map(({ type, find }) => ({
    integration: type,
    async find(phone, signal) {
      const found = await find(phone, signal);
      return found && { extension: found.extension, contact: found.contactName };
    },
  }));
}
