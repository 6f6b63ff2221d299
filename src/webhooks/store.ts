/**
 * The inbox in the database. Every post has a number in its stream (one stream a process run), and the stream's mark moves in
 * the statement that stores it. So a statement whose answer never came, and which is carried out late or was carried out
 * after all, meets a mark that has moved on and does nothing: what is stored again from the journal is stored once.
 */
import type { Pool, PoolClient } from '../db/pool.js';
import type { AcceptedWebhook } from './parse.js';

/** A post with its place in its stream. */
export interface NumberedWebhook {
  /** UUID of the run that accepted it. */
  stream: string;
  /** Counts up within the stream. */
  n: number;
  webhook: AcceptedWebhook;
}

/** A post read back from the disk journal; `origin` is `<journal id>:<sequence>`. */
export interface JournaledWebhook extends NumberedWebhook {
  origin: string;
}

/** All of it rejects when the signal aborts; the connection is thrown away then. */
export interface InboxStore {
  /** One statement. `batch` is of one stream, in order, and follows everything of that stream stored before. */
  insert(batch: readonly NumberedWebhook[], signal: AbortSignal): Promise<void>;
  /** One transaction. What is stored already is passed over. In order; several streams may follow one another. */
  insertJournaled(batch: readonly JournaledWebhook[], signal: AbortSignal): Promise<void>;
  /** Marks a post as dealt with, without storing it. */
  passOver(one: NumberedWebhook, signal: AbortSignal): Promise<void>;
  /** Resolves when the database answers. */
  probe(signal: AbortSignal): Promise<void>;
}

export function createInboxStore(pool: Pool): InboxStore {
  return {
    insert: (batch, signal) => withClient(pool, signal, (client) => insertNew(client, batch)),
    insertJournaled: (batch, signal) =>
      withClient(pool, signal, (client) => inOneTransaction(client, () => insertUnmarked(client, batch))),
    passOver: (one, signal) => withClient(pool, signal, (client) => moveMark(client, one.stream, one.n)),
    probe: (signal) => withClient(pool, signal, async (client) => void (await client.query('SELECT 1'))),
  };
}

/** Codes that mean: this row cannot be stored, now or later. Its neighbours can. */
export function isRowAtFault(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23|54)\w{3}$/.test(code);
}

async function insertNew(client: PoolClient, batch: readonly NumberedWebhook[]): Promise<void> {
  const [first, last] = [batch[0], batch.at(-1)];
  if (!first || !last) return;
  await client.query(
    `WITH moved AS (
       INSERT INTO journal_marks AS m (journal, last_sequence) VALUES ($1, $3)
       ON CONFLICT (journal) DO UPDATE SET last_sequence = $3, updated_at = now() WHERE m.last_sequence < $2
       RETURNING 1)
     INSERT INTO webhook_inbox (pbx, enterprise_number, event_type, unique_id, raw_data, arrived_at)
     SELECT pbx, enterprise, event, uid, raw, to_timestamp("arrivedAt" / 1000)
       FROM ROWS FROM (json_to_recordset($4) AS
              (pbx text, enterprise text, event text, uid text, raw jsonb, "arrivedAt" float8)) WITH ORDINALITY
      WHERE EXISTS (SELECT FROM moved)
      ORDER BY ordinality`,
    [first.stream, first.n, last.n, JSON.stringify(batch.map(({ webhook }) => webhook))],
  );
}

async function insertUnmarked(client: PoolClient, batch: readonly JournaledWebhook[]): Promise<void> {
  for (const stream of new Set(batch.map((one) => one.stream))) {
    const ofStream = batch.filter((one) => one.stream === stream);
    const stored = await lockMark(client, stream);
    const missing = ofStream.filter((one) => one.n > stored);
    const last = missing.at(-1);
    if (!last) continue;
    await insertOrigins(client, missing);
    await moveMark(client, stream, last.n);
  }
}

/** Waits for a statement of the same stream that is still under way, and keeps any from starting. */
async function lockMark(client: PoolClient, stream: string): Promise<number> {
  const { rows } = await client.query<{ last: string }>(
    `INSERT INTO journal_marks AS m (journal, last_sequence) VALUES ($1, 0)
     ON CONFLICT (journal) DO UPDATE SET updated_at = now() RETURNING m.last_sequence AS last`,
    [stream],
  );
  return Number(rows[0]?.last ?? 0);
}

async function insertOrigins(client: PoolClient, batch: readonly JournaledWebhook[]): Promise<void> {
  await client.query(
    `INSERT INTO webhook_inbox (pbx, enterprise_number, event_type, unique_id, raw_data, arrived_at, origin)
     SELECT pbx, enterprise, event, uid, raw, to_timestamp("arrivedAt" / 1000), origin
       FROM ROWS FROM (json_to_recordset($1) AS
              (pbx text, enterprise text, event text, uid text, raw jsonb, "arrivedAt" float8, origin text)) WITH ORDINALITY
      ORDER BY ordinality
     ON CONFLICT (origin) DO NOTHING`,
    [JSON.stringify(batch.map(({ webhook, origin }) => ({ ...webhook, origin })))],
  );
}

async function moveMark(client: PoolClient, stream: string, n: number): Promise<void> {
  await client.query(
    `INSERT INTO journal_marks AS m (journal, last_sequence) VALUES ($1, $2)
     ON CONFLICT (journal) DO UPDATE SET last_sequence = greatest(m.last_sequence, $2), updated_at = now()`,
    [stream, n],
  );
}

async function inOneTransaction(client: PoolClient, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** A connection for `work`, given back whole only if all went well. */
async function withClient(pool: Pool, signal: AbortSignal, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await connect(pool, signal);
  let held = true;
  const giveBack = (broken: boolean) => {
    if (held) client.release(broken);
    held = false;
  };
  // Throwing a busy connection away ends the wait of whoever is using it.
  const abort = () => giveBack(true);
  signal.addEventListener('abort', abort);
  try {
    await work(client);
    giveBack(false);
  } catch (error) {
    giveBack(!isRowAtFault(error));
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** A pool may hand out a connection long after nobody waits for it any more. */
async function connect(pool: Pool, signal: AbortSignal): Promise<PoolClient> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('connection timeout: the database did not answer in time'));
    signal.addEventListener('abort', abort, { once: true });
    pool.connect().then(
      (client) => {
        signal.removeEventListener('abort', abort);
        if (signal.aborted) client.release();
        else resolve(client);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', abort);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
