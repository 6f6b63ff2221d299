import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A test that needs a file system that is really full when it is full is left out where none can be made; in CI nothing is. */
export function isSmallDiskLeftOut(): boolean {
  return process.env['CI'] !== 'true' && !canMount();
}

/** Only root may. */
function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const point = join(tmpdir(), `small-disk-probe-${process.pid}`);
  try {
    execFileSync('mkdir', ['-p', point]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', point], { stdio: 'ignore' });
    execFileSync('umount', [point]);
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rm', ['-rf', point]);
  }
}
