/**
 * One day's event database of the fleet, asked over SSH by the host's own `sqlite3`, so that nothing in a request, no `|`, quote or line
 * end, can be taken for the form of the answer. The question goes to its standard input; only numbers of ours stand in it.
 *
 * A program of 2020 or later answers in JSON, which is asked for first. One that does not know the option (CentOS 7 has 3.7.17) gives
 * every value as the hex digits of its bytes, by options that were always there: twice as long, and as safe.
 *
 * While it reads, the host's own script cannot write, and loses the event after five seconds. So the host's shell takes the whole answer, a
 * page of some hundred kilobytes, before it sends any of it: a line that stalls, or our being slow, holds nobody up.
 */
import { dirname } from 'node:path/posix';
import type { Readable } from 'node:stream';
import { TrunklineError } from '../platform/errors.js';
import type { ErrorCode } from '../platform/errors.js';
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

type Row = Record<string, string | number | null>;

const TABLES = { a: 'AlternativeAPIlogs', l: 'APIlogs' } as const;
const COLUMNS = ['t', 'id', 'at', 'event', 'uid', 'request'] as const;
/** What a shell says, nothing of sqlite3's own: a day without a file is one without calls, anything else is to be put right. */
const NO_FILE = 66;
const NO_FOLDER = 67;
const MAY_NOT = 68;

/** How a program is asked, and what a line of its answer says. */
interface Form {
  options: string;
  question(sql: string, columns: readonly string[]): string;
  /** Null: no row stands there. */
  row(line: string, columns: readonly string[]): Row | null;
}

/** One row a line, whatever is in it: line ends within a text are escaped. */
const JSON_FORM: Form = {
  options: '-readonly -json',
  question: (sql) => sql,
  row(line) {
    // Of the whole answer the first line opens the list, the last one ends it.
    const text = line.trim();
    const row = text.slice(text.startsWith('[') ? 1 : 0, text.endsWith(',') || text.endsWith(']') ? -1 : undefined);
    return row === '' ? null : (JSON.parse(row) as Row);
  },
};

const HEX_FORM: Form = {
  options: `-batch -list -noheader -separator '|' -nullvalue ''`,
  question: (sql, columns) =>
    `SELECT ${columns.map((name) => `CASE WHEN ${name} IS NULL THEN '-' ELSE hex(${name}) END`).join(', ')} FROM (${sql})`,
  row(line, columns) {
    if (line.trim() === '') return null;
    const values = line.trim().split('|');
    return Object.fromEntries(columns.map((name, i) => [name, fromHex(values[i] ?? '-')]));
  },
};

export type FormName = 'json' | 'hex';

const FORMS: readonly (readonly [FormName, Form])[] = [
  ['json', JSON_FORM],
  ['hex', HEX_FORM],
];
const isTooOld = (stderr: string) => /unknown option/i.test(stderr);
/** What a shell says of a program that is not there, or is none. */
const NO_PROGRAM: readonly (number | null)[] = [126, 127];

const fromHex = (digits: string) => (digits === '-' ? null : Buffer.from(digits, 'hex').toString('utf8'));

/** How the host's program answers. @throws TrunklineError RECOVERY_NO_SQLITE3, SSH_FAILED */
export async function formOf(session: SshSession, sqlite3: string): Promise<FormName> {
  for (const [name, { options, question }] of FORMS) {
    const command = `exec ${shellQuoted(sqlite3)} ${options} :memory:`;
    const { stdout, ended } = await session.run(command, `${question('SELECT 1 AS one', ['one'])};\n`);
    stdout.resume();
    const { code, stderr } = await ended;
    if (code === 0) return name;
    if (name === 'hex' || !isTooOld(stderr)) throw programFailure(sqlite3, 'by itself', code, stderr);
  }
  throw new TrunklineError('SSH_FAILED', `${sqlite3} knows no form we can read`);
}

function programFailure(sqlite3: string, on: string, code: number | null, stderr: string): TrunklineError {
  const what: ErrorCode = NO_PROGRAM.includes(code) ? 'RECOVERY_NO_SQLITE3' : 'SSH_FAILED';
  return new TrunklineError(what, `${sqlite3} ${on} ended with ${code}: ${stderr.trim()}`);
}

/** Where the file of a day (`2026-11-20`, the host's) is. */
export function fileOfDay({ folder, file }: { folder: string; file: string }, day: string): string {
  return `${folder.replace(/\/$/, '')}/${file.replaceAll('{date}', day)}`;
}

export function openEventDatabase(session: SshSession, path: string, sqlite3: string): EventDatabase {
  const file = shellQuoted(path);
  const folder = shellQuoted(dirname(path));
  let form = JSON_FORM;
  let tables: ('a' | 'l')[] | null = null;

  async function ask(sql: string, columns: readonly string[]): Promise<Row[] | null> {
    const looks = `[ -d ${folder} ] || exit ${NO_FOLDER}; [ -e ${file} ] || exit ${NO_FILE}; [ -r ${file} ] || exit ${MAY_NOT}`;
    const command = `${looks}; told=$(${shellQuoted(sqlite3)} ${form.options} ${file}) || exit; printf '%s\\n' "$told"`;
    const { stdout, ended } = await session.run(command, `.timeout 5000\n${form.question(sql, columns)};\n`);
    const rows: Row[] = [];
    for await (const lines of linesOf(stdout)) {
      for (const line of lines) {
        const row = form.row(line, columns);
        if (row) rows.push(row);
      }
    }
    const { code, stderr } = await ended;
    if (code === NO_FILE) return null;
    if (code === NO_FOLDER)
      throw new TrunklineError(
        'RECOVERY_NOTHING_THERE',
        `there is no folder ${dirname(path)} on the host, or we may not look into it`,
      );
    if (code === MAY_NOT) throw new TrunklineError('RECOVERY_MAY_NOT_READ', `${path} is there and may not be read`);
    if (code !== 0 && form === JSON_FORM && isTooOld(stderr)) {
      form = HEX_FORM;
      return ask(sql, columns);
    }
    if (code !== 0) throw programFailure(sqlite3, `on ${path}`, code, stderr);
    return rows;
  }

  return {
    async rows(after, limit) {
      if (tables === null) {
        const found = await ask(`SELECT name FROM sqlite_master WHERE type = 'table'`, ['name']);
        if (found === null) return null;
        const names = new Set(found.map(({ name }) => name));
        tables = (['a', 'l'] as const).filter((key) => names.has(TABLES[key]));
      }
      if (tables.length === 0) return [];
      const twin = tables.length === 2;
      const parts = tables.map((key) => `SELECT * FROM (${selectOf(key, after[key], limit, twin)})`);
      const rows = await ask(parts.join(' UNION ALL '), COLUMNS);
      return rows && rows.map((row) => ({ ...(row as unknown as EventRow), id: Number(row['id']) }));
    },
  };
}

/** As they come, many at once. By line feeds alone: what else ends a line in some eyes (U+2028) may stand in a text. */
async function* linesOf(stream: Readable): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece as Buffer, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
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
