/** The event databases a host of the fleet keeps, one a day, as its own script makes them. */
import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from './available.js';
import type { SshHost } from './sshd.js';

export interface KeptEvent {
  /** As the host's clock shows it, `2026-11-20 12:00:00`. */
  at: string;
  event: string;
  body: object;
  /** Default: delivered. */
  status?: string | null;
  table?: 'AlternativeAPIlogs' | 'APIlogs';
}

const LAYOUT = ['APIlogs', 'AlternativeAPIlogs', 'Alternative2APIlogs']
  .map(
    (table) => `CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY AUTOINCREMENT, DateTime TEXT, event TEXT,
      Uniqueid TEXT, request TEXT, status TEXT, response TEXT, responseTime TEXT);`,
  )
  .join('\n');
const SCRIPT = `CREATE TABLE IF NOT EXISTS ScriptEvents (id INTEGER PRIMARY KEY AUTOINCREMENT, Event TEXT, DateTime TEXT, Caption TEXT);`;

const quoted = (value: string | null) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`);

/** Adds rows to the file of that day. */
export async function keepEvents(host: SshHost, day: string, events: readonly KeptEvent[]): Promise<void> {
  const rows = events.map(({ at, event, body, status = '<Response [200]>', table = 'AlternativeAPIlogs' }) => {
    const uid = (body as { UniqueId?: string }).UniqueId ?? '';
    const values = [at, event, uid, JSON.stringify(body), status, '{"status":"ok"}', '0.12'].map(quoted).join(', ');
    return `INSERT INTO ${table} (DateTime, event, Uniqueid, request, status, response, responseTime) VALUES (${values});`;
  });
  const root = pathOf('asterisk-22');
  const file = `${host.folderInside}/Listen_AMI_${day}.db`;
  // As long as the host's own script waits for whoever reads.
  await sqlite(root, file, ['.timeout 5000', LAYOUT, SCRIPT, 'BEGIN;', ...rows, 'COMMIT;'].join('\n'));
  chmodSync(join(root, file), 0o644);
}

function sqlite(root: string, file: string, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('chroot', [root, 'sqlite3', '-bail', file], { timeout: 60_000 }, (error, _out, stderr) => {
      if (error) reject(new Error(`sqlite3: ${stderr}`, { cause: error }));
      else resolve();
    });
    child.stdin?.end(`${sql}\n`);
  });
}
