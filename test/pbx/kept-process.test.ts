import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepProcess } from './kept-process.js';

const MODULE = new URL('./kept-process.ts', import.meta.url).href;

/** A pid whose process has ended but is not collected yet counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

it('kills the child and removes its folder when the process that keeps it is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-kept-'));
  const script = `
    import { keepProcess } from '${MODULE}';
    const kept = await keepProcess({ command: ['sleep', '600'], removeAfter: '${folder}' });
    process.stdout.write(String(kept.pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const pid = await new Promise<number>((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], (_error, stdout) =>
      resolve(Number(stdout)),
    );
  });
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isAlive(pid) || existsSync(folder), { timeout: 10_000 }).toBe(false);
});

it('says how the child ended, and kills one that does not listen', async () => {
  const brief = await keepProcess({ command: ['sh', '-c', 'echo here >&2; exit 3'] });
  expect(await brief.exited).toBe(3);
  expect(brief.output()).toContain('here');
  const deaf = await keepProcess({ command: ['sh', '-c', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'] });
  await expect.poll(() => deaf.output(), { timeout: 10_000 }).toContain('deaf');
  expect(deaf.running()).toBe(true);
  expect(await deaf.stop('SIGTERM', 200)).toBe(137);
  expect(isAlive(deaf.pid)).toBe(false);
});
