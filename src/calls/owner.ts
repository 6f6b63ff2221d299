/**
 * The owner of one PBX: the only one that folds its facts, in order.
 *
 * States
 * - `folding`: facts from the link (in memory) and from the inbox (acknowledged webhooks, in the database) are folded in
 *   batches (an idle owner lets the facts of one step of a call come together first); each batch is one transaction that
 *   consumes the facts, saves the calls they changed, their call events and the deliveries these owe. Only after the commit does the tracker keep the new state.
 * - `away`: the database does not answer. AMI facts go to this PBX's disk journal, in order; nothing is folded. When the
 *   database answers again the live calls are read anew and the journal is folded, each batch with its sequence number;
 *   then `folding` goes on.
 * - `stopped`: asked to stop, or the lease was taken over (`DB_EPOCH_STALE`).
 *
 * Invariants
 * - A fact is folded exactly once: an AMI fact is stored in the transaction that folds it, a webhook leaves the inbox in
 *   it, a journal's sequence is marked in it.
 * - A batch that fails changes nothing in memory either. One whose COMMIT got no answer is told by its number.
 * - A fact the tracker cannot fold (a bug) is logged, kept in `asterisk_logs` and passed over: it stops no other call. A call that
 *   cannot be looked at when its time is up is left until something is told of it.
 * - If the journal fails too, facts are lost; that is a gap with reason `journal`, listed like any other.
 * - Work that must see what is stored of calls, and must not run beside a fold, has its turn between two (`between`): when no
 *   fact waits, or a quarter of a second after the last such turn, so that a busy PBX does not put it off for ever.
 * - When our clock is set, what was dated before is folded before, and the mark moves with the clock.
 * - "Stored up to" is never later than the first fact that a kill at this moment would lose. Only `mark` moves it: what
 *   arrived before the mark is in hand, and once that is stored the mark holds. A fact read late is dated late, so dates of
 *   facts prove nothing.
 */
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import { uidOf } from './facts.js';
import type { Fact } from './facts.js';
import type { ConsumedFact } from './store.js';
import type { Effect, Folded, Recalled, Tracker } from './tracker.js';

export interface InboxFact extends ConsumedFact {
  id: string;
}

/** Names one batch of one run of an owner. */
export interface BatchNumber {
  run: string;
  number: number;
}

export interface FoldBatch {
  batch: BatchNumber;
  facts: ConsumedFact[];
  inboxIds: string[];
  folded: Folded;
  journalMark: { journal: string; sequence: number } | null;
  /** Up to when every fact of the PBX is stored, with this batch; null when it says nothing new. Unix ms. */
  storedUpTo: number | null;
}

/** This PBX's place on disk for facts while the database is away. */
export interface FactJournal {
  /** `batch`: the fact may be stored already, if that batch is. */
  append(fact: Fact, batch: BatchNumber | null): Promise<void>;
  /** Facts after the last one stored, oldest first, at most `limit`. */
  read(limit: number): Promise<{ facts: Fact[]; journal: string; sequence: number } | null>;
  acknowledge(sequence: number): Promise<void>;
  close(): Promise<void>;
}

export interface OwnerDeps {
  pbx: string;
  /** Names this run of the owner: a UUID. */
  run: string;
  /** Resolves when no transaction of ours is under way in the database any more. */
  settled(): Promise<void>;
  /** A tracker with the live calls as the database has them. */
  loadTracker(): Promise<Tracker>;
  /** What is stored of these uids. */
  recall(uids: readonly string[]): Promise<Recalled>;
  clock: Clock;
  log: Logger;
  /** Resolves when a batch may begin: something of this process may be more urgent for a moment. Null: at once. */
  makeWay?(): Promise<void> | null;
  /** One transaction; rejects without effect. */
  persist(batch: FoldBatch): Promise<void>;
  /** Acknowledged webhooks that are not folded yet, oldest first. */
  readInbox(limit: number): Promise<InboxFact[]>;
  openJournal(): Promise<FactJournal>;
  /** True when the failure means that the database does not answer (or its disk is full), false when it is our bug. */
  isAway(error: unknown): boolean;
  /**
   * What an earlier run left is folded. Answers the facts that come next, such as that the link was lost meanwhile; only
   * from now on may there be new ones.
   */
  recovered?(): Promise<Fact[]>;
  /** Asks the PBX whether these channels still are; the answers come back through `offer`. */
  askPbx(uids: string[]): Promise<void>;
  /** After a commit. */
  onFolded(folded: Folded): void;
  /** AMI facts could not even be journalled. */
  onLoss(at: number): void;
  count(what: string, by?: number): void;
}

export type OwnerState = 'folding' | 'away' | 'stopped';

const BATCH = 500;
/** One step of a call makes several facts, a few milliseconds apart: they are folded together. */
const GATHER_MS = 10;
const AWAY_RETRY_MS = 500;
const BETWEEN_MS = 250;
/** A batch our own code cannot store is tried this often before it is passed over fact by fact. */
const STORE_TRIES = 3;
/** A journalled fact may have waited in a socket this long, beside others that were not journalled any more. */
const READ_MS = 1_000;

/** What a batch makes of the link and of the mark; `before`: the mark as it was, by the clock as it is. */
interface Reached {
  linked: boolean;
  storedUpTo: number | null;
  before: number | null;
}

/** All that arrived before `at` was among the first `offered` facts. */
interface Mark {
  at: number;
  offered: number;
}

/** Our clock was set by `by`; the fact that says so was the `offered`th. */
interface Step {
  by: number;
  offered: number;
}

export class Owner {
  readonly #deps: OwnerDeps;
  #queue: Fact[] = [];
  #inboxDirty = true;
  #state: OwnerState = 'folding';
  #journal: FactJournal | null = null;
  #spilling: Promise<void> = Promise.resolve();
  #wake: (() => void) | null = null;
  #storedUpTo: number | null = null;
  #marks: Mark[] = [];
  readonly #steps: Step[] = [];
  #offered = 0;
  /** How many of the offered facts have left the queue. */
  #taken = 0;
  #tracker: Tracker;
  #between: { work: () => Promise<void>; refuse: (error: Error) => void }[] = [];
  #betweenAt = 0;
  #batch = 0;
  #linked = false;
  /** How many facts at the head of the queue are in a batch that was sent to the database and not answered. */
  #unanswered = 0;

  private constructor(deps: OwnerDeps, tracker: Tracker) {
    this.#deps = deps;
    this.#tracker = tracker;
  }

  static async create(deps: OwnerDeps): Promise<Owner> {
    return new Owner(deps, await deps.loadTracker());
  }

  get pbx(): string {
    return this.#deps.pbx;
  }

  state(): OwnerState {
    return this.#state;
  }

  get tracker(): Tracker {
    return this.#tracker;
  }

  /** Facts waiting in memory. */
  backlog(): number {
    return this.#queue.length;
  }

  /** Whatever the PBX told before `at` (Unix ms) has been offered. */
  mark(at: number): void {
    const last = this.#marks.at(-1);
    if (last?.offered === this.#offered) last.at = Math.max(last.at, at);
    else this.#marks.push({ at, offered: this.#offered });
  }

  /** Every fact before this moment (Unix ms) is stored; null while no link feeds this owner, for then some are missed. */
  storedUpTo(): number | null {
    if (this.#state === 'folding') {
      this.#storedUpTo = Math.max(this.#markedUpTo(this.#taken), this.#storedUpTo ?? 0) || null;
      this.#marks = this.#marks.filter((mark) => mark.offered > this.#taken);
    }
    return this.#linked ? this.#storedUpTo : null;
  }

  /** A fact from the link. Never throws and never waits. */
  offer(fact: Fact): void {
    if (this.#state === 'stopped') return;
    this.#offered += 1;
    if (fact.kind === 'clock.stepped') this.#steps.push({ by: fact.by, offered: this.#offered });
    this.#queue.push(fact);
    if (this.#state === 'away') this.#spill();
    else this.#kick();
  }

  /** There is something new in the inbox. */
  inboxChanged(): void {
    this.#inboxDirty = true;
    this.#kick();
  }

  /** Does this work between two folds. Rejects with what it throws, and when this owner stops before. */
  between<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state === 'stopped') return Promise.reject(stoppedError());
    return new Promise<T>((resolve, reject) => {
      this.#between.push({ work: () => work().then(resolve, reject), refuse: reject });
      this.#kick();
    });
  }

  /** Runs until the signal aborts; what was offered before is folded first, if the database answers. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#kick();
    signal.addEventListener('abort', stop);
    try {
      await this.#recoverJournal(signal);
      while (this.#live() && !(signal.aborted && this.#queue.length === 0)) {
        await this.#deps.makeWay?.();
        const worked = await this.#tickSafely(signal);
        if (signal.aborted && !worked) break;
        if (await this.#turnBetween()) continue;
        if (worked) continue;
        await this.#idle(signal);
        if (this.#queue.length > 0 && !signal.aborted) await this.#deps.clock.sleep(GATHER_MS, signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#state = 'stopped';
      for (const { refuse } of this.#between.splice(0)) refuse(stoppedError());
      await this.#spilling;
      await this.#journal?.close();
    }
  }

  /** One piece of work whose turn it is; false when there is none. */
  async #turnBetween(): Promise<boolean> {
    const { clock } = this.#deps;
    const isIdle = this.#queue.length === 0 && !this.#inboxDirty;
    if (this.#state !== 'folding' || !(isIdle || clock.monotonic() - this.#betweenAt >= BETWEEN_MS)) return false;
    const next = this.#between.shift();
    if (!next) return false;
    await next.work();
    this.#betweenAt = clock.monotonic();
    return true;
  }

  /** Folds one batch; false when there was nothing to do. */
  async tick(): Promise<boolean> {
    const now = this.#deps.clock.now();
    const next = this.#queue.slice(0, BATCH);
    const step = next.findIndex((fact) => fact.kind === 'clock.stepped');
    if (step === 0) return this.#foldStep();
    const live = step < 0 ? next : next.slice(0, step);
    const inbox = await this.#fromInbox(next[step]);
    const wakeAt = this.#tracker.wakeAt();
    const due = wakeAt !== null && wakeAt <= now;
    if (live.length === 0 && inbox.length === 0 && !due) return false;
    const facts: ConsumedFact[] = [...inbox, ...live.map(consumedAmi)];
    if (due) facts.push(consumedAmi({ kind: 'timer', source: 'system', at: now, arrivedAt: now, stamped: false }));
    this.#unanswered = live.length;
    try {
      await this.#fold({ facts, inboxIds: inbox.map((row) => row.id), taken: live.length });
    } catch (error) {
      this.#inboxDirty = true;
      throw error;
    }
    this.#take(live.length);
    this.#unanswered = 0;
    return true;
  }

  /** What comes before our clock is set is folded before, and what comes after after. */
  async #foldStep(): Promise<boolean> {
    this.#unanswered = 1;
    await this.#fold({ facts: this.#queue.slice(0, 1).map(consumedAmi), taken: 1 });
    this.#take(1);
    this.#unanswered = 0;
    return true;
  }

  async #fromInbox(step: Fact | undefined): Promise<InboxFact[]> {
    if (!this.#inboxDirty) return [];
    // What is stored while we look may not be seen by this look: it says so after this.
    this.#inboxDirty = false;
    try {
      const posts = await this.#deps.readInbox(BATCH);
      const after = posts.findIndex(({ fact }) => step !== undefined && isAfter(fact.arrivedAt, step));
      if (after >= 0 || posts.length === BATCH) this.#inboxDirty = true;
      return after < 0 ? posts : posts.slice(0, after);
    } catch (error) {
      this.#inboxDirty = true;
      throw error;
    }
  }

  #take(count: number): void {
    this.#queue.splice(0, count);
    this.#taken += count;
  }

  /** `taken`: how many facts at the head of the queue are in it. */
  async #fold({ facts, inboxIds = [], journalMark = null, taken = 0 }: Work): Promise<void> {
    // Numbered first: what fails before it is sent is of no batch that was stored.
    const batch = { run: this.#deps.run, number: ++this.#batch };
    const { draft, folded } = this.#draft(facts, await this.#recall(facts));
    const { linked, storedUpTo, before } = this.#reached(facts, journalMark === null ? this.#taken + taken : null);
    // Timers are ours, not the PBX's: they are folded, not kept.
    const kept = facts.filter(({ fact }) => fact.kind !== 'timer' || fact.source !== 'system');
    await this.#deps.persist({ batch, facts: kept, inboxIds, folded, journalMark, storedUpTo });
    draft.commit();
    this.#linked = linked;
    this.#storedUpTo = storedUpTo ?? before;
    this.#deps.count('facts_folded', kept.length);
    this.#deps.onFolded(folded);
    this.#carryOut(folded.effects);
  }

  /** Whether the link is up after these facts, and up to when everything is stored with them. `taken` is null for journalled ones. */
  #reached(facts: readonly ConsumedFact[], taken: number | null): Reached {
    let linked = this.#linked;
    let upTo = taken === null ? (facts.at(-1)?.fact.arrivedAt ?? 0) - READ_MS : this.#markedUpTo(taken);
    let caughtUp = 0;
    let before = this.#storedUpTo;
    for (const { fact } of facts) {
      if (fact.kind === 'clock.stepped') {
        if (before !== null) before += fact.by;
        if (caughtUp > 0) caughtUp += fact.by;
      }
      // While the link is lost nothing else comes of it.
      if (fact.kind === 'link.lost') linked = false;
      else if (fact.source === 'ami') linked = true;
      // The PBX has been caught up with: what was before is stored, or lies in the gap that ends here.
      if (fact.kind === 'link.up') caughtUp = fact.at - READ_MS;
    }
    upTo = Math.max(upTo, caughtUp);
    return { linked, storedUpTo: linked ? Math.max(upTo, before ?? 0) : null, before };
  }

  /** What the marks say when so many of the offered facts are stored, by our clock as it was then; 0 when none holds. */
  #markedUpTo(taken: number): number {
    let latest = 0;
    for (const mark of this.#marks) if (mark.offered <= taken) latest = Math.max(latest, this.#at(mark, taken));
    return latest;
  }

  /** When that was by the clock as it is after so many facts. */
  #at({ at, offered }: Mark, taken: number): number {
    const since = this.#steps.filter((step) => offered < step.offered && step.offered <= taken);
    return since.reduce((moved, { by }) => moved + by, at);
  }

  /** A uid the tracker does not know may have been another call's. */
  async #recall(facts: readonly ConsumedFact[]): Promise<Recalled> {
    const uids = this.#tracker.unheard(facts.map(({ fact }) => fact));
    return uids.length === 0 ? { ended: [], taken: [] } : this.#deps.recall(uids);
  }

  #draft(facts: ConsumedFact[], recalled: Recalled) {
    const poisoned = new Set<Fact>();
    for (;;) {
      const draft = this.#tracker.begin(recalled);
      let bad: Fact | null = null;
      for (const { fact } of facts) {
        if (poisoned.has(fact)) continue;
        try {
          draft.fold(fact);
        } catch (error) {
          bad = fact;
          const failing = fact.kind === 'timer' ? this.#tracker.failing(fact) : [];
          // They would be due for ever, and nobody else's turn would come.
          this.#tracker.letSleep(failing);
          this.#deps.log.error(
            { pbx: this.pbx, fact: fact.kind, calls: failing.map(({ uid }) => uid), err: error },
            'a fact could not be folded and is passed over',
          );
          this.#deps.count('facts_poisoned');
          break;
        }
      }
      if (!bad) return { draft, folded: draft.result() };
      poisoned.add(bad);
    }
  }

  #carryOut(effects: readonly Effect[]): void {
    const ask = new Set<string>();
    for (const effect of effects) {
      switch (effect.kind) {
        case 'confirm-gone':
          for (const uid of effect.uids) ask.add(uid);
          break;
        case 'ask-status':
          ask.add(effect.uid);
          break;
        case 'count':
          this.#deps.count(effect.what);
          break;
      }
    }
    if (ask.size === 0) return;
    this.#deps.askPbx([...ask]).catch((error: unknown) => {
      this.#deps.log.debug({ pbx: this.pbx, err: error }, 'the PBX could not be asked; resync or a timer decides');
    });
  }

  #storeFailures = 0;

  /** One tick whose failure is dealt with. True when the loop should go on at once. */
  async #tickSafely(signal: AbortSignal): Promise<boolean> {
    try {
      const worked = await this.tick();
      this.#storeFailures = 0;
      return worked;
    } catch (error) {
      if (isStale(error)) {
        this.#deps.log.warn({ pbx: this.pbx }, 'another daemon owns this PBX now');
        this.#state = 'stopped';
        return false;
      }
      if (this.#deps.isAway(error)) {
        await this.#away(error, signal);
        return true;
      }
      this.#deps.log.error({ pbx: this.pbx, err: error }, 'a batch could not be stored');
      this.#deps.count('batches_failed');
      if (++this.#storeFailures >= STORE_TRIES) await this.#passOver();
      else await this.#deps.clock.sleep(100 * this.#storeFailures, signal);
      return true;
    }
  }

  /** The batch is our bug: the oldest fact of either kind is tried alone, and dropped with its text in the log if it fails. */
  async #passOver(): Promise<void> {
    this.#storeFailures = 0;
    const [post] = await this.#deps.readInbox(1).catch(() => []);
    if (post && (await this.#tryAlone(post, { inboxIds: [post.id] })) === 'dropped')
      await this.#fold({ facts: [], inboxIds: [post.id] }).catch(() => undefined);
    const one = this.#queue[0];
    if (one && (await this.#tryAlone(consumedAmi(one), { taken: 1 })) !== 'away') this.#take(1);
  }

  async #tryAlone(fact: ConsumedFact, place: Omit<Work, 'facts'>): Promise<'stored' | 'dropped' | 'away'> {
    try {
      await this.#fold({ facts: [fact], ...place });
      return 'stored';
    } catch (error) {
      if (this.#deps.isAway(error)) return 'away';
      this.#deps.log.error({ pbx: this.pbx, fact, err: error }, 'a fact could not be stored and is dropped');
      this.#deps.count('facts_dropped');
      return 'dropped';
    }
  }

  async #away(error: unknown, signal: AbortSignal): Promise<void> {
    this.#deps.log.warn({ pbx: this.pbx, err: error }, 'the database is away: facts go to the journal');
    this.#state = 'away';
    this.#spill();
    while (this.#state === 'away') {
      await this.#deps.clock.sleep(AWAY_RETRY_MS, signal);
      await this.#spilling;
      if (await this.#drainSafely()) this.#state = 'folding';
      else if (signal.aborted) this.#state = 'stopped';
    }
    this.#inboxDirty = true;
    this.#deps.log.info({ pbx: this.pbx }, 'the database is back and the journal is folded');
  }

  /** True when everything journalled is folded. */
  async #drainSafely(): Promise<boolean> {
    try {
      await this.#deps.settled();
      this.#tracker = await this.#deps.loadTracker();
      await this.#drain();
      // Proves that the database answers even when nothing was journalled.
      await this.#deps.readInbox(1);
      await this.#spilling;
      return this.#queue.length === 0 && (await this.#journal?.read(1)) === null;
    } catch (error) {
      if (!this.#deps.isAway(error))
        this.#deps.log.error({ pbx: this.pbx, err: error }, 'the journal could not be folded');
      return false;
    }
  }

  async #drain(): Promise<void> {
    this.#journal ??= await this.#deps.openJournal();
    for (let batch = await this.#journal.read(BATCH); batch; batch = await this.#journal.read(BATCH)) {
      const { journal, sequence } = batch;
      await this.#fold({ facts: batch.facts.map(consumedAmi), journalMark: { journal, sequence } });
      await this.#journal.acknowledge(sequence);
    }
  }

  /** What an earlier run left in the journal comes before anything new. */
  async #recoverJournal(signal: AbortSignal): Promise<void> {
    this.#journal = await this.#deps.openJournal();
    if ((await this.#journal.read(1)) !== null) {
      this.#state = 'away';
      while (!(await this.#drainSafely()) && !signal.aborted) await this.#deps.clock.sleep(AWAY_RETRY_MS, signal);
      this.#state = 'folding';
    }
    for (const fact of (await this.#deps.recovered?.()) ?? []) this.offer(fact);
  }

  /** Moves what waits in memory to the journal, in order. */
  #spill(): void {
    this.#spilling = this.#spilling.then(async () => {
      const facts = this.#queue;
      const unanswered = this.#unanswered;
      this.#queue = [];
      this.#taken += facts.length;
      this.#unanswered = 0;
      if (facts.length === 0) return;
      const batch = { run: this.#deps.run, number: this.#batch };
      try {
        this.#journal ??= await this.#deps.openJournal();
        const journal = this.#journal;
        await Promise.all(facts.map((fact, i) => journal.append(fact, i < unanswered ? batch : null)));
      } catch (error) {
        this.#deps.log.error({ pbx: this.pbx, lost: facts.length, err: error }, 'facts could not be journalled');
        this.#deps.count('facts_lost', facts.length);
        this.#deps.onLoss(facts[0]?.at ?? this.#deps.clock.now());
      }
    });
  }

  #live(): boolean {
    return this.#state !== 'stopped';
  }

  #kick(): void {
    this.#wake?.();
  }

  async #idle(signal: AbortSignal): Promise<void> {
    if (this.#queue.length > 0 || this.#inboxDirty || this.#between.length > 0) return;
    const wakeAt = this.#tracker.wakeAt();
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const waits = [woken];
    if (wakeAt !== null) waits.push(this.#deps.clock.sleep(Math.max(1, wakeAt - this.#deps.clock.now()), timer.signal));
    if (!signal.aborted) await Promise.race(waits);
    this.#wake = null;
    timer.abort();
  }
}

interface Work {
  facts: ConsumedFact[];
  inboxIds?: string[];
  journalMark?: FoldBatch['journalMark'];
  taken?: number;
}

function consumedAmi(fact: Fact): ConsumedFact {
  return { fact, eventType: fact.kind, uid: uidOf(fact), raw: fact };
}

/** Whether this was dated by the clock as it was set, and not as it was before: by the time it is nearer to. */
function isAfter(arrivedAt: number, step: Fact): boolean {
  const by = step.kind === 'clock.stepped' ? step.by : 0;
  return Math.abs(arrivedAt - step.at) < Math.abs(arrivedAt - (step.at - by));
}

function stoppedError(): TrunklineError {
  return new TrunklineError('DB_EPOCH_STALE', 'this PBX is not folded here any more');
}

function isStale(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'DB_EPOCH_STALE';
}
