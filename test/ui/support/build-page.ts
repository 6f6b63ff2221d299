import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** As new as its sources; nothing is done when it is. */
export function buildPage(): void {
  const script = path.resolve(import.meta.dirname, '../../../scripts/build-ui.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the page could not be built: ${stderr}`);
}
