import type { TestDb } from '../../support/db.js';
import type { Told } from './search.js';

/** Every row of every table as a plain dump would hold it, by column. */
export async function dumpOf({ pool }: Pick<TestDb, 'pool'>): Promise<Told[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const told: Told[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ column: string; text: string }>(
      `SELECT field.key AS column, coalesce(string_agg(field.value, E'\\n'), '') AS text
         FROM ${name} t, jsonb_each_text(to_jsonb(t)) AS field GROUP BY field.key`,
    );
    told.push(...rows.map(({ column, text }) => ({ where: `dump ${name}.${column}`, text })));
  }
  return told;
}
