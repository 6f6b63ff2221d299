// Brings what the tests need beyond npm's packages: SIPp, a browser, and a real Asterisk 16 and 22 in folders of their own.
//
//   node scripts/prepare-tests.mjs          (npm runs it before `npm test`)
//
// As root on Debian it installs a few packages and builds the Asterisk roots in the cache folder (TRUNKLINE_CI_CACHE, or
// `trunkline-cache` in the system's temporary folder); about 70 s and 1 GB once, then it only looks. Anywhere else it
// lists what will be left out and ends well, so that the other tests run; with CI=true anything left out is a failure.
// An interrupted build leaves nothing half-made: a root is built beside its place and renamed, its downloads are kept.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  MARKER,
  ROOTS,
  TOOLS,
  cacheFolder,
  findCommand,
  probeParts,
  recipeOf,
  rootFolder,
  rootIsReady,
} from './test-parts.mjs';

// A shell in a process group of its own reads a pipe that only this process holds open: however this one ends, the group
// is killed, so that no builder is at work in a folder the next one clears. (Not for apt: dpkg must be let finish.)
const TOGETHER = `
exec 3<&0
"$@" </dev/null 3<&- & child=$!
( while read -r _ <&3; do :; done; kill -KILL 0 ) & guard=$!
wait $child; code=$?
kill -KILL $guard
exit $code`;

const cache = resolve(cacheFolder());
const failures = new Map();
const say = (text) => console.log(`prepare-tests: ${text}`);

mkdirSync(cache, { recursive: true });
if (probeParts().some((part) => part.missing)) await bring();
process.exitCode = report();

async function bring() {
  if (process.getuid?.() !== 0) return say('not root: nothing is installed');
  if (!findCommand('apt-get') || !existsSync('/etc/debian_version')) return say('not Debian: nothing is installed');
  const unlock = await lock();
  try {
    await installPackages();
    await Promise.all(ROOTS.filter((root) => !rootIsReady(root)).map(buildRoot));
  } finally {
    unlock();
  }
}

async function installPackages() {
  const wanted = TOOLS.filter((tool) => !findCommand(tool.command)).flatMap((tool) => [
    tool.debianPackage,
    ...(tool.withPackages ?? []),
  ]);
  if (ROOTS.some((root) => !rootIsReady(root)) && !findCommand('debootstrap')) wanted.push('debootstrap');
  if (wanted.length === 0) return;
  say(`installing ${wanted.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const log = join(cache, 'apt.log');
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', ...wanted], { log, env });
  // The lists may be fresh enough; when they are not, or are absent, the first try says so.
  if ((await install()) === 0) return;
  const updated = await run('apt-get', ['update'], { log, env });
  if ((await install()) === 0) return;
  const why = updated === 0 ? 'apt-get could not install it' : 'apt-get could not read the configured mirror';
  for (const tool of TOOLS) if (wanted.includes(tool.debianPackage)) failures.set(tool.part, `${why} (${log})`);
}

async function buildRoot(root) {
  const target = rootFolder(root.part);
  const building = `${target}.building`;
  const log = join(cache, `${root.part}.log`);
  rmSync(log, { force: true });
  const mirror = configuredMirror();
  if (!mirror) return void failures.set(root.part, 'no Debian mirror in /etc/apt (or TRUNKLINE_DEBIAN_MIRROR)');
  if (!findCommand('debootstrap')) return void failures.set(root.part, 'no debootstrap');
  const downloads = join(cache, 'downloads', root.suite);
  mkdirSync(downloads, { recursive: true });
  await removeTree(building);
  say(`building ${root.part} from Debian's ${root.suite} (about a minute)`);
  const started = Date.now();
  const options = ['--variant=minbase', `--include=${root.include.join(',')}`, `--cache-dir=${downloads}`];
  const code = await runTogether('debootstrap', [...options, root.suite, building, mirror], { log });
  if (code !== 0) return void failures.set(root.part, whyNot(root, log));
  writeFileSync(join(building, MARKER), JSON.stringify({ recipe: recipeOf(root), builtAt: new Date().toISOString() }));
  await removeTree(target);
  renameSync(building, target);
  rmSync(downloads, { recursive: true, force: true });
  say(`${root.part} is ready after ${Math.round((Date.now() - started) / 1000)} s`);
}

/** What the log says, with addresses taken out. */
function whyNot(root, log) {
  const text = readFileSync(log, 'utf8');
  if (/Failed getting release file|Invalid Release file/.test(text)) {
    return `the configured mirror has no ${root.suite}, or cannot be reached; an old suite moves to Debian's archive, and TRUNKLINE_DEBIAN_MIRROR can name a mirror that has it`;
  }
  const last =
    text
      .trimEnd()
      .split('\n')
      .filter((line) => /^[EW]:/.test(line))
      .at(-1) ?? 'debootstrap failed';
  return `${last.replace(/\w+:\/\/\S+/g, '…')} (${log})`;
}

/** The mirror this machine already uses for Debian itself. */
function configuredMirror() {
  if (process.env.TRUNKLINE_DEBIAN_MIRROR) return process.env.TRUNKLINE_DEBIAN_MIRROR;
  const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const deb822 = /^URIs:\s*(\S+)/m.exec(read('/etc/apt/sources.list.d/debian.sources'));
  const oneLine = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(read('/etc/apt/sources.list'));
  return (deb822 ?? oneLine)?.[1] ?? null;
}

/** An interrupted debootstrap may have left its /proc mounted inside. */
async function removeTree(folder) {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`))
    .reverse();
  for (const point of mounts) await run('umount', [point], { log: join(cache, 'umount.log'), env: process.env });
  rmSync(folder, { recursive: true, force: true });
}

/** One builder at a time; a second one waits, and takes over from one that was killed. */
async function lock() {
  const path = join(cache, 'lock');
  for (let waited = 0; ; waited += 1) {
    try {
      const file = openSync(path, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readIfThere(path));
    // An empty file is one just being written, unless it stays so.
    if ((owner > 0 && !existsSync(`/proc/${owner}`)) || (!owner && waited > 20)) rmSync(path, { force: true });
    else if (waited === 0) say('another one is preparing; waiting for it');
    await new Promise((done) => setTimeout(done, 250));
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function run(command, args, { log, env }) {
  const file = openSync(log, 'a');
  return new Promise((done) => {
    const child = spawn(findCommand(command) ?? command, args, { stdio: ['ignore', file, file], env });
    child.on('error', () => done(127));
    child.on('close', (code) => done(code ?? 128));
  }).finally(() => closeSync(file));
}

function runTogether(command, args, { log }) {
  const file = openSync(log, 'a');
  return new Promise((done) => {
    const child = spawn('/bin/sh', ['-c', TOGETHER, 'keeper', findCommand(command) ?? command, ...args], {
      stdio: ['pipe', file, file],
      detached: true,
    });
    child.on('error', () => done(127));
    child.on('close', (code) => done(code ?? 128));
  }).finally(() => closeSync(file));
}

function report() {
  const parts = probeParts().map((part) => ({
    ...part,
    missing: part.missing && (failures.get(part.part) ?? part.missing),
  }));
  writeFileSync(join(cache, 'prepared.json'), `${JSON.stringify({ parts }, null, 2)}\n`);
  const left = parts.filter((part) => part.missing);
  if (left.length === 0) {
    say('everything the tests need is here');
    return 0;
  }
  say('left out:');
  for (const part of left) say(`  ${part.part}: ${part.missing}`);
  if (process.env.CI !== 'true') return 0;
  say('CI=true: nothing may be left out');
  return 1;
}
