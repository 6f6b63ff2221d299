import { readFile } from 'node:fs/promises';
import type pg from 'pg';

export interface Statement {
  /** Its comment, which says what the old system does with it. */
  title: string;
  sql: string;
  expect: { rows: number; atLeast: boolean } | null;
}

/** The statements that a database of `generation` must go on accepting, in the file's order. */
export async function oldStatements(generation: 'a' | 'b'): Promise<Statement[]> {
  const text = await readFile(new URL('./fleet-statements.sql', import.meta.url), 'utf8');
  const found: Statement[] = [];
  let section: string | null = null;
  let comment: string[] = [];
  let sql: string[] = [];
  for (const line of text.split('\n')) {
    const head = /^-- @(both|generation (\w))/.exec(line);
    if (head) {
      section = head[2] ?? 'both';
      comment = [];
    } else if (sql.length === 0 && line.startsWith('--')) {
      comment.push(line.replace(/^-- ?/, ''));
    } else if (sql.length === 0 && line.trim() === '') {
      comment = [];
    } else if (section !== null) {
      sql.push(line);
      if (!line.trimEnd().endsWith(';')) continue;
      const title = comment.join(' ');
      const wish = /expect (>= )?(\d+)/.exec(title);
      if (section === 'both' || section === generation) {
        found.push({
          title,
          sql: sql.join('\n'),
          expect: wish && { rows: Number(wish[2]), atLeast: wish[1] !== undefined },
        });
      }
      [comment, sql] = [[], []];
    }
  }
  return found;
}

/** Runs them all; a line for each that failed or returned another number of rows than the file says. */
export async function runOldStatements(db: pg.Client, statements: Statement[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { title, sql, expect } of statements) {
    try {
      const { rows } = await db.query(sql);
      if (!expect) continue;
      if (expect.atLeast ? rows.length < expect.rows : rows.length !== expect.rows)
        wrong.push(`${title}: returned ${rows.length}`);
    } catch (error) {
      wrong.push(`${title}: ${String(error)}`);
    }
  }
  return wrong;
}
