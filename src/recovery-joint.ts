/** Recovery joined to the rest: its intake, its calls, its PBXs. Part of the composition, beside app.ts. */
import type { FastifyInstance } from 'fastify';
import type { Folded } from './calls/tracker.js';
import type { Fact } from './calls/facts.js';
import type { Enterprise } from './config/enterprise.js';
import type { Pool, PoolClient } from './db/pool.js';
import { databaseFailure } from './db/failure.js';
import type { Connections } from './integrations/connections.js';
import type { Directory } from './integrations/directory.js';
import type { PbxUnits } from './pbx-units.js';
import type { Clock } from './platform/clock.js';
import { TrunklineError } from './platform/errors.js';
import type { Logger } from './platform/log.js';
import type { Metrics } from './platform/metrics.js';
import { recordOf } from './recovery/cdr-event.js';
import { createCdrSource } from './recovery/cdr-source.js';
import { createEventsSource } from './recovery/events-source.js';
import { cdrReaderOf, contextOf, openHost, reconcileOf } from './recovery-context.js';
import type { TrackerTimes } from './recovery-context.js';
import { createPace } from './recovery/pace.js';
import { runNightly } from './recovery/nightly.js';
import type { NightlyDeps } from './recovery/nightly.js';
import { dropOldCdrs, insertCdrs } from './recovery/cdr-store.js';
import { keptSince, unreconciled } from './recovery/reconcile-store.js';
import type { Reconciled } from './recovery/reconcile.js';
import type { CallsPort } from './recovery/ports.js';
import { createPosted } from './recovery/posted.js';
import { insertPosted } from './recovery/posted-store.js';
import { downloadPlugin } from './recovery/plugin.js';
import { createRecovery } from './recovery/service.js';
import type { RecoveryTimes, SourcesOf } from './recovery/service.js';
import type { Source } from './recovery/source.js';
import { readBody, toStored } from './webhooks/body.js';
import { createDoor } from './webhooks/door.js';
import { parseFleetEvent, toFact } from './webhooks/parse.js';
import type { FleetEventName } from './webhooks/parse.js';
import { readTokens } from './webhooks/token.js';

export interface RecoveryJointDeps {
  pool: Pool;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  directory: Pick<Directory, 'byNumber' | 'onPbx' | 'all'>;
  connections: Pick<Connections, 'of'>;
  units(): Pick<PbxUnits, 'between' | 'offer' | 'isOurs'>;
  tracker: TrackerTimes;
  settings: Partial<RecoveryTimes>;
  owe(tx: PoolClient, folded: Folded, holdMs: HoldMs): Promise<() => void>;
  findByToken(token: string): Enterprise | null;
  /** Calls go on: something live was told of in the last seconds. */
  isBusy: () => boolean;
}

/** How long the finished call of this lane is held back. */
export type HoldMs = (enterprise: string, type: string) => number;

const CDR_DAYS = 90;
/** For the host of a PBX to let us in; a person may be waiting. */
const READ_MS = 15_000;

export interface RecoveryJoint {
  /** One day of one enterprise, laid side by side and kept; null when there is no such enterprise. */
  reconcile(enterprise: string, day: string): Promise<Reconciled | null>;
  /** In the transaction that folds these facts: the PBX's own records among them are kept where they are wanted. */
  keepFacts(tx: PoolClient, pbx: string, facts: readonly Fact[]): Promise<void>;
  /** Somebody asked for the calls of a time. */
  asked(): void;
  maintain(): Promise<void>;
  plugin(app: FastifyInstance): Promise<void>;
  /** Each of these three is kept running by itself. */
  run(signal: AbortSignal): Promise<void>;
  runPosted(signal: AbortSignal): Promise<void>;
  runNightly(signal: AbortSignal): Promise<void>;
}

export function createRecoveryJoint(deps: RecoveryJointDeps): RecoveryJoint {
  const { pool, clock, log, metrics, directory } = deps;
  const pace = createPace(clock, (enterprise, type) => deps.connections.of(enterprise, type)?.rate ?? null);
  const door = createDoor({ findByToken: (token) => deps.findByToken(token), clock, log });

  const port: CallsPort = {
    context: (pbx) => contextOf(pbx, directory.onPbx(pbx), deps.tracker),
    between: (pbx, work) => deps.units().between(pbx, work),
    owe: (tx, folded) => deps.owe(tx, folded, pace),
    offer: (pbx, fact) => deps.units().offer(pbx, fact),
    isOurs: (pbx) => deps.units().isOurs(pbx),
    isBusy: deps.isBusy,
    now: () => clock.now(),
  };
  /** By PBX; new ones only for new settings. */
  const made = new Map<string, { from: Enterprise; sources: SourcesOf | null }>();
  const posted = createPosted({
    pool,
    port,
    clock,
    log,
    toFact: ({ enterprise, event, raw, at }) =>
      dated(toFact({ enterprise, event: event as FleetEventName, raw, arrivedAt: at })),
  });

  const counted = metrics.counter(
    'recovered_calls_total',
    'Calls the PBX kept, by whether we had them; and runs that failed',
    ['what'],
  );
  const recovery = createRecovery({
    pool,
    port,
    clock,
    log,
    pbxs: () => [
      ...new Set(
        directory
          .all()
          .filter(hasSources)
          .map(({ pbxKey }) => pbxKey),
      ),
    ],
    sourcesOf,
    count: (what, by) => counted.inc({ what }, by),
    settings: deps.settings,
  });

  /** Enterprises that share a PBX share its sources: the lowest number's settings speak for it. */
  function sourcesOf(pbx: string): SourcesOf | null {
    const enterprise = directory.onPbx(pbx).filter(hasSources).toSorted(byNumber)[0];
    if (!enterprise) return null;
    const known = made.get(pbx);
    if (known?.from === enterprise) return known.sources;
    const sources = makeSources(pbx, enterprise);
    made.set(pbx, { from: enterprise, sources });
    return sources;
  }

  function makeSources(pbx: string, enterprise: Enterprise): SourcesOf | null {
    const { recovery: settings, number, timezone } = enterprise;
    if (!settings) return null;
    const shared = {
      pbx,
      timezone,
      pool,
      port,
      log,
      open: (signal: AbortSignal) => openHost(pool, enterprise, signal),
    };
    const sources: Source[] = [];
    if (settings.events)
      sources.push(createEventsSource({ ...shared, enterprise: number, settings: settings.events, readRequest }));
    if (settings.cdr) sources.push(createCdrSource({ ...shared, now: () => clock.now(), settings: settings.cdr }));
    // A link tells of calls itself, but for its PBX's records somebody has to look whether a call of theirs is missing.
    const byItself = enterprise.sources.includes('webhook') || settings.cdr !== null;
    return { sources, everyMs: byItself ? settings.everyMinutes * 60_000 : 0 };
  }

  async function keepFacts(tx: PoolClient, pbx: string, facts: readonly Fact[]): Promise<void> {
    const told = facts.filter((fact) => fact.kind === 'cdr');
    if (told.length === 0) return;
    const enterprise = directory.onPbx(pbx).find(({ mode, recovery: wants }) => mode !== 'off' && wants?.cdr);
    if (!enterprise) return;
    await insertCdrs(
      tx,
      pbx,
      told.flatMap((fact) => recordOf(fact, enterprise.timezone) ?? []),
    );
  }

  const differing = metrics.gauge('reconciliation_differences', 'What differed in the day last reconciled', {
    labels: ['enterprise'],
  });

  async function reconcile(number: string, day: string): Promise<Reconciled | null> {
    const enterprise = directory.byNumber(number);
    if (!enterprise) return null;
    const onPbx = directory.onPbx(enterprise.pbxKey);
    const keeper = onPbx.find((one) => one.recovery?.cdr);
    try {
      if (keeper) await cdrReaderOf(keeper, { pool, log })?.(AbortSignal.timeout(READ_MS));
    } catch (error) {
      log.warn({ enterprise: number, day, err: error }, 'a day is laid side by side without what the PBX has new');
    }
    return reconcileOf(pool, enterprise, onPbx, day);
  }

  const nightly: NightlyDeps = {
    clock,
    log,
    enterprises: () =>
      directory
        .all()
        .filter((one) => hasSources(one) && one.recovery?.cdr)
        .map(({ number, timezone, pbxKey }) => ({ number, timezone, isOurs: port.isOurs(pbxKey) })),
    left: (number, days) => unreconciled(pool, number, directory.byNumber(number)?.timezone ?? 'UTC', days),
    keptSince: (number) => keptSince(pool, number, directory.byNumber(number)?.pbxKey ?? ''),
    reconcile,
    told: (enterprise, differences) => differing.set({ enterprise }, differences),
  };

  return {
    run: (signal) => recovery.run(signal),
    runPosted: (signal) => posted.run(signal),
    runNightly: (signal) => runNightly(nightly, signal),
    reconcile,
    keepFacts,
    asked: () => recovery.kick(),
    maintain: () => dropOldCdrs(pool, CDR_DAYS),
    plugin: (app) =>
      downloadPlugin(app, {
        admit(header, firstItem, address) {
          const { candidates, quoted } = readTokens(header, unlessBroken(firstItem));
          return { ...door.admit(candidates, 'download', address), quoted };
        },
        readItem,
        store: (events) => insertPosted(pool, events).catch(refuseWhileAway),
        onStored: () => posted.kick(),
        now: () => clock.now(),
        metrics,
      }),
  };
}

/** What the PBX dated is on its clock. */
function dated(fact: Fact): Fact {
  return { ...fact, stamped: true };
}

function readItem(text: string) {
  const body = readBody(text);
  const raw = toStored(body) as Record<string, unknown>;
  const of = (...names: string[]) =>
    Object.entries(raw).find(([name]) => names.includes(name.toLowerCase()))?.[1] ?? null;
  const event = of('event');
  if (typeof event !== 'string') throw new TrunklineError('WEBHOOK_MALFORMED', 'it names no event');
  return { fleet: parseFleetEvent(event.trim().toLowerCase(), raw), raw, stamp: of('datetime', 'at') };
}

/** A request as a host logged it: the body it posted. */
function readRequest(event: string, request: string, uid: string | null) {
  const body = readBody(request) as Record<string, unknown>;
  const named = Object.keys(Object(body)).some((name) => name.toLowerCase() === 'uniqueid');
  return parseFleetEvent(event, named || uid === null ? body : { ...body, UniqueId: uid });
}

function hasSources({ mode, recovery }: Enterprise): boolean {
  return mode !== 'off' && recovery !== null && (recovery.events !== null || recovery.cdr !== null);
}

const byNumber = (one: Enterprise, other: Enterprise) => one.number.localeCompare(other.number);

function unlessBroken(text: string): unknown {
  try {
    return readBody(text);
  } catch {
    return null;
  }
}

/** Whoever posts has them still. */
function refuseWhileAway(error: unknown): never {
  if (databaseFailure(error) === 'other') throw error;
  throw new TrunklineError('DB_UNREACHABLE', 'the database is away: post again later', { cause: error });
}
