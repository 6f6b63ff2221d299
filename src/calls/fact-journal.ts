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
  let checked = false;

  /** What a killed run had stored and not acknowledged is skipped once. */
  async function skipStored(): Promise<void> {
    if (checked) return;
    await journal.acknowledge(await deps.storedUpTo(journal.id));
    checked = true;
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
      const facts: Fact[] = [];
      for (const { payload } of records) {
        const { fact, batch } = payload as Entry;
        if (!batch || (await deps.storedBatch(batch.run)) < batch.number) facts.push(fact);
      }
      return { facts, journal: last.journal, sequence: last.sequence };
    },
    acknowledge: (sequence) => journal.acknowledge(sequence),
    close: () => journal.close(),
  };
}
