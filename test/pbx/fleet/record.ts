/**
 * `npm run record:fleet [-- ID …]` plays the scenarios on both versions and writes down what AMI told, what the fleet's
 * script made of it, and what each call was by its SIP messages.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { postsOf } from '../../support/fleet-posts.js';
import { play, startLanes, stopLanes } from './play.js';
import { RECORDINGS, VERSIONS, isWorthKeeping, recorded, type Recorded } from './recordings.js';
import { SCENARIOS } from './scenarios/index.js';

const LANES = 4;

const wanted = process.argv.slice(2);
const scenarios = wanted.length === 0 ? SCENARIOS : SCENARIOS.filter(({ id }) => wanted.includes(id));
await Promise.all(VERSIONS.map(record));

async function record(version: 16 | 22): Promise<void> {
  const folder = new URL(`${version}/`, RECORDINGS);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  const lanes = await startLanes(version, Math.min(LANES, scenarios.length));
  const played = await play(lanes, scenarios).finally(() => stopLanes(lanes));
  const all = played.flatMap((one, lane) => one.played.map((scenario) => ({ ...scenario, lane })));
  const kept: Record<string, Recorded> = { ...recorded(version) };
  for (const one of all) {
    const { id, name } = one.scenario;
    for (const complaint of one.complaints) console.error(`${version} ${id}: ${complaint}`);
    if (one.complaints.length > 0) {
      process.exitCode = 1;
      continue;
    }
    writeFileSync(new URL(`${id}.ami`, folder), keptBytes(one.ami), 'latin1');
    const posts = postsOf(one.messages).map((post) => `${JSON.stringify(post)}\n`);
    writeFileSync(new URL(`${id}.ndjson`, folder), posts.join(''));
    kept[id] = { name, lane: one.lane, calls: one.calls };
  }
  const order = SCENARIOS.map(({ id }) => id).filter((id) => id in kept);
  const lines = order.map((id) => `  ${JSON.stringify(id)}: ${JSON.stringify(kept[id])}`);
  writeFileSync(new URL('expected.json', folder), `{\n${lines.join(',\n')}\n}\n`);
  console.log(`Asterisk ${version}: ${all.length} scenarios recorded`);
}

/** The bytes as they came, without the events nobody makes anything of. */
function keptBytes(ami: Buffer): string {
  return ami
    .toString('latin1')
    .split('\r\n\r\n')
    .slice(0, -1)
    .filter((text) => isWorthKeeping(text.split('\r\n').map((line) => headerLine(line))))
    .map((text) => `${text}\r\n\r\n`)
    .join('');
}

function headerLine(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}
