import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const source = new URL('../../systemd/trunkline.service', import.meta.url);

const installed = await run('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
);
// In continuous integration the tool is installed first: there its absence is a failure, not a reason to skip.
const skip = !installed && process.env['CI'] !== 'true';

describe.skipIf(skip)('the systemd unit (skipped where systemd-analyze is not installed)', () => {
  let folder: string;
  let unit: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'trunkline-unit-'));
    unit = path.join(folder, 'trunkline.service');
    // The check wants the program to be there; on the machine of the test it stands elsewhere.
    writeFileSync(unit, readFileSync(source, 'utf8').replace('/usr/bin/node', process.execPath));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is clean', async () => {
    const { stdout, stderr } = await run('systemd-analyze', ['verify', unit]);
    expect(stdout + stderr).toBe('');
  });

  it('is exposed by 1.5 of 10 at most', async () => {
    const { stdout } = await run('systemd-analyze', [
      'security',
      '--offline=true',
      '--no-pager',
      '--threshold=15',
      unit,
    ]);
    expect(Number(/Overall exposure level.*?: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(1.5);
  });
});

describe('the systemd unit', () => {
  const text = readFileSync(source, 'utf8');

  it('lets V8 compile and any process notify', () => {
    expect(text).not.toMatch(/^MemoryDenyWriteExecute=/m);
    expect(text).toMatch(/^Type=notify$/m);
    expect(text).toMatch(/^NotifyAccess=all$/m);
    expect(text).toMatch(/^WatchdogSec=/m);
  });

  it('hands over every credential the configuration knows', async () => {
    const { CREDENTIALS } = await import('../../src/config/env.js');
    for (const name of Object.values(CREDENTIALS)) expect(text).toContain(`LoadCredential=${name}\n`);
  });
});
