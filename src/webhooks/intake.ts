/**
 * Where a post becomes durable: `accept` resolves when it is, and only then is the PBX answered.
 *
 * States
 * - `direct`: posts are stored in the database, many in one commit.
 * - `journal`: the database is away (it fails, or does not commit within `commitMs`, since a PBX gives up after 3 s). Posts
 *   go to the disk journal, the ones of the failed commit first. Meanwhile the journal is moved into the database, oldest
 *   first; when it is empty, the state is `direct` again. A run that finds an old journal begins here.
 *
 * Invariants
 * - One write at a time, of either kind, in the order of acceptance: nothing of any enterprise overtakes what waits in
 *   the journal. Moving it and new posts take turns, so neither waits for the other for longer than one batch.
 * - A post is in the inbox once, whatever became of a commit without an answer, and however often the journal is read
 *   (store.ts says how).
 * - If the journal refuses too, the post is refused with JOURNAL_FULL or JOURNAL_FAILED and `onLoss` is told.
 * - A post that the database can never hold (bad text in it) is refused and costs its neighbours nothing.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Journal, JournalRecord } from '../platform/journal.js';
import type { Logger } from '../platform/log.js';
import type { Metrics } from '../platform/metrics.js';
import { createGroupCommit } from './group-commit.js';
import type { GroupCommit } from './group-commit.js';
import type { AcceptedWebhook } from './parse.js';
import { isRowAtFault } from './store.js';
import type { InboxStore, JournaledWebhook, NumberedWebhook } from './store.js';

export interface WebhookIntakeDeps {
  store: InboxStore;
  /** A journal of its own: nobody else's records in it. */
  journal: Journal;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** The inbox of this PBX has something new. */
  onStored(pbx: string): void;
  /** A post of this enterprise was refused because it could be kept nowhere. `at`: Unix ms. */
  onLoss(enterprise: string, pbx: string, at: number): void;
  /** How long a commit may take before the journal is used. Default 1,500. */
  commitMs?: number;
  /** Pause between two tries to reach the database. Default 500. */
  retryMs?: number;
}

export type IntakeState = 'direct' | 'journal';

export interface WebhookIntake {
  /** Resolves when the post is durable. @throws TrunklineError JOURNAL_FULL, JOURNAL_FAILED or WEBHOOK_MALFORMED */
  accept(webhook: AcceptedWebhook): Promise<void>;
  state(): IntakeState;
  /** Begins to move what an earlier run left in the journal. */
  start(): void;
  /** Moves one batch of the journal into the database. True when nothing is left. Rejects when the database is away. */
  tick(): Promise<boolean>;
  /** Lets what was accepted become durable; what is in the journal stays there for the next run. */
  stop(): Promise<void>;
}

const TOPIC = 'webhook';
const BATCH = 500;

export function createWebhookIntake(deps: WebhookIntakeDeps): WebhookIntake {
  return new Intake(deps);
}

class Intake implements WebhookIntake {
  readonly #deps: WebhookIntakeDeps;
  readonly #stream = randomUUID();
  readonly #commit: GroupCommit<NumberedWebhook>;
  readonly #stopping = new AbortController();
  readonly #count;
  #n = 0;
  #state: IntakeState;
  #moving: Promise<void> = Promise.resolve();
  #isMoving = false;
  /** Whatever writes runs alone, in turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: WebhookIntakeDeps) {
    this.#deps = deps;
    this.#state = deps.journal.pending() > 0 ? 'journal' : 'direct';
    this.#commit = createGroupCommit({ write: (batch) => this.#alone(() => this.#write(batch)), maxBatch: BATCH });
    const { metrics } = deps;
    this.#count = metrics.counter('webhooks_stored_total', 'Posts by where they became durable', ['where']);
    metrics.gauge('webhook_journal_bytes', 'Bytes of the journal of posts', { collect: () => deps.journal.bytes() });
    metrics.gauge('webhook_journal_pending', 'Posts in the journal', { collect: () => deps.journal.pending() });
  }

  accept(webhook: AcceptedWebhook): Promise<void> {
    if (this.#stopping.signal.aborted) {
      return Promise.reject(new TrunklineError('JOURNAL_FAILED', 'stopping: no more posts are taken'));
    }
    this.#n += 1;
    return this.#commit.add({ stream: this.#stream, n: this.#n, webhook });
  }

  state(): IntakeState {
    return this.#state;
  }

  start(): void {
    if (this.#state === 'journal') this.#startMoving();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#commit.settled();
    await this.#moving;
    await this.#turn;
  }

  async #write(batch: readonly NumberedWebhook[]): Promise<(Error | null)[]> {
    const results = this.#state === 'direct' ? await this.#store(batch) : [];
    const left = batch.slice(results.length);
    if (left.length > 0) results.push(...(await this.#journal(left)));
    return results;
  }

  /** One result for each post that is settled; fewer than the batch when the database went away in the middle. */
  async #store(batch: readonly NumberedWebhook[]): Promise<(Error | null)[]> {
    try {
      await this.#inTime((signal) => this.#deps.store.insert(batch, signal));
    } catch (error) {
      if (!isRowAtFault(error)) {
        this.#turnToJournal(error);
        return [];
      }
      return batch.length > 1 ? this.#storeOneByOne(batch) : [this.#unstorable(batch[0], error)];
    }
    this.#stored(batch);
    return batch.map(() => null);
  }

  async #storeOneByOne(batch: readonly NumberedWebhook[]): Promise<(Error | null)[]> {
    const results: (Error | null)[] = [];
    for (const one of batch) {
      const result = await this.#store([one]);
      if (result.length === 0) break;
      results.push(...result);
    }
    return results;
  }

  #unstorable(one: NumberedWebhook | undefined, error: unknown): TrunklineError {
    const { enterprise, event } = one?.webhook ?? {};
    this.#deps.log.error({ enterprise, event, err: error }, 'a post cannot be stored and is refused');
    return new TrunklineError('WEBHOOK_MALFORMED', 'the database cannot hold this body', { cause: error });
  }

  async #journal(batch: readonly NumberedWebhook[]): Promise<(Error | null)[]> {
    const appends = await Promise.allSettled(batch.map((one) => this.#deps.journal.append(TOPIC, one)));
    return appends.map((append, index) => {
      const webhook = batch[index]?.webhook;
      if (append.status === 'fulfilled' || !webhook) {
        this.#count.inc({ where: 'journal' });
        return null;
      }
      this.#count.inc({ where: 'nowhere' });
      this.#deps.onLoss(webhook.enterprise, webhook.pbx, webhook.arrivedAt);
      return append.reason instanceof Error
        ? append.reason
        : new TrunklineError('JOURNAL_FAILED', String(append.reason));
    });
  }

  #turnToJournal(error: unknown): void {
    this.#deps.log.warn({ err: error }, 'the database is away: posts go to the journal');
    this.#state = 'journal';
    this.#startMoving();
  }

  #startMoving(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    this.#moving = this.#move().finally(() => (this.#isMoving = false));
  }

  async #move(): Promise<void> {
    const { clock, log, retryMs = 500 } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        // Asked outside a turn: a database that hangs must not keep posts from the journal.
        await this.#inTime((deadline) => this.#deps.store.probe(deadline));
        while (!signal.aborted) if (await this.tick()) return;
      } catch (error) {
        log.debug({ err: error, pending: this.#deps.journal.pending() }, 'the journal waits for the database');
        await clock.sleep(retryMs, signal);
      }
    }
  }

  tick(): Promise<boolean> {
    return this.#alone(async () => {
      const batch = await this.#readJournal();
      const last = batch.at(-1);
      if (last) {
        await this.#storeJournaled(batch.map(asJournaled));
        await this.#deps.journal.acknowledge(last.sequence);
      }
      if (this.#deps.journal.pending() > 0 && batch.length > 0) return false;
      if (this.#state === 'journal') this.#deps.log.info('the journal is empty: posts go to the database again');
      this.#state = 'direct';
      return true;
    });
  }

  async #readJournal(): Promise<JournalRecord[]> {
    const records: JournalRecord[] = [];
    for await (const record of this.#deps.journal.read()) {
      records.push(record);
      if (records.length === BATCH) break;
    }
    return records;
  }

  async #storeJournaled(batch: readonly JournaledWebhook[]): Promise<void> {
    try {
      await this.#inTime((signal) => this.#deps.store.insertJournaled(batch, signal));
    } catch (error) {
      if (!isRowAtFault(error)) throw error;
      if (batch.length > 1) {
        for (const one of batch) await this.#storeJournaled([one]);
        return;
      }
      await this.#passOver(batch[0], error);
    }
    this.#stored(batch);
  }

  async #passOver(one: JournaledWebhook | undefined, error: unknown): Promise<void> {
    if (!one) return;
    this.#deps.log.error({ webhook: one.webhook, err: error }, 'a journalled post cannot be stored and is dropped');
    await this.#inTime((signal) => this.#deps.store.passOver(one, signal));
  }

  #stored(batch: readonly NumberedWebhook[]): void {
    this.#count.inc({ where: 'database' }, batch.length);
    for (const pbx of new Set(batch.map((one) => one.webhook.pbx))) this.#deps.onStored(pbx);
  }

  async #inTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.#deps.commitMs ?? 1_500);
    try {
      await work(deadline.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function asJournaled(record: JournalRecord): JournaledWebhook {
  const { stream, n, webhook } = record.payload as NumberedWebhook;
  return { stream, n, webhook, origin: `${record.journal}:${record.sequence}` };
}
