/**
 * `npm run bench [NAME…]`: prints each figure beside its peer of the same run, and everything as JSON at the end. The machine's
 * load is printed with it: absolute figures mean little without.
 */
import { loadavg, cpus } from 'node:os';
import type { BenchResult } from './result.js';

const benches: Record<string, () => Promise<BenchResult[]>> = {
  webhooks: async () => (await import('./webhooks.js')).benchWebhooks(),
  ami: async () => (await import('./ami.js')).benchAmi(),
  tracker: async () => (await import('./tracker.js')).benchTracker(),
  delivery: async () => (await import('./delivery.js')).benchDelivery(),
  redirect: async () => (await import('./redirect.js')).benchRedirect(),
  recordings: async () => (await import('./recordings.js')).benchRecordings(),
  recovery: async () => (await import('./recovery.js')).benchRecovery(),
  admin: async () => (await import('./admin.js')).benchAdmin(),
  page: async () => (await import('./page.js')).benchPage(),
  'pop-up': async () => (await import('./pop-up.js')).benchPopUp(),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0)
  throw new Error(`there is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);

const load = () => loadavg().map((one) => Math.round(one * 100) / 100);
const before = load();
const results: BenchResult[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  const lines = (await benches[name]?.()) ?? [];
  results.push(...lines);
  for (const line of lines) {
    const peer = line.peer ? `  ${line.peer.name}: ${line.peer.value}` : '';
    const ratio = line.ratio === undefined ? '' : `  ratio ${line.ratio}`;
    console.log(`${line.name.padEnd(64)} ${String(line.value).padStart(10)} ${line.unit.padEnd(12)}${ratio}${peer}`);
    if (line.note) console.log(`    ${line.note}`);
  }
}
const machine = { node: process.version, cpus: cpus().length, loadBefore: before, loadAfter: load() };
console.log(JSON.stringify({ machine, results }));
