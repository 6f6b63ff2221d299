/**
 * When each PBX's sources are read. One run a PBX at a time, a few PBXs at once; what one of them does holds up no other.
 *
 * Due is a PBX of ours with sources: when a command asks; when a gap is over whose calls are missing; every few minutes where hosts post.
 * A link that is away is waited for first: once it is back it tells which calls go on, and what a PBX wrote of those so far is no
 * record yet. Where it stays away, what there is is read.
 * A run that failed is tried again after a pause that grows to two minutes, one that nothing is heard of for a quarter of an hour (a host
 * whose disk hangs still answers) is given up. One source that fails keeps no other from being read.
 */
import type { Clock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import type { Logger } from '../platform/log.js';
import type { CallsPort } from './ports.js';
import { openRequests, tellRequest } from './request-store.js';
import type { RecoveryRequest } from './request-store.js';
import { addProgress, NO_PROGRESS } from './source.js';
import type { Progress, Source, SourceRun } from './source.js';
import { closeRecoveredGaps, gapsToRecover, linksAway } from './store.js';
import type { Pool } from './store.js';

export interface SourcesOf {
  sources: readonly Source[];
  /** How often by itself; 0: not. */
  everyMs: number;
}

export interface RecoveryDeps {
  pool: Pool;
  port: CallsPort;
  clock: Clock;
  log: Logger;
  /** PBXs that have sources. */
  pbxs(): readonly string[];
  sourcesOf(pbx: string): SourcesOf | null;
  count(what: 'stored' | 'known' | 'failed', by: number): void;
  settings?: Partial<RecoveryTimes>;
}

export interface RecoveryTimes {
  /** Nothing of so long ago is looked at: live facts of it may be on their way. */
  settleMs: number;
  pollMs: number;
  /** PBXs at once. */
  parallel: number;
  retryMs: number;
}

const TIMES: RecoveryTimes = { settleMs: 20_000, pollMs: 2_000, parallel: 4, retryMs: 15_000 };
/** A pause grows to so many of the first: a host that was away for long is read two minutes after it is back. */
const MOST_PAUSE = 8;
const SILENT_MS = 900_000;
/** A link is waited for so long. */
const AWAY_MS = 120_000;
/**
 * What ended so soon after a link came back may have been over before its channels could be asked for, and what was heard of it is not
 * enough: it counts as missed in the gap.
 */
const TOO_SOON_MS = 3_000;

export interface Recovery {
  /** Reads every source of a PBX now. @throws what a source throws */
  recover(pbx: string, options: Pick<SourceRun, 'window' | 'signal' | 'onProgress'>): Promise<Progress>;
  /** Somebody asked: looked at now. */
  kick(): void;
  run(signal: AbortSignal): Promise<void>;
}

interface Turn {
  running: boolean;
  /** By the monotonic clock. */
  nextAt: number;
  failures: number;
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { pool, port, clock, log, count } = deps;
  const times = { ...TIMES, ...deps.settings };
  const turns = new Map<string, Turn>();
  const running = new Set<Promise<void>>();
  const begunAt = port.now();
  let wake = new AbortController();

  async function recover(
    pbx: string,
    { window, signal, onProgress }: Pick<SourceRun, 'window' | 'signal' | 'onProgress'>,
  ): Promise<Progress> {
    const { sources } = deps.sourcesOf(pbx) ?? { sources: [] };
    const until = port.now() - times.settleMs;
    let before = NO_PROGRESS;
    let failure: Error | null = null;
    let filled = false;
    for (const source of sources) {
      const base = before;
      const tell = (progress: Progress) => onProgress(addProgress(base, progress));
      try {
        const came = await source.run({ until, window, signal, onProgress: tell });
        before = addProgress(base, came);
        filled ||= source.fillsGaps;
      } catch (error) {
        if (signal.aborted) throw error;
        failure ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    if (window === null && filled) {
      const closed = await closeRecoveredGaps(pool, pbx, until - TOO_SOON_MS);
      if (closed > 0) log.info({ pbx, gaps: closed }, 'gaps are recovered');
    }
    count('stored', before.stored);
    count('known', before.known);
    if (failure) throw failure;
    return before;
  }

  function turnOf(pbx: string): Turn {
    const known = turns.get(pbx);
    if (known) return known;
    const turn = { running: false, nextAt: clock.monotonic(), failures: 0 };
    turns.set(pbx, turn);
    return turn;
  }

  async function carryOut(request: RecoveryRequest, signal: AbortSignal, heard: () => void): Promise<void> {
    const { id, pbx, from, to } = request;
    let toldAt = 0;
    const onProgress = (progress: Progress) => {
      heard();
      if (clock.monotonic() - toldAt < 500) return;
      toldAt = clock.monotonic();
      void tellRequest(pool, id, { state: 'running', progress, error: null }).catch(() => undefined);
    };
    try {
      const progress = await recover(pbx, { window: { from, to }, signal, onProgress });
      await tellRequest(pool, id, { state: 'done', progress, error: null });
    } catch (error) {
      if (signal.aborted) throw error;
      await tellRequest(pool, id, { state: 'failed', progress: {}, error: wordsOf(error) });
      throw error;
    }
  }

  async function gapRun(pbx: string, signal: AbortSignal, heard: () => void): Promise<void> {
    const came = await recover(pbx, { window: null, signal, onProgress: heard });
    if (came.stored > 0) log.info({ pbx, ...came }, 'calls were recovered');
  }

  function start(pbx: string, work: Work, signal: AbortSignal): void {
    const turn = turnOf(pbx);
    turn.running = true;
    const run = whileHeard(work, signal)
      .then(
        () => {
          turn.failures = 0;
          turn.nextAt = clock.monotonic() + (deps.sourcesOf(pbx)?.everyMs ?? 0);
        },
        (error: unknown) => {
          if (signal.aborted) return;
          turn.failures += 1;
          turn.nextAt = clock.monotonic() + times.retryMs * Math.min(MOST_PAUSE, 2 ** (turn.failures - 1));
          count('failed', 1);
          log.warn({ pbx, failures: turn.failures, err: error }, 'what was missed could not be read');
        },
      )
      .finally(() => {
        turn.running = false;
        running.delete(run);
      });
    running.add(run);
  }

  async function round(signal: AbortSignal): Promise<void> {
    const isFree = (pbx: string) =>
      running.size < times.parallel && !turnOf(pbx).running && port.isOurs(pbx) && deps.sourcesOf(pbx) !== null;
    for (const request of await openRequests(pool))
      if (isFree(request.pbx)) start(request.pbx, (own, heard) => carryOut(request, own, heard), signal);
    const gaps = new Map((await gapsToRecover(pool)).map(({ pbx, endedAt }) => [pbx, endedAt]));
    const awaited = new Set(
      (await linksAway(pool)).flatMap(({ pbx, since }) =>
        port.now() - Math.max(since, begunAt) < AWAY_MS ? [pbx] : [],
      ),
    );
    for (const pbx of deps.pbxs()) {
      if (!isFree(pbx) || awaited.has(pbx)) continue;
      const turn = turnOf(pbx);
      const gap = gaps.get(pbx);
      const gapIsDue =
        gap !== undefined &&
        gap <= port.now() - times.settleMs - TOO_SOON_MS &&
        fillsGaps(deps.sourcesOf(pbx)?.sources ?? []);
      const rested = turn.nextAt <= clock.monotonic();
      const isDue = turn.failures > 0 ? rested : gapIsDue || ((deps.sourcesOf(pbx)?.everyMs ?? 0) > 0 && rested);
      if (isDue) start(pbx, (own, heard) => gapRun(pbx, own, heard), signal);
    }
  }

  return {
    recover,
    kick: () => wake.abort(),
    async run(signal) {
      try {
        while (!signal.aborted) {
          wake = new AbortController();
          await round(signal);
          await clock.sleep(times.pollMs, AbortSignal.any([signal, wake.signal]));
        }
      } finally {
        await Promise.all(running);
      }
    },
  };
}

type Work = (signal: AbortSignal, heard: () => void) => Promise<void>;

/** Ends even when what it waits for never does. */
async function whileHeard(work: Work, signal: AbortSignal): Promise<void> {
  const silent = new AbortController();
  const error = new TrunklineError('SSH_UNREACHABLE', 'nothing was heard of what is read for a quarter of an hour');
  const timer = setTimeout(() => silent.abort(error), SILENT_MS).unref();
  const given = new Promise<never>((_, reject) => {
    silent.signal.addEventListener('abort', () => reject(error), { once: true });
  });
  try {
    await Promise.race([work(AbortSignal.any([signal, silent.signal]), () => timer.refresh()), given]);
  } finally {
    clearTimeout(timer);
  }
}

const fillsGaps = (sources: readonly Source[]): boolean => sources.some((source) => source.fillsGaps);

function wordsOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
  return `${code}${error instanceof Error ? error.message : String(error)}`;
}
