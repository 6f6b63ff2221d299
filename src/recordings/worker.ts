/**
 * The lane of recordings: looks, fetches, keeps. Its own loop with its own retries, so nothing else waits for it. States and what
 * each failure does: README.md.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallEvent } from '../calls/vocabulary.js';
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import { copyParts } from './copy.js';
import { createHands } from './hands.js';
import type { Waiting } from './hands.js';
import { contentTypeOf, keyFor, withEnding } from './names.js';
import { look } from './look.js';
import type { Part, Seen } from './look.js';
import { toMp3 } from './mp3.js';
import { chooseParts } from './parts.js';
import { candidates } from './place.js';
import { SourceFailure } from './ports.js';
import type { Keep, RecordingEnterprise, Source } from './ports.js';
import * as store from './recordings-store.js';
import type { DueRecording, Pool, PoolClient } from './recordings-store.js';
import type { LaneSettings } from './settings.js';
import type { Sources } from './sources.js';

export interface RecordingLaneDeps {
  pool: Pool;
  clock: Clock;
  log: Logger;
  settings: LaneSettings;
  sources: Sources;
  keep: Keep;
  /** Files on their way; emptied at the start. */
  workFolder: string;
  enterprise(number: string): RecordingEnterprise | null;
  /** The call's recording can be played: whoever is owed that is told, in this transaction. The answer is called after it. */
  onReady(tx: PoolClient, event: CallEvent): Promise<() => void>;
  /** Whoever waited for the recording of a call waits no longer. `late`: he was told that there is none. */
  onKnown(tx: PoolClient, callId: string, link: string | null, late: boolean): Promise<() => void>;
  count(outcome: 'ready' | 'absent' | 'failed'): void;
}

export interface RecordingLane {
  run(signal: AbortSignal): Promise<void>;
  /** A row was added. */
  kick(): void;
  /** Why recordings cannot be kept just now; null: they can. */
  trouble(): string | null;
}

const SHORTEST_PAUSE_MS = 200;
const FAILURE_PAUSE_MS = 5_000;
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

export function createRecordingLane(deps: RecordingLaneDeps): RecordingLane {
  const { pool, clock, log, settings, sources, keep } = deps;
  const hands = createHands(settings.parallel);
  const running = new Set<Promise<void>>();
  let waiting: Waiting[] = [];
  /** By the monotonic clock. */
  let lookedAt = -Infinity;
  let wake: AbortController | null = null;
  let trouble: string | null = null;

  async function work(row: DueRecording, signal: AbortSignal): Promise<void> {
    const held = setInterval(() => {
      store.keepHold(pool, row, settings.leaseMs).catch(() => undefined);
    }, settings.leaseMs / 3);
    try {
      await lookAt(row, signal);
    } catch (error) {
      if (signal.aborted) await store.lookAgain(pool, row, { delayMs: 0, seen: row.seen, error: null });
      else await failed(row, error);
    } finally {
      clearInterval(held);
    }
  }

  async function lookAt(row: DueRecording, signal: AbortSignal): Promise<void> {
    const enterprise = deps.enterprise(row.enterprise);
    if (!enterprise) throw new SourceFailure('the enterprise has no settings of recordings');
    if (!row.call) throw new SourceFailure('the call is not there any more');
    const places = candidates(row.call, row.uids, enterprise.recordings);
    const { uid } = row.call;
    await sources.use(enterprise, async (source) => {
      const found = await look(source, places, row.seen);
      if (found.kind === 'complete' || (found.kind === 'unsound' && row.ageMs >= settings.unsoundMs))
        return fetchAll(row, enterprise, source, chooseParts(found.parts, uid), found.seen, signal);
      // What has no sound in it and does not grow will have none.
      const isNone = found.kind === 'empty' || (found.kind === 'nothing' && row.ageMs >= row.absentMs);
      if (isNone && row.state === 'expected') return absent(row, found.seen);
      await store.lookAgain(pool, row, { delayMs: nextLook(row, found.seen), seen: found.seen, error: null });
    });
  }

  function nextLook({ ageMs, state, absentMs }: DueRecording, seen: Seen): number | null {
    if (ageMs >= settings.lookMs) return null;
    if (Object.keys(seen).length > 0 && state === 'expected') return Math.max(settings.stableMs, ageMs / 10);
    const pause = Math.min(settings.mostPauseMs, Math.max(settings.stableMs, ageMs / 4));
    return state === 'expected' && ageMs < absentMs ? Math.min(pause, absentMs - ageMs + SHORTEST_PAUSE_MS) : pause;
  }

  async function absent(row: DueRecording, seen: Seen): Promise<void> {
    const told = await store.inTransaction(pool, async (tx) => {
      const again = { delayMs: nextLook({ ...row, state: 'absent' }, seen), seen, error: null };
      return (await store.settleAbsent(tx, row, again)) ? await deps.onKnown(tx, row.callId, null, false) : null;
    });
    if (!told) return;
    told();
    deps.count('absent');
    log.info({ enterprise: row.enterprise, call: row.callId, ageMs: Math.round(row.ageMs) }, 'a call has no recording');
  }

  async function fetchAll(
    row: DueRecording,
    enterprise: RecordingEnterprise,
    source: Source,
    parts: readonly Part[],
    seen: Seen,
    signal: AbortSignal,
  ): Promise<void> {
    const { recordings } = enterprise;
    const began = clock.monotonic();
    await mkdir(deps.workFolder, { recursive: true, mode: 0o750 });
    const raw = join(deps.workFolder, `${row.id}-${row.looks}`);
    const mp3 = `${raw}.mp3`;
    try {
      const copied = await copyParts(source, parts, raw, signal);
      let [file, ending, note]: [string, string, string | null] = [raw, copied.ending, null];
      if (recordings.format === 'mp3' && ending !== '.mp3') {
        note = await toMp3(raw, mp3, recordings.mp3Kbps, signal);
        signal.throwIfAborted();
        if (note === null) [file, ending] = [mp3, '.mp3'];
        else log.warn({ enterprise: row.enterprise, call: row.callId, why: note }, 'a recording stays as it is');
      }
      const { size: bytes } = await stat(file);
      const key = keyFor({ ...row, startedAt: row.call?.startedAt ?? clock.now() }, ending);
      await keep.put(key, file, contentTypeOf(key));
      trouble = null;
      const ready = {
        key,
        keptIn: keep.kind,
        sourceFile: parts.map(({ path }) => path).join('\n'),
        bytes,
        durationMs: copied.durationMs,
        parts: parts.length,
        damaged: copied.damaged,
        note,
        link: row.link === null ? null : withEnding(row.link, ending),
        keepDays: recordings.keepDays,
      };
      if (!(await told(row, ready))) return;
      deps.count('ready');
      const ms = Math.round(clock.monotonic() - began);
      const { durationMs, damaged } = copied;
      log.info(
        { enterprise: row.enterprise, call: row.callId, bytes, durationMs, parts: parts.length, damaged, ms },
        'recording kept',
      );
    } catch (error) {
      if (FULL.has(codeOf(error))) trouble = `recordings cannot be kept: ${codeOf(error)}`;
      throw error instanceof SourceFailure ? new Unfinished(error.message, seen) : error;
    } finally {
      await Promise.all([rm(raw, { force: true }), rm(mp3, { force: true })]);
    }
  }

  async function told(row: DueRecording, ready: store.ReadyRecording): Promise<boolean> {
    const wakes = await store.inTransaction(pool, async (tx) => {
      if (!(await store.settleReady(tx, row, ready))) return null;
      const late = row.state === 'absent';
      const known = await deps.onKnown(tx, row.callId, ready.link, late);
      const told = { at: clock.now(), late };
      const event = ready.link === null ? null : await store.saveReadyEvent(tx, row.callId, ready.link, told);
      return [known, event ? await deps.onReady(tx, event) : () => undefined];
    });
    for (const one of wakes ?? []) one();
    return wakes !== null;
  }

  /** Nothing is known of it, so nobody is told anything; who waits waits no longer than he would. */
  async function failed(row: DueRecording, error: unknown): Promise<void> {
    const why = error instanceof Error ? error.message : String(error);
    const ours = !(error instanceof SourceFailure || error instanceof Unfinished || error instanceof TrunklineError);
    const over = row.ageMs >= settings.giveUpMs;
    const about = { enterprise: row.enterprise, call: row.callId, look: row.looks, why };
    if (ours) log.error({ ...about, err: error }, 'a recording could not be kept');
    else log.warn(about, 'a recording could not be looked for or fetched');
    const pause = Math.min(
      settings.mostPauseMs / 4,
      Math.max(Math.min(FAILURE_PAUSE_MS, settings.stableMs * 2), row.ageMs / 4),
    );
    const seen = error instanceof Unfinished ? error.seen : row.seen;
    await store.lookAgain(pool, row, {
      delayMs: over ? null : pause,
      seen,
      error: why.slice(0, 500),
      ...(over && row.state === 'expected' ? { state: 'failed' as const } : {}),
    });
    if (over) deps.count('failed');
  }

  /** Until `until`: a hand came back or a row was added, so somebody else may be waiting now. */
  async function tick(signal: AbortSignal, until: AbortSignal): Promise<void> {
    if (hands.areFull()) return;
    // Of a hundred thousand that wait this takes longer than ten claims: a hand that comes back goes to those who were found lately.
    if (clock.monotonic() - lookedAt >= settings.pollMs) {
      lookedAt = clock.monotonic();
      waiting = await store.waitingByPbx(pool);
    }
    for (let next = hands.next(waiting); next && !until.aborted; next = hands.next(waiting)) {
      const row = await store.claimNext(pool, next, settings.leaseMs);
      if (row) start(row, hands.take(next), signal);
      else waiting = waiting.filter((one) => one !== next);
    }
  }

  function start(row: DueRecording, giveBack: () => void, signal: AbortSignal): void {
    const job: Promise<void> = work(row, signal)
      .catch((error: unknown) => log.warn({ err: error, call: row.callId }, 'a recording is looked for again later'))
      .finally(() => {
        running.delete(job);
        giveBack();
        wake?.abort();
      });
    running.add(job);
  }

  return {
    async run(signal) {
      // A lane that is started again may still have files under way.
      if (running.size === 0) await rm(deps.workFolder, { recursive: true, force: true });
      while (!signal.aborted) {
        wake = new AbortController();
        const until = AbortSignal.any([signal, wake.signal]);
        await tick(signal, until);
        await clock.sleep(settings.pollMs, until);
      }
      await Promise.allSettled(running);
    },
    kick() {
      lookedAt = -Infinity;
      wake?.abort();
    },
    trouble: () => trouble,
  };
}

/** A file that was there and did not stay as it was: what the look had seen still counts. */
class Unfinished extends Error {
  override readonly name = 'Unfinished';
  constructor(
    message: string,
    readonly seen: Seen,
  ) {
    super(message);
  }
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}
