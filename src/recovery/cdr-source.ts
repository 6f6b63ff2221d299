/**
 * Asterisk's own records as a source: of its file, and those its link told (`cdr-event.ts`). What is read is stored as it is, and the
 * cursor with it; whose call a record is, is looked at afterwards and as often as need be, so a call whose last record comes late is
 * put together all the same.
 *
 * A file may hold years: of what ended `days` before it was first read no call is made by itself, only when somebody asks for it.
 */
import type { Logger } from '../platform/log.js';
import type { SshSession } from '../platform/ssh.js';
import { callsOf, factsOf, UNTOLD_UID } from './cdr-calls.js';
import { FILE_BEGIN, localFiles, readCsv, sftpFiles } from './cdr-file.js';
import type { CsvPlace, Files } from './cdr-file.js';
import { readCdrLine } from './cdr-record.js';
import type { CdrRecord } from './cdr-record.js';
import { insertCdrs, knownUids, passOverBefore, readUnsettled, settleCdrs, unsettleCdrs } from './cdr-store.js';
import type { Reached, StoredCdr, UnsettledPage } from './cdr-store.js';
import { loadCursor, saveCursor } from './cursor-store.js';
import { keepCalls } from './keep.js';
import type { CallsPort } from './ports.js';
import { Replay } from './replay.js';
import { addProgress, NO_PROGRESS } from './source.js';
import type { Progress, Source, SourceRun } from './source.js';
import { inTransaction } from './store.js';
import type { Pool } from './store.js';

export interface CdrSettings {
  file: string;
  /** `ami`: there is no file, only what the link tells. */
  at: 'ssh' | 'local' | 'ami';
  zone: string;
  days: number;
}

interface Place extends CsvPlace {
  /** Unix ms: of what ended before, no call is made unasked. */
  since: number;
}

export interface CdrReaderDeps {
  pbx: string;
  timezone: string;
  settings: CdrSettings;
  pool: Pool;
  log: Logger;
  open(signal: AbortSignal): Promise<SshSession>;
  /** Our clock. */
  now(): number;
}

export interface CdrDeps extends CdrReaderDeps {
  port: CallsPort;
}

const TOGETHER = 1_000;
const DAY_MS = 86_400_000;

export function createCdrSource(deps: CdrDeps): Source {
  const { pbx, pool, port } = deps;

  async function run({ until, window, signal, onProgress }: SourceRun): Promise<Progress> {
    if (!port.context(pbx)) return NO_PROGRESS;
    let progress = NO_PROGRESS;
    const add = (more: Partial<Progress>) => onProgress((progress = addProgress(progress, more)));
    // What the link told is looked at whether or not the file can be had.
    const [read] = await Promise.allSettled([readNewCdrs(deps, signal, add)]);
    await passOverBefore(pool, pbx, (await loadCursor<Place>(pool, pbx, 'cdr'))?.place.since ?? 0);
    if (window) await unsettleCdrs(pool, pbx, window.from, window.to);
    for (let after: Reached | null = null; ;) {
      signal.throwIfAborted();
      const { rows, reached }: UnsettledPage = await readUnsettled(pool, pbx, { until, after, limit: TOGETHER });
      if (reached === null) break;
      add(await settle(rows, until));
      after = reached;
    }
    if (read.status === 'rejected') throw read.reason;
    return progress;
  }

  /**
   * Of calls all whose records are over: they are known, or are stored now, or are none. The phones of a group that did not answer
   * have theirs while the call goes on, and so has one half of a Local channel: such a call waits until its last is over.
   */
  async function settle(rows: readonly StoredCdr[], until: number): Promise<Partial<Progress>> {
    const ids = new Map(rows.map(({ id, record }) => [record, id]));
    const fresh = new Set(rows.filter(({ settled }) => !settled).map(({ record }) => record));
    const calls = callsOf(rows.map(({ record }) => record)).filter(
      ({ records }) => records.some((one) => fresh.has(one)) && records.every(({ end }) => end <= until),
    );
    const asked = calls.flatMap(({ records }) => {
      const span = { from: records[0]?.start ?? 0, to: Math.max(...records.map(({ end }) => end)) };
      return records.flatMap(({ uid, linkedid }) =>
        [uid, linkedid].filter(Boolean).map((one) => ({ uid: one, ...span })),
      );
    });
    const known = await knownUids(pool, pbx, asked);
    const isKnown = (records: readonly CdrRecord[]) =>
      records.some(({ uid, linkedid }) => known.has(uid) || known.has(linkedid));
    const missing = calls.filter(({ records }) => !isKnown(records));
    const context = port.context(pbx);
    let unreadable = 0;
    // Each by itself: they are told whole, and nothing of one concerns another.
    const over = missing.flatMap((call) => {
      if (!context) return [];
      const replay = new Replay(context, [], (fact, uid, error) => {
        const record = call.records[0]?.uid;
        deps.log.error(
          { pbx, record, uid, fact: fact.kind, err: error },
          'a fact could not be folded and is passed over',
        );
        unreadable += 1;
      });
      const facts = factsOf(call);
      replay.fold(facts);
      replay.until((facts.at(-1)?.at ?? 0) + DAY_MS);
      return replay.takeOver().map((one) => ({ ...one, uids: one.uids.filter((uid) => !UNTOLD_UID.test(uid)) }));
    });
    const idsOf = (some: readonly CdrRecord[]) => some.flatMap((record) => ids.get(record) ?? []);
    const kept = await keepCalls(port, pbx, over, async (tx) => {
      await settleCdrs(tx, idsOf(calls.flatMap(({ records }) => records)), null);
    });
    return { ...kept, unreadable, known: kept.known + calls.length - missing.length };
  }

  return { name: 'cdr', fillsGaps: deps.settings.at !== 'ami', run };
}

/** Stores what the file has new, and its place with it; nothing where there is no file. */
export async function readNewCdrs(
  deps: CdrReaderDeps,
  signal: AbortSignal,
  add: (more: Partial<Progress>) => void,
): Promise<void> {
  const { pbx, pool, settings } = deps;
  if (settings.at === 'ami') return;
  await withFiles(deps, signal, async (files) => {
    const known = await loadCursor<Place>(pool, pbx, 'cdr');
    const since = known?.place.since ?? deps.now() - settings.days * DAY_MS;
    for await (const { lines, place } of readCsv(files, settings.file, known?.place ?? FILE_BEGIN)) {
      const read = lines.map((line) => readCdrLine(line, settings.zone, deps.timezone));
      const records = read.filter((one): one is CdrRecord => typeof one !== 'string');
      const why = read.find((one) => typeof one === 'string');
      if (why !== undefined) deps.log.warn({ pbx, file: settings.file, why }, 'a call detail record could not be read');
      const upTo = Math.max(0, ...records.map(({ end }) => end));
      await inTransaction(pool, async (tx) => {
        await insertCdrs(tx, pbx, records);
        await saveCursor<Place>(tx, pbx, 'cdr', { place: { ...place, since }, open: [], upTo });
      });
      add({ read: records.length, unreadable: read.length - records.length });
    }
  });
}

async function withFiles(
  { settings, open }: CdrReaderDeps,
  signal: AbortSignal,
  work: (files: Files) => Promise<void>,
): Promise<void> {
  if (settings.at === 'local') return work(localFiles);
  const session = await open(signal);
  try {
    await work(sftpFiles(await session.sftp()));
  } finally {
    session.close();
  }
}
