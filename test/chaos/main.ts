/**
 * `npm run chaos`: every trial at its full count, then the table. `--trial NAME` runs one, `--count N` gives it so many
 * rounds, `--away SECONDS` the length of an absence, `--outage KIND` what alone is away in the trials of outages,
 * `--short` the settings of the test suite, `--keep` leaves the daemon's log. Exit code 1 on any violation.
 */
import { copyFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { missingParts } from '../pbx/available.js';
import { TELLING, told } from './told.js';
import { OUTAGES } from './outages.js';
import type { Outage } from './outages.js';
import { POSTING_OUTAGES, postingOutages } from './posting-outages.js';
import { openStage } from './stage.js';
import { FULL_TIMES, SHORT_TIMES } from './times.js';
import { TRIALS } from './trials.js';
import type { Size } from './trials.js';
import type { Figures } from './settle.js';

const { values } = parseArgs({
  options: {
    trial: { type: 'string' },
    count: { type: 'string' },
    away: { type: 'string' },
    outage: { type: 'string' },
    short: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});

const every = [...Object.keys(TRIALS), POSTING_OUTAGES, ...Object.keys(TELLING)];
const names = values.trial === undefined ? every : [values.trial];
const missing = names.some((name) => TRIALS[name]) ? missingParts(['sipp', 'asterisk-16', 'asterisk-22']) : [];
if (missing.length > 0) throw new Error(`missing: ${missing.join('; ')}; run node scripts/prepare-tests.mjs`);
const all: Figures[] = [];
for (const name of names) {
  process.stdout.write(`${new Date().toISOString()} ${name} …\n`);
  const figures = await run(name);
  all.push(figures);
  report(figures);
}
table(all);
process.exitCode = all.some((one) => one.violations.length > 0) ? 1 : 0;

async function run(name: string): Promise<Figures> {
  const size = sizeOf();
  const crm = TELLING[name];
  if (crm) return told(name, crm, size.count ?? (size.short ? 5 : 100));
  if (name === POSTING_OUTAGES) return postingOutages(size, (logFile) => keepLog(logFile, name));
  const trial = TRIALS[name];
  if (!trial) throw new Error(`no trial ${name}; there are ${every.join(', ')}`);
  await using stage = await openStage({
    versions: [22, 16],
    times: size.short ? SHORT_TIMES : FULL_TIMES,
    posting: trial.posting,
    recovery: trial.recovery ?? false,
    dialplan: trial.dialplan,
  });
  const figures = await trial.run(stage, size);
  keepLog(stage.logFile, name);
  return figures;
}

function sizeOf(): Size {
  return {
    short: values.short,
    ...(values.count === undefined ? {} : { count: Number(values.count) }),
    ...(values.away === undefined ? {} : { awayMs: Number(values.away) * 1_000 }),
    ...(values.outage === undefined ? {} : { outage: outageOf(values.outage) }),
  };
}

function keepLog(logFile: string, trial: string): void {
  if (values.keep !== undefined) copyFileSync(logFile, `${values.keep}-${trial}.log`);
}

function outageOf(text: string): Outage {
  const kind = OUTAGES.find((one) => one === text);
  if (!kind) throw new Error(`--outage is one of ${OUTAGES.join(', ')}`);
  return kind;
}

function report({ trial, rounds, seconds, accounts, counted, tallies, violations }: Figures): void {
  const load = loadavg().map((one) => one.toFixed(1));
  process.stdout.write(
    `${trial}: ${rounds} rounds in ${seconds} s, load ${load.join(' ')} on ${availableParallelism()} cores ${JSON.stringify(counted)}\n`,
  );
  for (const [pbx, account] of Object.entries(accounts))
    process.stdout.write(`  ${pbx}: ${JSON.stringify({ ...account, violations: account.violations.length })}\n`);
  for (const { what, good, of, missed } of tallies)
    process.stdout.write(`  ${what}: ${good} of ${of}${missed > 0 ? `, ${missed} not met` : ''}\n`);
  for (const violation of violations) process.stdout.write(`  VIOLATION ${violation}\n`);
}

function table(figures: readonly Figures[]): void {
  const rows = figures.flatMap(({ trial, rounds, accounts, violations }) =>
    Object.entries(accounts).map(([pbx, one]) =>
      [
        `${trial} × ${rounds}, ${pbx}`,
        `${one.calls} calls = ${one.records} records + ${one.inGaps} inside ${one.gaps} gaps (${one.gapSeconds.toFixed(1)} s)`,
        `${one.approximate} approximate`,
        `latest card ${one.latestCardMs} ms`,
        violations.length === 0 ? 'no violation' : 'VIOLATED',
      ].join(' | '),
    ),
  );
  process.stdout.write(
    `\n| trial | account | | | |\n|---|---|---|---|---|\n${rows.map((row) => `| ${row} |\n`).join('')}`,
  );
  const tallies = figures.flatMap(({ trial, tallies: own }) => own.map((one) => ({ trial, ...one })));
  if (tallies.length === 0) return;
  const lines = tallies.map(({ trial, what, good, of }) => `| ${trial}: ${what} | ${good} of ${of} |\n`);
  const [good, of] = tallies.reduce(([g, o], one) => [g + one.good, o + one.of], [0, 0]);
  process.stdout.write(`\n| judged one by one | right |\n|---|---|\n${lines.join('')}| all | ${good} of ${of} |\n`);
}
