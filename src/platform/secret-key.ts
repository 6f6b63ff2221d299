/**
 * The key file: base64 of 32 bytes a line, the sealing key first; more lines stand only while the key is being changed.
 * Made when absent, readable by its owner alone, always replaced as a whole.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { TrunklineError } from './errors.js';

const KEY_BYTES = 32;

export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/**
 * Reads keys from text: base64, separated by commas, spaces or lines.
 * @throws TrunklineError CONFIG_INVALID naming `source`, never what stands there
 */
export function parseKeys(text: string, source: string): Buffer[] {
  const keys = text.split(/[\s,]+/).filter((part) => part !== '');
  return keys.map((part) => {
    const key = Buffer.from(part, 'base64');
    if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(part) || key.length !== KEY_BYTES) {
      throw new TrunklineError('CONFIG_INVALID', `${source}: each key must be ${KEY_BYTES} bytes in base64`);
    }
    return key;
  });
}

export function keyFileIn(dataDir: string): string {
  return path.join(dataDir, 'secret.key');
}

/** The keys of the data directory; the first call makes one. Two processes that start together get the same. */
export function readOrMakeKeys(dataDir: string): Buffer[] {
  const file = keyFileIn(dataDir);
  const found = readKeys(file);
  if (found) return found;
  mkdirSync(dataDir, { recursive: true });
  const draft = writeDraft(file, [newKey()]);
  try {
    // A link, unlike a rename, never replaces: the first of two processes wins, and the other takes its key.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(dataDir);
  const made = readKeys(file);
  if (!made) throw new TrunklineError('CONFIG_INVALID', `${file}: there is no key in it`);
  return made;
}

/** Replaces the keys. A crash leaves the old file or the new one. */
export function writeKeys(dataDir: string, keys: readonly Buffer[]): void {
  const file = keyFileIn(dataDir);
  renameSync(writeDraft(file, keys), file);
  syncDirectory(dataDir);
}

function readKeys(file: string): Buffer[] | null {
  try {
    return parseKeys(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function writeDraft(file: string, keys: readonly Buffer[]): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const fd = openSync(draft, 'wx', 0o600);
  try {
    fchmodSync(fd, 0o600);
    writeSync(fd, keys.map((key) => `${key.toString('base64')}\n`).join(''));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return draft;
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
