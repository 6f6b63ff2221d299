// One process that uses the embedded database, for tests that kill it. Arguments: data directory, role.
// Prints a line of JSON once it runs, stops on SIGTERM and prints whether it stopped the database.
import { createLogger } from '../../../src/platform/log.js';
import { startEngine } from '../../../src/db/embedded/engine.js';
import type { Role } from '../../../src/db/embedded/engine.js';

const [dataDir = '', role = 'guest'] = process.argv.slice(2);
const engine = await startEngine(
  { dataDir, fast: true, settings: { fsync: 'off' } },
  role as Role,
  createLogger('silent'),
);
process.once('SIGTERM', () => {
  void engine.stop().then((stopped) => process.stdout.write(`${JSON.stringify({ stopped })}\n`, () => process.exit(0)));
});
// Whoever reads this may stop us in the same moment, so we are ready for it by now.
process.stdout.write(`${JSON.stringify({ url: engine.url, adopted: engine.adopted })}\n`);
setInterval(() => undefined, 1_000);
