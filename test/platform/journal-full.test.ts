import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/platform/journal.js';
import type { Journal } from '../../src/platform/journal.js';
import { isSmallDiskLeftOut } from '../support/small-disk.js';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Appends until one is refused; returns what was accepted. */
async function fill(journal: Journal): Promise<{ accepted: number[]; error: unknown }> {
  const accepted: number[] = [];
  for (let number = 0; ; number += 1) {
    try {
      await journal.append('n', { number, filler: 'x'.repeat(500) });
      accepted.push(number);
    } catch (error) {
      return { accepted, error };
    }
  }
}

async function read(journal: Journal): Promise<number[]> {
  const found: number[] = [];
  for await (const record of journal.read()) found.push((record.payload as { number: number }).number);
  return found;
}

describe('a journal that cannot take more', () => {
  test('stops at its limit, says so, and goes on when its records are acknowledged', async () => {
    const journal = await openJournal({ dir, maxBytes: 20_000, segmentBytes: 4_000 });
    const { accepted, error } = await fill(journal);
    expect(error).toMatchObject({ code: 'JOURNAL_FULL' });
    expect(journal.bytes()).toBeLessThanOrEqual(20_000);
    expect(journal.trouble()).toMatchObject({ code: 'JOURNAL_FULL' });
    expect(await journal.check()).toMatchObject({ code: 'JOURNAL_FULL' });
    expect(await read(journal)).toEqual(accepted);
    await journal.acknowledge(accepted.length);
    expect(await journal.check()).toBeNull();
    await journal.append('n', { number: -1 });
    expect(await read(journal)).toEqual([-1]);
    await journal.close();
  });

  test('counts appends that wait together against its limit', async () => {
    const journal = await openJournal({ dir, maxBytes: 20_000 });
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, number) => journal.append('n', { number, filler: 'x'.repeat(500) })),
    );
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(50);
    expect(journal.bytes()).toBeLessThanOrEqual(20_000);
    expect(await read(journal)).toHaveLength(results.filter(({ status }) => status === 'fulfilled').length);
    await journal.close();
  });

  test.skipIf(isSmallDiskLeftOut())(
    'a full disk is JOURNAL_FULL, costs nothing that was promised, and is over when there is room',
    async () => {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir]);
      try {
        const folder = join(dir, 'journal');
        await mkdir(folder);
        await writeFile(join(dir, 'other'), Buffer.alloc(30_000));
        const journal = await openJournal({ dir: folder });
        const { accepted, error } = await fill(journal);
        expect(error).toMatchObject({ code: 'JOURNAL_FULL' });
        expect(accepted.length).toBeGreaterThan(10);
        for (let tries = 0; tries < 20; tries += 1) {
          await expect(journal.append('n', { number: -2, filler: 'x'.repeat(50_000) })).rejects.toMatchObject({
            code: 'JOURNAL_FULL',
          });
        }
        expect((await readdir(folder)).length).toBeLessThan(5);
        expect(await read(journal)).toEqual(accepted);
        await rm(join(dir, 'other'));
        expect(await journal.check()).toBeNull();
        await journal.append('n', { number: -1 });
        expect(await read(journal)).toEqual([...accepted, -1]);
        await journal.close();
        const again = await openJournal({ dir: folder });
        expect(await read(again)).toEqual([...accepted, -1]);
        await again.close();
      } finally {
        execFileSync('umount', [dir]);
      }
    },
  );

  test('a folder that is gone is JOURNAL_FAILED, and over when it is back', async () => {
    const folder = join(dir, 'journal');
    const journal = await openJournal({ dir: folder });
    await rm(folder, { recursive: true });
    await expect(journal.append('n', { number: 1 })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    expect(await journal.check()).toMatchObject({ code: 'JOURNAL_FAILED' });
    await mkdir(folder);
    expect(await journal.check()).toBeNull();
    await journal.append('n', { number: 2 });
    expect(await read(journal)).toEqual([2]);
    await journal.close();
  });

  test('a folder that cannot be made is JOURNAL_FAILED', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(openJournal({ dir: join(dir, 'file', 'journal') })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  });
});
