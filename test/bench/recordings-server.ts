/** The daemon's server with the addresses of recordings alone, in a process of its own so that its memory can be told. */
import { createHealth } from '../../src/http/health.js';
import { buildServer } from '../../src/http/server.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createMetrics } from '../../src/platform/metrics.js';
import { keepInFolder } from '../../src/recordings/folder-keep.js';
import { recordingsPlugin } from '../../src/recordings/plugin.js';

const [folder = '', bytes = '0'] = process.argv.slice(2);
const keep = keepInFolder(folder);
const server = await buildServer({
  host: '127.0.0.1',
  port: 0,
  trustProxy: false,
  log: createLogger('silent'),
  metrics: createMetrics({ process: false }),
  health: createHealth({ answerMs: 1_000 }),
  metricsToken: null,
  plugins: [
    (scope) =>
      recordingsPlugin(scope, {
        find: async (token) => ({
          id: token,
          enterprise: '0367',
          state: 'ready',
          key: `${Number(token.slice(-4))}.wav`,
          keptIn: 'folder',
          bytes: Number(bytes),
          ageMs: 0,
          startedAt: 0,
          phone: null,
          externalId: null,
          readyAt: null,
        }),
        open: (_keptIn, key, range) => keep.open(key, range),
        enterprise: () => null,
        mayHear: async () => false,
        clock: systemClock,
        log: createLogger('silent'),
        count: () => undefined,
      }),
  ],
});
const { port } = await server.start();
console.log(`http://127.0.0.1:${port}`);
// It ends with whoever started it.
process.stdin.resume().on('end', () => process.exit(0));
