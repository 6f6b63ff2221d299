/**
 * A clone that was never built has no page yet. It is built beside the show, at low priority, so that nothing of it delays a
 * call; until then its address says so, and shows it by itself.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const LOW = 15;

/** Nothing where the program runs as built: the page was built with it. */
export function buildPage(say: (line: string) => void): () => Promise<void> {
  const script = fileURLToPath(new URL('../../../scripts/build-ui.mjs', import.meta.url));
  if (!import.meta.url.endsWith('.ts') || !existsSync(script)) return () => Promise.resolve();
  const child = spawn(process.execPath, [script], { stdio: 'ignore' });
  const over = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', (code) => {
      if (code !== 0 && code !== null) say('The page could not be built: `npm run build` says why.');
      resolve();
    });
  });
  if (child.pid !== undefined) setPriority(child.pid, LOW);
  return async () => {
    child.kill('SIGTERM');
    await over;
  };
}
