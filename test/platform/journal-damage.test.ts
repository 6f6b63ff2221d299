import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/platform/journal.js';
import { createLogger } from '../../src/platform/log.js';

const WRITER = fileURLToPath(new URL('journal-writer.ts', import.meta.url));

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Five records; returns the file they lie in. */
async function writeFive(): Promise<string> {
  const journal = await openJournal({ dir });
  for (const number of [1, 2, 3, 4, 5]) await journal.append('n', `record ${number}`);
  await journal.close();
  return join(dir, (await readdir(dir))[0] ?? '');
}

async function readBack(): Promise<{ payloads: unknown[]; log: string; next: number }> {
  let log = '';
  const journal = await openJournal({ dir, log: createLogger('info', { write: (line) => void (log += line) }) });
  const payloads: unknown[] = [];
  for await (const record of journal.read()) payloads.push(record.payload);
  const { sequence } = await journal.append('n', 'new');
  await journal.close();
  return { payloads, log, next: sequence };
}

describe('what a crash or a bad disk leaves behind', () => {
  test.each([1, 3, 7, 12, 19, 20, 30])(
    'an unfinished last record, %d bytes short, is cut off and everything before it stands',
    async (short) => {
      const file = await writeFive();
      await truncate(file, (await readFile(file)).length - short);
      const { payloads, log, next } = await readBack();
      expect(payloads).toEqual(['record 1', 'record 2', 'record 3', 'record 4']);
      expect(log).toContain('an unfinished record is cut off');
      expect(next).toBe(5);
      expect((await readBack()).payloads).toEqual(['record 1', 'record 2', 'record 3', 'record 4', 'new']);
    },
  );

  test.each([
    ['zeros', Buffer.alloc(500)],
    ['half a header', Buffer.from([0xf1, 0x7c])],
    ['noise', Buffer.from('noise'.repeat(99))],
  ])('a tail of %s is cut off', async (_name, tail) => {
    await appendFile(await writeFive(), tail);
    expect((await readBack()).payloads).toHaveLength(5);
  });

  test('a changed byte in the body of a record costs that record only', async () => {
    const file = await writeFive();
    const bytes = await readFile(file);
    const at = bytes.indexOf('record 3');
    bytes[at] = 0x52;
    await writeFile(file, bytes);
    const { payloads, log, next } = await readBack();
    expect(payloads).toEqual(['record 1', 'record 2', 'record 4', 'record 5']);
    expect(log).toContain('damaged records are skipped');
    expect(next).toBe(6);
  });

  test('a changed length, sequence or marker costs that record only', async () => {
    const whole = await readFile(await writeFive());
    const file = join(dir, (await readdir(dir))[0] ?? '');
    const second = whole.indexOf(Buffer.from([0xf1, 0x7c, 0x0a, 0xe5]), 1);
    for (const offset of [0, 4, 7, 15, 18]) {
      const bytes = Buffer.from(whole);
      bytes[second + offset] = (bytes[second + offset] ?? 0) ^ 0x11;
      await writeFile(file, bytes);
      const journal = await openJournal({ dir });
      const payloads: unknown[] = [];
      for await (const record of journal.read()) payloads.push(record.payload);
      await journal.close();
      expect(payloads, `byte ${offset}`).toEqual(['record 1', 'record 3', 'record 4', 'record 5']);
    }
  });

  test('files of two journals in one folder are refused by name', async () => {
    const one = await writeFive();
    await writeFile(one.replace(/[0-9a-f]{12}-(\d{16})/, '000000000000-$1'), await readFile(one));
    await expect(openJournal({ dir })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  });

  test('killed in the middle of appending, nothing that was promised is missing and nothing is doubled', async () => {
    for (let round = 0; round < 4; round += 1) {
      const folder = join(dir, String(round));
      const promised = await killedWriter(folder, 150 + 90 * round);
      const journal = await openJournal({ dir: folder });
      const found: number[] = [];
      for await (const record of journal.read()) found.push((record.payload as { number: number }).number);
      await journal.close();
      expect(promised.length).toBeGreaterThan(0);
      expect(found).toEqual(Array.from({ length: found.length }, (_, number) => number));
      expect(found.length).toBeGreaterThanOrEqual(promised.length);
    }
  });
});

/** What the writer had promised when it was killed, `lines` promises after its start. */
async function killedWriter(folder: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return output.split('\n').slice(0, -1);
}
