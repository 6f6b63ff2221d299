/**
 * The composition root: the only file (with pbx-unit.ts) that knows everyone. Read from top to bottom it is the list of
 * parts. What is started registers its undo; stopping runs backwards: intake, links, owners, deliveries, database.
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPbxLinks } from './ami/links.js';
import type { CallEvent } from './calls/vocabulary.js';
import type { Folded } from './calls/tracker.js';
import { accountDeps } from './accounts-joint.js';
import { alertSecretsOf, alertSender, createAlertsJoint } from './alerts-joint.js';
import { createAdminJoint } from './admin-joint.js';
import { createClickJoint } from './click-joint.js';
import { amoCrmStates, createLettingInJoint } from './letting-in-joint.js';
import {
  deliveryMetrics,
  integrationSource,
  logFinished,
  mayDeliver,
  notesOfPlans,
  pbxTarget,
  sessionSettings,
} from './app-joints.js';
import { createLosses } from './calls/losses.js';
import { dropJournalMarks, saveGap, saveNotes } from './calls/store.js';
import type { Enterprise } from './config/enterprise.js';
import { describeConfig } from './config/env.js';
import type { AppConfig } from './config/env.js';
import { openDatabase } from './db/engine.js';
import { databaseFailure } from './db/failure.js';
import type { Database } from './db/engine.js';
import { releaseFormerLeases } from './db/leases.js';
import { CHANNELS, createListener } from './db/listen.js';
import { DEFAULT_RETENTION, runPartitionMaintenance } from './db/partitions.js';
import { createPool } from './db/pool.js';
import type { PoolClient } from './db/pool.js';
import { createHttpRecorder } from './delivery/http-recorder.js';
import { createDeliveryRetention } from './delivery/retention.js';
import { createOutbox } from './delivery/outbox.js';
import { laneKey } from './delivery/ports.js';
import { deliverySettings } from './delivery/settings.js';
import { createDeliveryWorker } from './delivery/worker.js';
import { createConnections } from './integrations/connections.js';
import { createCrmUsers } from './integrations/crm-users.js';
import { createDirectory } from './integrations/directory.js';
import { createManagerStatuses } from './integrations/manager-status.js';
import { stepsOf } from './integrations/contract.js';
import { createRegistrar } from './integrations/registrar.js';
import { registry, secretFieldsOfConnectors } from './integrations/registry.js';
import { createVault } from './integrations/secrets.js';
import { createHealth } from './http/health.js';
import { buildServer } from './http/server.js';
import { pathOfAddress, uiPlugin } from './http/ui.js';
import { createCallFigures, createQueueFigures, exposeFigures } from './metrics-joint.js';
import { createPbxUnits } from './pbx-units.js';
import { createRecordingsJoint, owedWithRecording, withoutRecording } from './recordings-joint.js';
import { lookAt } from './recovery-context.js';
import { createRecoveryJoint } from './recovery-joint.js';
import type { HoldMs } from './recovery-joint.js';
import { createRedirectJoint } from './redirect-joint.js';
import { createAddressGuard } from './platform/address-guard.js';
import { noticeSteps, systemClock } from './platform/clock.js';
import type { Clock } from './platform/clock.js';
import { TrunklineError } from './platform/errors.js';
import { claimInstance } from './platform/instance.js';
import { openJournal } from './platform/journal.js';
import { createLogger } from './platform/log.js';
import type { Logger } from './platform/log.js';
import { createMetrics } from './platform/metrics.js';
import { Releasers } from './platform/releasers.js';
import { createRightOfWay } from './platform/right-of-way.js';
import { supervise } from './platform/supervise.js';
import { createSecretBox } from './platform/secret-box.js';
import { readOrMakeKeys } from './platform/secret-key.js';
import { createUndiciHttp } from './platform/undici-http.js';
import { createWebhookIntake } from './webhooks/intake.js';
import { toFact } from './webhooks/parse.js';
import { webhooksPlugin } from './webhooks/plugin.js';
import { createInboxStore } from './webhooks/store.js';

export interface AppOverrides {
  clock?: Clock;
  log?: Logger;
  /** Exempt from the address guard besides the configured ones. */
  allowTargets?: readonly string[];
  /** Hears of every call event after its commit. */
  onCallEvent?: (event: CallEvent) => void;
}

export interface App {
  /** Where the HTTP server listens, once started. */
  readonly url: string;
  readonly database: Database;
  start(): Promise<void>;
  /** Reads the settings anew. */
  reload(): Promise<void>;
  /** True while every part does its work: what the watchdog is told. */
  healthy(): boolean;
  /** Resolves when nothing is being delivered. */
  idle(): Promise<void>;
  /** Stops the intake, lets work in flight finish within 10 s, closes everything. */
  stop(): Promise<void>;
}

const READY_MS = 1_000;
const MAINTENANCE_MS = 3_600_000;
/** Calls count as going on so long after the last word of one. */
const BUSY_MS = 2_000;
/** How long a start waits for the database before it goes on without. */
const PATIENCE_MS = 5_000;
/** Between two tries of a start the database interrupts. */
const RETRY_MS = 1_000;
const DEFAULT_LEASE_MS = 15_000;
const DEFAULT_RING_COLLECT_MS = 30;

/** Where the build puts the page, as seen from the compiled program and from its sources. */
function uiFolder(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../dist/ui' : './ui', import.meta.url));
}

export async function buildApp(config: AppConfig, overrides: AppOverrides = {}): Promise<App> {
  const releasers = new Releasers();
  let onStep: (byMs: number) => void = () => undefined;
  const clock = noticeSteps(overrides.clock ?? systemClock, (byMs) => onStep(byMs));
  const log = overrides.log ?? createLogger(config.logLevel);
  const stopping = new AbortController();
  // Every part waits on it.
  setMaxListeners(0, stopping.signal);
  const workers: Promise<void>[] = [];
  const failed = new Map<string, string>();
  let url = '';

  try {
    log.info({ config: describeConfig(config) }, 'trunkline is starting');
    const instance = await claimInstance(config.dataDir);
    releasers.push(() => instance.release());
    const metrics = createMetrics({ process: true });
    const health = createHealth({ answerMs: READY_MS });

    // 1. The database, and what is read from it.
    const database = await openDatabase(
      { databaseUrl: config.databaseUrl, dataDir: config.dataDir, ...config.database },
      log,
      { role: 'daemon' },
    );
    releasers.push(() => database.stop());
    const { pool } = database;
    const box = createSecretBox(() => config.secretKeys ?? readOrMakeKeys(config.dataDir));
    const vault = createVault({ box, log });
    const directory = createDirectory({ db: pool, vault, clock, log, ...config.directory });

    // 2. The far side: accounts of CRMs, and what they are owed.
    const guard = createAddressGuard({ allowTargets: [...config.allowTargets, ...(overrides.allowTargets ?? [])] });
    const http = createUndiciHttp({ guard });
    releasers.push(() => http.close());
    const recorder = createHttpRecorder(http);
    const save = { vault, secretFields: secretFieldsOfConnectors() };
    const connections = createConnections({
      registry,
      source: (number) => integrationSource(directory.byNumber(number)),
      deps: (place) => ({
        http: recorder.clientOf(laneKey(place)),
        publicUrl: config.publicUrl,
        ...accountDeps({ pool, save, directory, crmUsers: () => crmUsers, clientName }, place),
      }),
      log,
    });
    const clientName = (enterprise: string, phone: string) => redirect.clientName(enterprise, phone);
    const accounts = () => connections.enabled(directory.all().map(({ number }) => number));
    const crmUsers = createCrmUsers({
      db: pool,
      clock,
      log,
      accounts,
      live: (enterprise, type) => connections.of(enterprise, type),
    });
    const registrar = createRegistrar({
      db: pool,
      clock,
      log,
      publicUrl: config.publicUrl,
      accounts,
      live: (enterprise, type) => connections.of(enterprise, type),
      clientId: (enterprise) => directory.byNumber(enterprise)?.clientId ?? '',
    });
    releasers.push(() => connections.close());
    const settings = deliverySettings(config.delivery);
    const outbox = createOutbox({ clock, settings });
    const delivery = createDeliveryWorker({
      pool,
      accounts: connections,
      recorder,
      mayDeliver: (number, at) => mayDeliver(directory.byNumber(number), at),
      clock,
      log,
      holder: instance.holder,
      settings,
      metrics: deliveryMetrics(metrics),
      onLogged: ({ enterprise }) => admin.logged(enterprise),
    });

    const retention = createDeliveryRetention({ pool, clock, log });

    // 3. The PBXs: units fold facts, links and webhooks bring them.
    const counted = metrics.counter('calls_counted_total', 'What the tracker and its owners counted', ['what']);
    const callFigures = createCallFigures(metrics);
    const tracker = { ringCollectMs: DEFAULT_RING_COLLECT_MS, ...config.calls };
    // A caller who waits to be sent on goes before what is stored of all calls.
    const urgent = createRightOfWay(clock);
    const units = createPbxUnits({
      pool,
      clock,
      log,
      holder: instance.holder,
      leaseTtlMs: config.calls.leaseMs ?? DEFAULT_LEASE_MS,
      tracker,
      journalDir: join(config.dataDir, 'journal'),
      openJournal: (dir) => openJournal({ dir, log, ...config.journal }),
      toFact,
      owe,
      keepFacts: (tx, pbx, facts) => recovery.keepFacts(tx, pbx, facts),
      onFolded,
      askPbx: async (key, uids) => links.get(key)?.confirmGone(uids),
      makeWay: () => urgent.whenFree(),
      heardAt: (key) => links.get(key)?.heardAt() ?? null,
      count: (what, by) => counted.inc({ what }, by),
      onHeld: () => follow(),
    });
    const links = createPbxLinks({
      clock,
      log,
      settings: sessionSettings(config.ami),
      onFact(key, fact) {
        units.offer(key, fact);
        redirect.fact(key, fact);
      },
      onUserEvent: (key, event) => redirect.userEvent(key, event),
    });
    const steps = metrics.counter('clock_steps_total', "Times this machine's clock was set while we ran");
    onStep = (byMs) => {
      log.warn({ byMs: Math.round(byMs) }, "this machine's clock was set");
      steps.inc();
      units.clockStepped(byMs, clock.now());
      links.clockStepped(byMs);
    };
    const statuses = createManagerStatuses({ db: pool, clock, log });
    const claims = createPool(database.url, { max: 2, idleMs: 0, relaxed: true, log, name: 'trunkline-claims' });
    releasers.push(() => claims.end());
    const redirect = createRedirectJoint({
      pool,
      claims,
      urgent,
      clock,
      log,
      metrics,
      directory,
      connections,
      links: () => links,
      leaseLeftMs: (key) => units.leaseLeftMs(key),
      away: (enterprise, extension) => statuses.away(enterprise, extension),
      findByToken,
    });
    const clicks = createClickJoint({
      pool,
      clock,
      log,
      metrics,
      directory,
      connections,
      crmUsers,
      statuses,
      links: () => links,
    });
    const lettingIn = createLettingInJoint({ clock, log, box, directory, connections });
    const alertChannels = { secrets: alertSecretsOf(vault), send: alertSender(http, clock) };
    const alerts = createAlertsJoint({
      pool,
      clock,
      log,
      metrics,
      holder: instance.holder,
      directory,
      connections,
      delivery,
      links,
      ...alertChannels,
    });
    const admin = createAdminJoint({
      pool,
      clock,
      log,
      publicUrl: config.publicUrl,
      save,
      directory,
      connections,
      crmUsers,
      delivery,
      links: () => links,
      adminPassword: config.adminPassword,
      guard,
      http,
      alerts: alertChannels,
      replayLifeMs: settings.lifeMs.durable,
      hasContext: (key, context) => redirect.hasContext(key, context),
      tryRedirect: (...call) => redirect.tryOut(...call),
      reconcile: (...day) => recovery.reconcile(...day),
      lookAtSources: (...what) => lookAt(pool, ...what),
      recordingOf: (callId) => recordings.recordingOf(callId),
      accountDeps: (place) => accountDeps({ pool, save, directory, crmUsers: () => crmUsers }, place),
      states: amoCrmStates({ box, clock }),
    });
    const webhookJournal = await openJournal({
      dir: join(config.dataDir, 'journal', 'webhooks'),
      log,
      ...config.journal,
    });
    releasers.push(() => webhookJournal.close());
    const intakePool = createPool(database.url, { max: 2, connectMs: 1_500, log, name: 'trunkline-intake' });
    releasers.push(() => intakePool.end());
    const losses = createLosses({ clock, save: (pbx, from, to) => saveGap(pool, pbx, 'webhook', from, to) });
    const intake = createWebhookIntake({
      // A busy pool must not send posts to the journal: a PBX waits for these answers.
      store: createInboxStore(intakePool),
      journal: webhookJournal,
      clock,
      log,
      metrics,
      onStored: (pbx) => {
        losses.over(pbx);
        if (units.isOurs(pbx)) units.inboxChanged(pbx);
        else void pool.query('SELECT pg_notify($1, $2)', [CHANNELS.inbox, pbx]).catch(() => undefined);
      },
      onLoss: (enterprise, pbx, at) => {
        log.error({ enterprise, pbx }, 'a webhook could be kept nowhere');
        losses.began(pbx, at);
      },
    });

    /** When something live was last told of. */
    let toldAt = -Infinity;
    const recovery = createRecoveryJoint({
      pool,
      clock,
      log,
      metrics,
      directory,
      connections,
      units: () => units,
      tracker,
      settings: config.recovery,
      owe,
      findByToken,
      isBusy: () => clock.monotonic() - toldAt < BUSY_MS,
    });

    const recordings = createRecordingsJoint({
      pool,
      clock,
      log,
      metrics,
      config,
      directory,
      owe: (tx, event) => owe(tx, { events: [event], arrivals: [event.at], notes: [] }),
      wake: (lanes) => delivery.wake(lanes),
      mayHear: (request, enterprise) => admin.maySee(request.cookies, enterprise),
    });
    releasers.push(() => recordings.close());

    async function owe(
      tx: PoolClient,
      { events, arrivals, notes }: Pick<Folded, 'events' | 'arrivals' | 'notes'>,
      holdMs?: HoldMs,
    ): Promise<() => void> {
      await redirect.callsOver(tx, events);
      const expectations = await recordings.expect(tx, events);
      const told = events.map((event, i) => {
        const expected = expectations.get(event) ?? null;
        const planned = connections.plan(event.call.enterprise, expected ? withoutRecording(event) : event);
        return { event, expected, planned, arrivedAt: arrivals[i] ?? event.at };
      });
      const why = told.flatMap(({ event, planned, arrivedAt }) => notesOfPlans(event, planned, arrivedAt));
      await saveNotes(tx, [...notes, ...why]);
      const owed = told.flatMap(({ event, expected, planned, arrivedAt }) =>
        planned.flatMap(({ type, plan }) => {
          const { enterprise } = event.call;
          const steps = stepsOf(plan);
          const held = steps.length > 0 && holdMs ? holdMs(enterprise, type) : 0;
          const one = { enterprise, type, event, steps, arrivedAt, holdMs: held };
          return expected ? owedWithRecording(one, expected) : [one];
        }),
      );
      const lanes = await outbox.owe(tx, owed);
      const looksFor = told.some(({ expected }) => expected !== null);
      return () => {
        delivery.wake(lanes);
        if (looksFor) recordings.kick();
      };
    }

    function onFolded({ events }: Folded): void {
      if (events.length > 0) toldAt = clock.monotonic();
      for (const event of events) {
        if (event.kind === 'call.finished') logFinished(log, event);
        callFigures.told(event);
        overrides.onCallEvent?.(event);
      }
    }

    /** Before the settings are read nobody is unknown: the PBX is told to come again, not that it is a stranger. */
    function findByToken(token: string): Enterprise | null {
      if (!directory.loaded()) throw new TrunklineError('DB_UNREACHABLE', 'the settings have not been read yet');
      return directory.byToken(token);
    }

    /** Links run for the PBXs whose lease is ours, with their settings as they are now. */
    function follow(): void {
      const targets = [...units.held()].flatMap((key) => pbxTarget(key, directory.onPbx(key)) ?? []);
      links.apply(targets).catch((error: unknown) => log.error({ err: error }, 'links could not follow the settings'));
    }

    async function followSettings(): Promise<void> {
      await units.apply(directory.all());
      connections.sweep();
      follow();
      delivery.wake();
    }

    // 4. The door.
    const basePath = pathOfAddress(config.publicUrl);
    const server = await buildServer({
      ...config.http,
      trustProxy: config.trustProxy,
      basePath,
      log,
      metrics,
      health,
      metricsToken: config.metricsToken,
      plugins: [
        (scope) => webhooksPlugin(scope, { findByToken, intake, clock, log, metrics }),
        (scope) => redirect.plugin(scope),
        (scope) => clicks.plugin(scope),
        (scope) => lettingIn.plugin(scope),
        (scope) => admin.plugin(scope),
        (scope) => recovery.plugin(scope),
        (scope) => recordings.plugin(scope),
        (scope) =>
          uiPlugin(scope, { folder: uiFolder(), basePath, secure: config.publicUrl?.startsWith('https:') ?? false }),
      ],
    });
    const listener = createListener({
      url: database.url,
      channels: {
        [CHANNELS.config]: () => directory.invalidate(),
        [CHANNELS.deliveries]: (payload) => delivery.heard(payload),
        [CHANNELS.inbox]: (payload) => units.inboxChanged(payload || undefined),
        [CHANNELS.recovery]: () => recovery.asked(),
      },
      onReconnect: () => {
        directory.invalidate();
        delivery.wake();
        units.inboxChanged();
      },
      log,
      clock,
    });

    health.ask('database', async () => {
      if (database.schema === null) return 'not reached yet';
      await pool.query('SELECT 1');
      return null;
    });
    health.ask('settings', () => (directory.loaded() ? null : 'not read yet'));
    health.ask('journal', async () => (await webhookJournal.check())?.message ?? null);
    health.ask('recordings', () => recordings.trouble());
    health.ask('workers', () => [...failed].map(([name, why]) => `${name}: ${why}`).join('; ') || null);
    exposeFigures({ metrics, links, units, directory, pools: { main: pool, intake: intakePool, claims } });
    const queue = createQueueFigures({ pool, clock, log, metrics });

    /** A part that runs until the stop. */
    function work(name: string, run: (signal: AbortSignal) => Promise<void>): void {
      const excused = (error: unknown) => databaseFailure(error) !== 'other';
      workers.push(supervise(name, run, { clock, log, failed, excused, signal: stopping.signal }));
    }

    async function maintain(): Promise<void> {
      await runPartitionMaintenance(pool, clock.now(), { ...DEFAULT_RETENTION, ...config.retention });
      await dropJournalMarks(pool);
      await clicks.maintain();
      await recovery.maintain();
      await admin.maintain();
      await alerts.maintain();
    }

    /** What must be done once before the parts may run; a database that goes away in the middle is waited for. */
    async function prepare(): Promise<void> {
      await database.ready;
      for (; !stopping.signal.aborted; await clock.sleep(RETRY_MS, stopping.signal)) {
        try {
          await releaseFormerLeases(pool, instance.holder);
          await maintain();
          await admin.prepare();
          return await directory.refresh();
        } catch (error) {
          if (databaseFailure(error) === 'other') throw error;
          log.warn({ err: error }, 'the database went away while starting; trying again');
        }
      }
    }

    async function boot(): Promise<void> {
      await prepare();
      if (stopping.signal.aborted) return;
      work('settings', (signal) => directory.run(signal));
      work('delivery', (signal) => delivery.run(signal));
      work('leases', (signal) => units.keep(signal));
      work('redirect', (signal) => redirect.run(signal));
      work('users of CRMs', (signal) => crmUsers.run(signal));
      work('registrations', (signal) => registrar.run(signal));
      work('status of managers', (signal) => statuses.run(signal));
      work('recordings', (signal) => recordings.run(signal));
      work('recovery', (signal) => recovery.run(signal));
      work('recovered posts', (signal) => recovery.runPosted(signal));
      work('reconciliation', (signal) => recovery.runNightly(signal));
      work('clicks', (signal) => clicks.run(signal));
      work('admin', (signal) => admin.run(signal));
      work('maintenance', async (signal) => {
        for (; !signal.aborted; await clock.sleep(MAINTENANCE_MS, signal)) await maintain();
      });
      work('alerts', (signal) => alerts.run(signal));
      work('queue figures', (signal) => queue.run(signal));
      work('delivery retention', (signal) => retention.run(signal));
      directory.onChange(() => void followSettings().catch((error: unknown) => log.error({ err: error }, 'settings')));
      releasers.push(() => units.stop());
      releasers.push(() => links.stop());
      await followSettings();
      listener.start();
      releasers.push(() => listener.stop());
      intake.start();
      log.info({ url }, 'trunkline is ready');
    }

    return {
      get url() {
        return url;
      },
      database,
      async start() {
        releasers.push(async () => {
          stopping.abort();
          await Promise.all(workers);
        });
        const address = await server.start();
        url = `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
        const booted = boot();
        // Without a database the daemon stays up, says so on /readyz and goes on when there is one.
        await Promise.race([booted, clock.sleep(PATIENCE_MS, stopping.signal)]);
        booted.catch((error: unknown) => failed.set('boot', error instanceof Error ? error.message : String(error)));
      },
      async reload() {
        await directory.refresh();
        await followSettings();
      },
      healthy: () => failed.size === 0,
      idle: () => delivery.idle(),
      async stop() {
        // Posts under way are answered before their intake closes, and nothing new comes after that.
        await server.stop();
        await intake.stop();
        await releasers.run();
      },
    };
  } catch (error) {
    await releasers.run().catch(() => undefined);
    throw error;
  }
}
