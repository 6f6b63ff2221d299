import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/platform/journal.js';
import type { Journal, JournalOptions, JournalRecord } from '../../src/platform/journal.js';

let dir: string;
let opened: Journal[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-'));
  opened = [];
});

afterEach(async () => {
  for (const journal of opened) await journal.close();
  await rm(dir, { recursive: true, force: true });
});

async function open(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await openJournal({ dir, ...options });
  opened.push(journal);
  return journal;
}

async function reopen(journal: Journal, options: Partial<JournalOptions> = {}): Promise<Journal> {
  await journal.close();
  return open(options);
}

async function readAll(journal: Journal): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const record of journal.read()) records.push(record);
  return records;
}

const numbers = async (journal: Journal) => (await readAll(journal)).map((record) => record.payload);

describe('a journal', () => {
  test('gives back what was appended, in order, also after a restart', async () => {
    const journal = await open();
    expect(await journal.append('webhook', { a: 'ж' })).toEqual({ journal: journal.id, sequence: 1 });
    await journal.append('ami', [1, null]);
    const expected = [
      { journal: journal.id, sequence: 1, topic: 'webhook', payload: { a: 'ж' } },
      { journal: journal.id, sequence: 2, topic: 'ami', payload: [1, null] },
    ];
    expect(await readAll(journal)).toEqual(expected);
    const again = await reopen(journal);
    expect(again.id).toBe(journal.id);
    expect(again.pending()).toBe(2);
    expect(await readAll(again)).toEqual(expected);
    expect(await again.append('webhook', 3)).toMatchObject({ sequence: 3 });
  });

  test('keeps the order of appends that nobody waited for', async () => {
    const journal = await open({ segmentBytes: 5_000 });
    const expected = Array.from({ length: 3_000 }, (_, number) => number);
    const positions = await Promise.all(expected.map((number) => journal.append('n', number)));
    expect(positions.map(({ sequence }) => sequence)).toEqual(expected.map((number) => number + 1));
    expect(await numbers(journal)).toEqual(expected);
    expect(await numbers(await reopen(journal))).toEqual(expected);
  });

  test('begins a new file when one has grown, and removes what is acknowledged', async () => {
    const journal = await open({ segmentBytes: 1_000 });
    for (let number = 1; number <= 60; number += 1) await journal.append('n', { number, filler: 'x'.repeat(100) });
    const files = (await readdir(dir)).length;
    expect(files).toBeGreaterThan(5);
    await journal.acknowledge(30);
    expect((await readdir(dir)).length).toBeLessThan(files);
    expect(journal.pending()).toBe(30);
    expect((await readAll(journal)).map((record) => record.sequence)).toEqual(
      Array.from({ length: 30 }, (_, i) => 31 + i),
    );
    expect(journal.bytes()).toBe(await bytesOnDisk());
  });

  test('goes on behind what is acknowledged, from where it was read to', async () => {
    const journal = await open();
    await Promise.all(Array.from({ length: 2_000 }, (_, number) => journal.append('n', number)));
    const seen: unknown[] = [];
    while (journal.pending() > 0) {
      let last = 0;
      let count = 0;
      for await (const record of journal.read()) {
        seen.push(record.payload);
        last = record.sequence;
        if (++count === 300) break;
      }
      await journal.acknowledge(last);
    }
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, number) => number));
  });

  test('takes no space when everything is acknowledged, and never gives a number twice', async () => {
    const journal = await open();
    await journal.append('n', 1);
    await journal.append('n', 2);
    await journal.acknowledge(2);
    expect([journal.pending(), journal.bytes(), await bytesOnDisk(), await numbers(journal)]).toEqual([0, 0, 0, []]);
    const again = await reopen(journal);
    expect([again.id, again.pending()]).toEqual([journal.id, 0]);
    expect(await again.append('n', 3)).toMatchObject({ sequence: 3 });
    expect(await numbers(again)).toEqual([3]);
  });

  test('passes over numbers that are known elsewhere to be stored', async () => {
    const journal = await open();
    await journal.acknowledge(7);
    expect(await journal.append('n', 'a')).toMatchObject({ sequence: 8 });
    expect(journal.pending()).toBe(1);
    expect(await numbers(await reopen(journal))).toEqual(['a']);
  });

  test('can be read and appended to at the same time', async () => {
    const journal = await open({ segmentBytes: 2_000 });
    for (let number = 0; number < 100; number += 1) await journal.append('n', number);
    const seen: unknown[] = [];
    for await (const record of journal.read()) {
      seen.push(record.payload);
      if (seen.length <= 100) await journal.append('n', 100 + seen.length);
    }
    expect(seen.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(await numbers(journal)).toHaveLength(200);
  });

  test('takes a record longer than the window it is read in', async () => {
    const journal = await open();
    await journal.append('n', 'small');
    await journal.append('n', 'x'.repeat(3_000_000));
    await journal.append('n', 'last');
    expect((await numbers(journal)).map((text) => String(text).length)).toEqual([5, 3_000_000, 4]);
  });

  test('refuses a record too long to be read again, and what is no JSON', async () => {
    const journal = await open();
    await expect(journal.append('n', 'x'.repeat(17_000_000))).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    await expect(journal.append('n', 1n)).rejects.toThrow();
    await journal.append('n', 'fine');
    expect(await numbers(journal)).toEqual(['fine']);
  });

  test('refuses after it was closed, and lets appends under way finish', async () => {
    const journal = await open();
    const pending = [1, 2, 3].map((number) => journal.append('n', number));
    await Promise.all([...pending, journal.close()]);
    await expect(journal.append('n', 4)).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    expect(await numbers(await open())).toEqual([1, 2, 3]);
  });
});

async function bytesOnDisk(): Promise<number> {
  const sizes = (await readdir(dir)).map(async (name) => (await stat(join(dir, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
