import type pg from 'pg';

/**
 * What a schema consists of, as text that is the same on every machine and PostgreSQL: read from the catalog, sorted by
 * name, without owners' and internal names. Used for the checked-in dump and for "nothing of theirs was altered".
 */
export async function dumpSchema(db: pg.ClientBase | pg.Pool, schema: string): Promise<string> {
  const tables = await rows<{
    oid: string;
    name: string;
    kind: string;
    bound: string | null;
    parent: string | null;
    key: string | null;
  }>(
    db,
    `SELECT c.oid::text AS oid, c.relname AS name, c.relkind AS kind, pg_get_expr(c.relpartbound, c.oid) AS bound,
       (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid) AS parent,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS key
     FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname COLLATE "C"`,
    [schema],
  );
  const parts: string[] = [];
  for (const table of tables) {
    const body = table.bound === null ? [...(await columns(db, table.oid)), ...(await constraints(db, table.oid))] : [];
    const head = table.bound === null ? '' : ` PARTITION OF ${bare(table.parent ?? '', schema)} ${table.bound}`;
    const list = body.length > 0 ? ` (\n${body.map((line) => `  ${line}`).join(',\n')}\n)` : '';
    const key = table.key ? ` PARTITION BY ${table.key}` : '';
    const extras = table.bound === null ? [...(await indexes(db, table.oid)), ...(await triggers(db, table.oid))] : [];
    parts.push(
      [`TABLE ${table.name}${head}${list}${key};`, ...extras.map((line) => `${line};`)]
        .map((line) => bare(line, schema))
        .join('\n'),
    );
  }
  for (const line of await others(db, schema)) parts.push(bare(line, schema));
  return `${parts.join('\n\n')}\n`;
}

function bare(text: string, schema: string): string {
  return text.replaceAll(`${schema}.`, '');
}

async function rows<T extends pg.QueryResultRow>(
  db: pg.ClientBase | pg.Pool,
  sql: string,
  values: unknown[],
): Promise<T[]> {
  return (await db.query<T>(sql, values)).rows;
}

async function lines(db: pg.ClientBase | pg.Pool, sql: string, value: string): Promise<string[]> {
  return (await rows<{ line: string }>(db, sql, [value])).map(({ line }) => line);
}

function columns(db: pg.ClientBase | pg.Pool, oid: string): Promise<string[]> {
  return lines(
    db,
    `SELECT concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attidentity <> '' THEN 'GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY' END,
       CASE WHEN a.attnotnull THEN 'NOT NULL' END,
       'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    oid,
  );
}

/** NOT NULL stands with its column; PostgreSQL 18 lists it as a constraint besides, older ones do not. */
function constraints(db: pg.ClientBase | pg.Pool, oid: string): Promise<string[]> {
  return lines(
    db,
    `SELECT 'CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) AS line
     FROM pg_constraint WHERE conrelid = $1::oid AND contype <> 'n' ORDER BY conname COLLATE "C"`,
    oid,
  );
}

function indexes(db: pg.ClientBase | pg.Pool, oid: string): Promise<string[]> {
  return lines(
    db,
    `SELECT pg_get_indexdef(i.indexrelid) AS line FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = $1::oid AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid)
     ORDER BY c.relname COLLATE "C"`,
    oid,
  );
}

/** A reference from another table adds internal triggers; they are counted, for their names hold an oid. */
function triggers(db: pg.ClientBase | pg.Pool, oid: string): Promise<string[]> {
  return lines(
    db,
    `SELECT CASE WHEN tgisinternal THEN 'INTERNAL TRIGGERS ' || count(*) ELSE min(pg_get_triggerdef(oid)) END AS line
     FROM pg_trigger WHERE tgrelid = $1::oid GROUP BY tgisinternal, CASE WHEN tgisinternal THEN '' ELSE tgname END ORDER BY 1`,
    oid,
  );
}

function others(db: pg.ClientBase | pg.Pool, schema: string): Promise<string[]> {
  return lines(
    db,
    `SELECT line FROM (
       SELECT 'SEQUENCE ' || relname || ';' AS line FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'S'
       UNION ALL SELECT 'VIEW ' || relname || ' AS ' || pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('v', 'm')
       UNION ALL SELECT pg_get_functiondef(oid) || ';' FROM pg_proc WHERE pronamespace = $1::regnamespace AND prokind IN ('f', 'p')
       UNION ALL SELECT 'TYPE ' || typname || ';' FROM pg_type WHERE typnamespace = $1::regnamespace AND typtype IN ('e', 'd')
     ) all_lines ORDER BY line COLLATE "C"`,
    schema,
  );
}
