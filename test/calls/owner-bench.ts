/** An owner over a database of arrays that can be away or refuse, and a real journal on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFactJournal } from '../../src/calls/fact-journal.js';
import type { Fact } from '../../src/calls/facts.js';
import { Owner } from '../../src/calls/owner.js';
import type { FoldBatch, InboxFact, OwnerDeps } from '../../src/calls/owner.js';
import { Tracker } from '../../src/calls/tracker.js';
import { systemClock } from '../../src/platform/clock.js';
import { openJournal } from '../../src/platform/journal.js';
import { createLogger } from '../../src/platform/log.js';
import { context } from './run-tracker.js';

export class Away extends Error {}

/** How a COMMIT goes: well, not at all, or well without an answer. */
export type Commit = 'answered' | 'away' | 'unanswered' | 'refused';

export class OwnerBench {
  owner!: Owner;
  readonly batches: FoldBatch[] = [];
  readonly counted: string[] = [];
  inbox: InboxFact[] = [];
  /** Of batches to come; `answered` when there is none. */
  commits: Commit[] = [];
  refuses: (fact: Fact) => boolean = () => false;
  #dir = '';
  #journalMark = 0;
  readonly #run = '11111111-1111-4111-8111-111111111111';
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Facts stored, in order. */
  get stored(): Fact[] {
    return this.batches.flatMap((batch) => batch.facts.map(({ fact }) => fact));
  }

  async open(deps: Partial<OwnerDeps> = {}): Promise<this> {
    this.#dir ||= await mkdtemp(join(tmpdir(), 'trunkline-owner-'));
    this.owner = await Owner.create({
      pbx: '127.0.0.1:5038',
      run: this.#run,
      settled: () => Promise.resolve(),
      loadTracker: () => Promise.resolve(new Tracker(context())),
      recall: () => Promise.resolve({ ended: [], taken: [] }),
      clock: systemClock,
      log: createLogger('silent'),
      persist: (batch) => this.#persist(batch),
      readInbox: (limit) => Promise.resolve(this.inbox.slice(0, limit)),
      openJournal: () =>
        openFactJournal('127.0.0.1:5038', {
          dir: this.#dir,
          open: (dir) => openJournal({ dir }),
          storedUpTo: () => Promise.resolve(this.#journalMark),
          storedBatch: () => Promise.resolve(this.batches.at(-1)?.batch.number ?? 0),
        }),
      isAway: (error) => error instanceof Away,
      askPbx: () => Promise.resolve(),
      onFolded: () => undefined,
      onLoss: () => undefined,
      count: (what) => void this.counted.push(what),
      ...deps,
    });
    return this;
  }

  start(): this {
    this.#running = this.owner.run(this.#stopping.signal);
    return this;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await rm(this.#dir, { recursive: true, force: true });
  }

  #persist(batch: FoldBatch): Promise<void> {
    const commit = this.commits.shift() ?? 'answered';
    if (commit === 'away') return Promise.reject(new Away('away'));
    if (commit === 'refused' || batch.facts.some(({ fact }) => this.refuses(fact)))
      return Promise.reject(new Error('refused'));
    this.batches.push(batch);
    this.inbox = this.inbox.filter((row) => !batch.inboxIds.includes(row.id));
    if (batch.journalMark) this.#journalMark = batch.journalMark.sequence;
    return commit === 'unanswered' ? Promise.reject(new Away('no answer to COMMIT')) : Promise.resolve();
  }
}
