/** What is stored of one call, for whoever looks for the reason of a violation. */
import type { Branch, Stage } from './stage.js';
import type { Violation } from './ledger.js';
import { clock } from './ledger.js';

const MOST = 5;

/** Of the first few, in full; the others by name. */
export async function explain(stage: Stage, branch: Branch, violations: readonly Violation[]): Promise<string> {
  const parts: string[] = [];
  for (const violation of violations.slice(0, MOST)) {
    parts.push(`${branch.enterprise} ${violation.what}: ${violation.uid ?? ''} ${violation.detail}`);
    if (violation.uid !== null) parts.push(...(await storedOf(stage, branch, violation.uid)));
  }
  for (const { what, uid, detail } of violations.slice(MOST))
    parts.push(`${branch.enterprise} ${what}: ${uid ?? ''} ${detail}`);
  return parts.join('\n');
}

async function storedOf({ pool, crm }: Stage, branch: Branch, uid: string): Promise<string[]> {
  const lines: string[] = [];
  for (const row of branch.asterisk.masterCsv().filter((one) => one.linkedid === uid))
    lines.push(
      `  cdr ${row.uniqueid} ${clock(row.start)}–${clock(row.end)} ${row.disposition} ${row.billSeconds} s ${row.channel} > ${row.destinationChannel}`,
    );
  const facts = await pool.query<{ at: Date; kind: string; raw: Record<string, unknown> }>(
    `SELECT timestamp AS at, event_type AS kind, raw_data AS raw FROM asterisk_logs
      WHERE pbx = $1 AND raw_data::text LIKE '%' || $2 || '%' ORDER BY timestamp, id LIMIT 80`,
    [branch.pbx, uid],
  );
  for (const { at, kind, raw } of facts.rows) lines.push(`  fact ${clock(at.getTime())} ${kind} ${shortly(raw)}`);
  const calls = await pool.query<{ id: string; text: string }>(
    `SELECT id, to_jsonb(c) - 'facts' AS text FROM calls c WHERE pbx = $1 AND
       (unique_id = $2 OR id IN (SELECT call_id FROM call_uids WHERE pbx = $1 AND uid = $2))`,
    [branch.pbx, uid],
  );
  for (const { id, text } of calls.rows) {
    lines.push(`  call ${JSON.stringify(text)}`);
    const events = await pool.query<{ kind: string; at: Date; created: Date }>(
      'SELECT kind, at, created_at AS created FROM call_events WHERE call_id = $1 ORDER BY seq',
      [id],
    );
    for (const event of events.rows)
      lines.push(`  event ${event.kind} at ${clock(event.at.getTime())}, stored ${clock(event.created.getTime())}`);
    const owed = await pool.query(
      "SELECT to_jsonb(d) - 'event' AS d FROM deliveries d WHERE call_id = $1 ORDER BY id",
      [id],
    );
    for (const row of owed.rows as { d: unknown }[]) lines.push(`  delivery ${JSON.stringify(row.d)}`);
  }
  for (const exchange of crm.exchanges.filter((one) => one.body.includes(`${branch.enterprise}-${uid}`)))
    lines.push(
      `  crm ${clock(exchange.at)} ${exchange.path} ${exchange.fault ?? ''} ${exchange.status ?? 'no answer'} ${exchange.effect}`,
    );
  return lines;
}

function shortly(raw: Record<string, unknown>): string {
  const { channel, dest, channels, status, uid } = raw as {
    channel?: { name?: string; uid?: string; state?: string };
    dest?: { name?: string };
    channels?: unknown[];
    status?: string;
    uid?: string;
  };
  return [
    channel?.name,
    channel?.uid,
    channel?.state,
    dest?.name,
    status,
    uid,
    channels && `${channels.length} channels`,
  ]
    .filter((part) => part !== undefined && part !== null)
    .join(' ');
}
