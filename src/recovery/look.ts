/**
 * Whether what a PBX keeps could be read now, for whoever asks before it is needed. A row and a few lines are read as a run would read
 * them; nothing of it is kept and no cursor moves.
 */
import { TrunklineError } from '../platform/errors.js';
import type { SshSession } from '../platform/ssh.js';
import { localFiles, sftpFiles } from './cdr-file.js';
import type { Files } from './cdr-file.js';
import { readCdrLine } from './cdr-record.js';
import type { CdrSettings } from './cdr-source.js';
import { fileOfDay, formOf, openEventDatabase } from './event-database.js';
import type { FormName } from './event-database.js';
import type { EventsSettings } from './events-source.js';
import { HostClock } from './host-clock.js';

export type Looked =
  | { part: 'ssh' }
  /** Null: none of today, nor of yesterday. */
  | { part: 'events'; file: string | null; form: FormName }
  /** `why`: nothing can be made of its last line. */
  | { part: 'cdr'; file: string; bytes: number; why: string | null }
  | { part: 'ssh' | 'events' | 'cdr'; failed: TrunklineError };

export interface LookDeps {
  settings: { events: EventsSettings | null; cdr: CdrSettings | null };
  timezone: string;
  /** Our clock. */
  now(): number;
  open(signal: AbortSignal): Promise<SshSession>;
}

const DAY_MS = 86_400_000;
const LAST_BYTES = 16 * 1024;

/** What there is to look at is in the settings; nothing where none are. */
export async function lookAtSources(deps: LookDeps, signal: AbortSignal): Promise<Looked[]> {
  const { events, cdr } = deps.settings;
  const local = cdr?.at === 'local' ? [await looked('cdr', () => lookAtCsv(localFiles, cdr, deps))] : [];
  if (!events && cdr?.at !== 'ssh') return local;
  let session: SshSession;
  try {
    session = await deps.open(signal);
  } catch (error) {
    return [{ part: 'ssh', failed: asTold(error) }, ...local];
  }
  try {
    const found: Looked[] = [{ part: 'ssh' }];
    if (events) found.push(await looked('events', () => lookAtEvents(session, events, deps)));
    if (cdr?.at === 'ssh')
      found.push(await looked('cdr', async () => lookAtCsv(sftpFiles(await session.sftp()), cdr, deps)));
    return [...found, ...local];
  } finally {
    session.close();
  }
}

async function lookAtEvents(
  session: SshSession,
  settings: EventsSettings,
  { timezone, now }: LookDeps,
): Promise<Looked> {
  const form = await formOf(session, settings.sqlite3);
  const clock = new HostClock(timezone);
  for (const at of [now(), now() - DAY_MS]) {
    const path = fileOfDay(settings, clock.dateAt(at));
    const rows = await openEventDatabase(session, path, settings.sqlite3).rows({ a: 0, l: 0 }, 1);
    if (rows !== null) return { part: 'events', file: path, form };
  }
  return { part: 'events', file: null, form };
}

async function lookAtCsv(files: Files, { file, zone }: CdrSettings, { timezone }: LookDeps): Promise<Looked> {
  const bytes = await files.size(file);
  // Just put aside, it is there again with the next call.
  if (bytes === null && (await files.size(`${file}.1`)) !== null)
    return { part: 'cdr', file: `${file}.1`, bytes: 0, why: null };
  if (bytes === null) throw new TrunklineError('RECOVERY_NOTHING_THERE', `there is no ${file}`);
  if (bytes === 0) return { part: 'cdr', file, bytes, why: null };
  const text = (await files.read(file, Math.max(0, bytes - LAST_BYTES), bytes)).toString('utf8');
  const last = text.split('\n').at(-2);
  const read = last === undefined ? null : readCdrLine(last, zone, timezone);
  return { part: 'cdr', file, bytes, why: typeof read === 'string' ? read : null };
}

async function looked(part: 'events' | 'cdr', look: () => Promise<Looked>): Promise<Looked> {
  try {
    return await look();
  } catch (error) {
    return { part, failed: asTold(error) };
  }
}

function asTold(error: unknown): TrunklineError {
  if (error instanceof TrunklineError) return error;
  return new TrunklineError('SSH_FAILED', error instanceof Error ? error.message : String(error), { cause: error });
}
