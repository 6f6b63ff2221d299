// What the tests need beyond npm's packages, and whether this machine has it. Used by prepare-tests.mjs, which brings
// what is missing, and by the tests, which leave out by name what cannot be had.
import { accessSync, constants, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Debian's own packages, by the suite that still or again has an Asterisk. A root is rebuilt when its recipe changes. */
export const ROOTS = [
  {
    part: 'asterisk-16',
    version: 16,
    suite: 'bullseye',
    include: ['asterisk', 'asterisk-modules', 'openssh-server', 'sqlite3'],
  },
  {
    part: 'asterisk-22',
    version: 22,
    suite: 'sid',
    include: ['asterisk', 'asterisk-modules', 'openssh-server', 'sqlite3'],
  },
];

/** Commands taken from the machine's own packages. */
export const TOOLS = [
  { part: 'sipp', command: 'sipp', debianPackage: 'sip-tester', why: 'SIP phones and trunk' },
  { part: 'openssl', command: 'openssl', debianPackage: 'openssl', why: 'certificates for TLS tests' },
  { part: 'ffmpeg', command: 'ffmpeg', debianPackage: 'ffmpeg', why: 'recordings turned into mp3' },
  { part: 'sqlite3', command: 'sqlite3', debianPackage: 'sqlite3', why: "the event databases of a fleet's hosts" },
  {
    part: 'chromium',
    command: 'chromium',
    debianPackage: 'chromium',
    // Letters, Cyrillic ones too.
    withPackages: ['fonts-dejavu-core'],
    why: 'a browser to see the page with',
  },
  { part: 'systemd-analyze', command: 'systemd-analyze', debianPackage: 'systemd', why: 'checks of the service unit' },
];

export const MARKER = 'trunkline-root.json';

export function cacheFolder(env = process.env) {
  return env.TRUNKLINE_CI_CACHE || join(tmpdir(), 'trunkline-cache');
}

export function rootFolder(part, env = process.env) {
  return join(cacheFolder(env), part);
}

export function recipeOf(root) {
  return `${root.suite}: ${root.include.join(',')}`;
}

export function findCommand(name, env = process.env) {
  for (const folder of [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin']) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // the next folder
    }
  }
  return null;
}

export function rootIsReady(root, env = process.env) {
  try {
    return JSON.parse(readFileSync(join(rootFolder(root.part, env), MARKER), 'utf8')).recipe === recipeOf(root);
  } catch {
    return false;
  }
}

/** Every part: `missing` is null, or why it cannot be used as things stand. */
export function probeParts(env = process.env) {
  const isRoot = process.getuid?.() === 0;
  const roots = ROOTS.map((root) => ({
    part: root.part,
    path: rootFolder(root.part, env),
    missing: !isRoot
      ? 'needs root (it runs in a chroot)'
      : rootIsReady(root, env)
        ? null
        : 'not prepared: run `node scripts/prepare-tests.mjs`',
  }));
  const tools = TOOLS.map((tool) => {
    const path = findCommand(tool.command, env);
    return {
      part: tool.part,
      path: path ?? '',
      missing: path ? null : `no ${tool.command} on this machine (Debian package ${tool.debianPackage})`,
    };
  });
  return [...roots, ...tools];
}
