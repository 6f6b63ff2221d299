/**
 * One day's event database of the fleet, asked over SSH: `sqlite3 -json`, so that nothing in a request, no `|`, quote or line end,
 * can be taken for the form of the answer. The question goes to its standard input; only numbers of ours stand in it.
 */
import { createInterface } from 'node:readline';
import { TrunklineError } from '../platform/errors.js';
import { shellQuoted } from '../platform/ssh.js';
import type { SshSession } from '../platform/ssh.js';

/** A row of `AlternativeAPIlogs` (`a`), or of `APIlogs` (`l`) without its request where `a` has the event too. */
export interface EventRow {
  t: 'a' | 'l';
  id: number;
  at: string | null;
  event: string | null;
  uid: string | null;
  request: string | null;
}

export interface EventDatabase {
  /** Rows behind these ids, in the order of theirs, at most `limit` of each table; null when there is no such file. */
  rows(after: { a: number; l: number }, limit: number): Promise<EventRow[] | null>;
}

const TABLES = { a: 'AlternativeAPIlogs', l: 'APIlogs' } as const;
/** What a shell says of a file that is not there: nothing of sqlite3's own. */
const NO_FILE = 66;

export function openEventDatabase(session: SshSession, path: string, sqlite3: string): EventDatabase {
  const file = shellQuoted(path);
  const command = `[ -r ${file} ] || exit ${NO_FILE}; exec ${shellQuoted(sqlite3)} -readonly -json -cmd '.timeout 5000' ${file}`;
  let tables: ('a' | 'l')[] | null = null;

  async function ask<R>(sql: string): Promise<R[] | null> {
    const { stdout, ended } = await session.run(command, `${sql};\n`);
    const rows: R[] = [];
    // One row a line, whatever is in it: line ends within a text are escaped.
    for await (const line of createInterface({ input: stdout, crlfDelay: Infinity })) {
      const row = line
        .trim()
        .replace(/^\[/, '')
        .replace(/[\],]$/, '');
      if (row !== '') rows.push(JSON.parse(row) as R);
    }
    const { code, stderr } = await ended;
    if (code === NO_FILE) return null;
    if (code !== 0) throw new TrunklineError('SSH_FAILED', `sqlite3 on ${path} ended with ${code}: ${stderr.trim()}`);
    return rows;
  }

  return {
    async rows(after, limit) {
      if (tables === null) {
        const found = await ask<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`);
        if (found === null) return null;
        const names = new Set(found.map(({ name }) => name));
        tables = (['a', 'l'] as const).filter((key) => names.has(TABLES[key]));
      }
      if (tables.length === 0) return [];
      const twin = tables.length === 2;
      const parts = tables.map((key) => `SELECT * FROM (${selectOf(key, after[key], limit, twin)})`);
      return ask<EventRow>(parts.join(' UNION ALL '));
    },
  };
}

function selectOf(table: 'a' | 'l', after: number, limit: number, twin: boolean): string {
  const name = `event || ' ' || coalesce(Uniqueid, '')`;
  const request =
    table === 'l' && twin
      ? `CASE WHEN ${name} IN (SELECT ${name} FROM ${TABLES.a}) THEN NULL ELSE request END`
      : 'request';
  return `SELECT '${table}' AS t, id, DateTime AS at, event, Uniqueid AS uid, ${request} AS request
    FROM ${TABLES[table]} WHERE id > ${Math.trunc(after)} ORDER BY id LIMIT ${Math.trunc(limit)}`;
}
