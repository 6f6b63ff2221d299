/**
 * One PBX's AMI facts on disk while the database is away: a disk journal of its own, opened when it is first needed or
 * when an earlier run left one. What is stored already is known from `journal_marks`, so reading it again is harmless;
 * facts of a batch whose COMMIT got no answer carry that batch's number and are skipped when it had happened after all.
 */
import { join } from 'node:path';
import type { Journal, JournalRecord } from '../platform/journal.js';
import type { Fact } from './facts.js';
import type { BatchNumber, FactJournal } from './owner.js';

export interface FactJournalDeps {
  /** Folder of all journals. */
  dir: string;
  open(dir: string): Promise<Journal>;
  /** Last sequence of this journal that is in the database. */
  storedUpTo(journal: string): Promise<number>;
  /** Last batch of this owner's run that is in the database. */
  storedBatch(run: string): Promise<number>;
}

interface Entry {
  fact: Fact;
  batch: BatchNumber | null;
}

const TOPIC = 'ami';

export async function openFactJournal(pbx: string, deps: FactJournalDeps): Promise<FactJournal> {
  const journal = await deps.open(join(deps.dir, `ami-${pbx.replace(/[^\w.-]/g, '_')}`));
  /** What is stored and was not acknowledged: by a run that was killed, or by a COMMIT that got no answer. */
  async function skipStored(): Promise<void> {
    await journal.acknowledge(await deps.storedUpTo(journal.id));
  }

  return {
    async append(fact, batch) {
      await journal.append(TOPIC, { fact, batch } satisfies Entry);
    },
    async read(limit) {
      if (journal.pending() === 0) return null;
      await skipStored();
      const records: JournalRecord[] = [];
      for await (const record of journal.read()) {
        records.push(record);
        if (records.length === limit) break;
      }
      const last = records.at(-1);
      if (!last) return null;
      const entries = records.map(({ payload }) => payload as Entry);
      const stored = new Map<string, number>();
      for (const run of new Set(entries.flatMap(({ batch }) => batch?.run ?? [])))
        stored.set(run, await deps.storedBatch(run));
      const facts = entries.flatMap(({ fact, batch }) =>
        batch && batch.number <= (stored.get(batch.run) ?? 0) ? [] : [fact],
      );
      return { facts, journal: last.journal, sequence: last.sequence };
    },
    acknowledge: (sequence) => journal.acknowledge(sequence),
    close: () => journal.close(),
  };
}
