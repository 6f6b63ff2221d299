/**
 * One PBX as this daemon runs it: its lease, its owner (tracker and folds) and, where it speaks AMI, its link. Part of the
 * composition, beside app.ts.
 *
 * States: `waiting` (another daemon holds the lease) → `running` → `waiting` again when the lease is lost, or `stopped`.
 * A unit that fails disturbs no other; it starts again after a pause.
 */
import { randomUUID } from 'node:crypto';
import type { Fact } from './calls/facts.js';
import { openFactJournal } from './calls/fact-journal.js';
import { Owner } from './calls/owner.js';
import type { FoldBatch, InboxFact } from './calls/owner.js';
import * as store from './calls/store.js';
import type { InboxRow } from './calls/store.js';
import { Tracker } from './calls/tracker.js';
import type { EnterpriseProfile, Folded, Recalled, TrackerContext } from './calls/tracker.js';
import { databaseFailure } from './db/failure.js';
import { acquireLease, assertEpoch, releaseLease } from './db/leases.js';
import type { Lease } from './db/leases.js';
import type { Pool, PoolClient } from './db/pool.js';
import { inTransaction } from './db/tx.js';
import type { Clock } from './platform/clock.js';
import { TrunklineError } from './platform/errors.js';
import type { Journal } from './platform/journal.js';
import type { Logger } from './platform/log.js';
import type { FleetEventName } from './webhooks/parse.js';

export interface PbxUnitDeps {
  key: string;
  hasLink: boolean;
  pool: Pool;
  clock: Clock;
  log: Logger;
  holder: string;
  leaseTtlMs: number;
  tracker: Omit<TrackerContext, 'pbx' | 'enterprises' | 'newCallId'>;
  profiles(): EnterpriseProfile[];
  /** A post as the tracker's fact. @throws TrunklineError WEBHOOK_MALFORMED */
  toFact(row: Omit<InboxRow, 'event'> & { event: FleetEventName }): Fact;
  journalDir: string;
  openJournal(dir: string): Promise<Journal>;
  /** The deliveries these events owe, in the fold's transaction. Called again after the commit to wake the lanes. */
  owe(tx: PoolClient, folded: Folded): Promise<() => void>;
  /** Keeps, in the fold's transaction, what of these facts others want besides. */
  keepFacts(tx: PoolClient, pbx: string, facts: readonly Fact[]): Promise<void>;
  onFolded(folded: Folded): void;
  askPbx(uids: string[]): Promise<void>;
  /** As of the owner. */
  makeWay(): Promise<void> | null;
  count(what: string, by?: number): void;
  /** The link may run from now on, or must stop. */
  onHeld(held: boolean): void;
}

export interface PbxUnit {
  readonly key: string;
  offer(fact: Fact): void;
  inboxChanged(): void;
  profilesChanged(): void;
  /** One transaction under this PBX's lease, between two folds. Rejects while another daemon holds the PBX. */
  between<T>(work: (tx: PoolClient, epoch: number) => Promise<T>): Promise<T>;
  /** Null while another daemon holds this PBX. */
  owner(): Owner | null;
  lease(): Lease | null;
  /** What is surely left of the lease, milliseconds; 0 without one. */
  leaseLeftMs(): number;
  /** The lease was renewed by a statement sent at this moment of the monotonic clock. */
  leaseRenewed(at: number): void;
  /** The lease was lost, or could not be renewed in time. */
  leaseLost(): void;
  /** Folds what is in hand, then lets the lease go. */
  stop(): Promise<void>;
}

const RETRY_MS = 1_000;

export function startPbxUnit(deps: PbxUnitDeps): PbxUnit {
  const { key, pool, clock, log } = deps;
  const stopping = new AbortController();
  let owner: Owner | null = null;
  let lease: Lease | null = null;
  let tenure: AbortController | null = null;
  /** By the monotonic clock, before the database was asked: its own count began later. */
  let leasedAt = 0;

  function context(): TrackerContext {
    return { ...deps.tracker, pbx: key, enterprises: deps.profiles(), newCallId: randomUUID };
  }

  async function loadTracker(): Promise<Tracker> {
    const tracker = new Tracker(context());
    tracker.load(await store.loadLiveCalls(pool, key));
    return tracker;
  }

  function recall(uids: readonly string[]): Promise<Recalled> {
    const enterprises = deps.profiles().map(({ number }) => number);
    return store.recallUids(pool, { pbx: key, enterprises, uids, now: clock.now() });
  }

  async function readFacts(limit: number): Promise<InboxFact[]> {
    const rows = await store.readInbox(pool, key, limit);
    const now = clock.now();
    return rows.map((row) => ({
      id: row.id,
      // Our clock may have been set back since it came.
      fact: readable({ ...row, arrivedAt: Math.min(row.arrivedAt, now) }),
      eventType: row.event,
      uid: row.uid,
      raw: row.raw,
    }));
  }

  /** A post that was accepted and cannot be read any more (by a newer version) is consumed and changes nothing. */
  function readable(row: InboxRow): Fact {
    try {
      return deps.toFact({ ...row, event: row.event as FleetEventName });
    } catch (error) {
      log.error({ pbx: key, event: row.event, err: error }, 'a post could not be read and is passed over');
      deps.count('posts_unreadable');
      const { enterprise, arrivedAt } = row;
      return { kind: 'timer', source: 'webhook', at: arrivedAt, arrivedAt, stamped: false, enterprise };
    }
  }

  /** The one transaction of a batch. */
  async function persist(held: Lease, batch: FoldBatch): Promise<void> {
    const { folded, facts } = batch;
    const wake = await inTransaction(pool, async (tx) => {
      await assertEpoch(tx, held);
      for (const { fact } of facts) if (fact.kind === 'clock.stepped') await store.moveStoredUpTo(tx, key, fact.by);
      await store.markBatch(tx, key, { ...batch.batch, storedUpTo: batch.storedUpTo });
      if (batch.inboxIds.length > 0) await store.consumeInbox(tx, batch.inboxIds);
      if (batch.journalMark) await store.markJournal(tx, batch.journalMark.journal, batch.journalMark.sequence);
      await store.saveConsumed(tx, key, facts);
      for (const { fact } of facts) {
        if (fact.kind === 'link.lost')
          await store.openGap(tx, key, fact.source === 'system' ? 'daemon' : 'link', fact.at);
        if (fact.kind === 'clock.stepped') await store.moveOpenGaps(tx, key, fact.by);
        // Both come together; a PBX whose AMI user may not list channels gives no snapshot.
        if (fact.kind === 'link.up' || fact.kind === 'snapshot') await store.closeGaps(tx, key, fact.at);
      }
      await deps.keepFacts(
        tx,
        key,
        facts.map(({ fact }) => fact),
      );
      await store.saveFold(tx, key, held.epoch, folded);
      return deps.owe(tx, folded);
    });
    wake();
  }

  async function hold(held: Lease): Promise<void> {
    const run = randomUUID();
    const ours = new AbortController();
    tenure = ours;
    const signal = AbortSignal.any([stopping.signal, ours.signal]);
    const running = await Owner.create({
      pbx: key,
      run,
      settled: async () => void (await store.loadBatch(pool, key, run)),
      loadTracker,
      recall,
      clock,
      log,
      makeWay: deps.makeWay,
      persist: (batch) => persist(held, batch),
      readInbox: readFacts,
      openJournal: () =>
        openFactJournal(key, {
          dir: deps.journalDir,
          open: deps.openJournal,
          storedUpTo: (journal) => store.loadJournalMark(pool, journal),
          storedBatch: (of) => store.loadBatch(pool, key, of),
        }),
      isAway: (error) => databaseFailure(error) !== 'other',
      recovered,
      askPbx: deps.askPbx,
      onFolded: deps.onFolded,
      onLoss: (at) => void openGapLater(at),
      count: deps.count,
    });
    owner = running;
    try {
      await running.run(signal);
    } finally {
      deps.onHeld(false);
      owner = null;
    }
  }

  /** What happened since the last stored fact is not to be had from AMI: a gap, until the first snapshot closes it. */
  async function recovered(): Promise<Fact[]> {
    const at = deps.hasLink ? await store.loadStoredUpTo(pool, key) : null;
    deps.onHeld(true);
    const now = clock.now();
    const ours = { source: 'system', at: now, arrivedAt: now, stamped: false } as const;
    const facts: Fact[] = [];
    // What is dated later than now was dated before our clock was set back; by how much at least, that date says.
    const latest = Math.max(at ?? 0, ...(owner?.tracker.liveCalls().map((call) => call.lastArrival) ?? []));
    const by = Math.min(0, now - latest);
    if (by < 0) facts.push({ ...ours, kind: 'clock.stepped', by });
    if (at !== null) facts.push({ ...ours, kind: 'link.lost', at: at + by });
    return facts;
  }

  async function openGapLater(at: number): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        return await store.openGap(pool, key, 'journal', at);
      } catch {
        await clock.sleep(RETRY_MS, stopping.signal);
      }
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        leasedAt = clock.monotonic();
        lease = await acquireLease(pool, { kind: 'pbx', key }, deps.holder, deps.leaseTtlMs);
        if (lease) await hold(lease);
      } catch (error) {
        log.warn({ pbx: key, err: error }, 'the PBX could not be taken; trying again');
      } finally {
        if (lease) await releaseLease(pool, lease).catch(() => undefined);
        lease = null;
      }
      if (!stopping.signal.aborted) await clock.sleep(RETRY_MS, stopping.signal);
    }
  }

  async function between<T>(work: (tx: PoolClient, epoch: number) => Promise<T>): Promise<T> {
    const [running, held] = [owner, lease];
    if (!running || !held) throw new TrunklineError('DB_EPOCH_STALE', 'this PBX is not folded here');
    return running.between(() =>
      inTransaction(pool, async (tx) => {
        await assertEpoch(tx, held);
        return work(tx, held.epoch);
      }),
    );
  }

  const done = run();
  return {
    key,
    offer: (fact) => owner?.offer(fact),
    inboxChanged: () => owner?.inboxChanged(),
    profilesChanged: () => owner?.tracker.setContext(context()),
    between,
    owner: () => owner,
    lease: () => lease,
    leaseLeftMs: () => (lease ? Math.max(0, leasedAt + deps.leaseTtlMs - clock.monotonic()) : 0),
    leaseRenewed: (at) => (leasedAt = at),
    leaseLost: () => tenure?.abort(),
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
