/**
 * Posted events become calls. All that waits of a PBX is replayed as one, some thousands at a time, when nothing more has come for a
 * moment: whoever posts may send one call's events in several posts. What of a call that is not over yet stays until the rest comes, or
 * until the tracker would not wait for it any longer either.
 */
import type { Fact } from '../calls/facts.js';
import type { CallState } from '../calls/tracker.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { inBreaths } from './courtesy.js';
import { addKept, keepCalls, NOTHING_KEPT } from './keep.js';
import type { Kept } from './keep.js';
import type { CallsPort } from './ports.js';
import type { RecoveredCall } from './recovered-call.js';
import { Replay, retold } from './replay.js';
import { dropPosted, readPosted, waitingPosted } from './posted-store.js';
import type { PostedRow } from './posted-store.js';
import type { Pool } from './store.js';

export interface PostedDeps {
  pool: Pool;
  port: CallsPort;
  clock: Clock;
  log: Logger;
  /** @throws when this build cannot read it (any more) */
  toFact(row: PostedRow): Fact;
  /** How long nothing more must have come. Default 300. */
  quietMs?: number;
  pollMs?: number;
}

export interface Posted {
  /** Something was posted for this PBX. */
  kick(): void;
  run(signal: AbortSignal): Promise<void>;
}

const TOGETHER = 5_000;
/**
 * A call comes to its end soon after its last event. One without its hang-up may be told the rest by a post that is on its way: until
 * nothing was posted for a minute it ends by nothing else.
 */
const ENDS_WITHIN_MS = 60_000;
const ALL_POSTED_MS = 60_000;

export function createPosted({ pool, port, clock, log, toFact, quietMs = 300, pollMs = 1_000 }: PostedDeps): Posted {
  let wake = new AbortController();
  const rowOf = new WeakMap<Fact, PostedRow>();

  function factsOf(rows: readonly PostedRow[]): Fact[] {
    return rows.flatMap((row) => {
      try {
        const fact = toFact(row);
        rowOf.set(fact, row);
        return [fact];
      } catch (error) {
        log.error({ event: row.event, uid: row.uid, err: error }, 'a recovered event could not be read');
        return [];
      }
    });
  }

  function passOver(pbx: string, fact: Fact, uid: string, error: unknown): void {
    const { enterprise, event, id } = rowOf.get(fact) ?? {};
    const told = { pbx, enterprise, event, row: id, uid, fact: fact.kind, err: error };
    log.error(told, 'a fact could not be folded and is passed over');
  }

  /** Everything that waits of this PBX, as far as it can be told; null when another daemon has it. `quiet`: ms since the last post. */
  async function foldOnce(pbx: string, quiet: number): Promise<Kept | null> {
    const context = port.context(pbx);
    if (!context || !port.isOurs(pbx)) return null;
    const replay = new Replay(context, [], (...what) => passOver(pbx, ...what));
    const undated = new Set<string>();
    let kept = NOTHING_KEPT;
    let waiting: { id: string; uid: string }[] = [];
    let last: PostedRow | null = null;
    for (let more = true; more;) {
      const rows: PostedRow[] = await readPosted(pool, pbx, { after: last, limit: TOGETHER });
      more = rows.length === TOGETHER;
      last = rows.at(-1) ?? last;
      for (const { uid, dated } of rows) if (!dated) undated.add(uid);
      await inBreaths(replay.steps(factsOf(rows)), port.isBusy);
      if (!more) replay.until(endOf(last?.at ?? 0, quiet));
      const open = new Set(replay.open().flatMap(uidsOf));
      const over = replay.takeOver().map((call) => marked(call, undated));
      const all = waiting.concat(rows.map(({ id, uid }) => ({ id, uid })));
      waiting = all.filter(({ uid }) => open.has(uid));
      const ids = all.filter(({ uid }) => !open.has(uid)).map(({ id }) => id);
      kept = addKept(kept, await keepCalls(port, pbx, over, (tx) => dropPosted(tx, ids)));
    }
    return kept;
  }

  /** Up to when it is known that nothing more was told. */
  function endOf(lastAt: number, quiet: number): number {
    return quiet >= ALL_POSTED_MS ? port.now() : Math.min(port.now(), lastAt + ENDS_WITHIN_MS);
  }

  /** Seconds of a talk that nothing dated are not known. */
  function marked(call: RecoveredCall, undated: ReadonlySet<string>): RecoveredCall {
    if (call.state.answeredAt === null || !call.uids.some((uid) => undated.has(uid))) return call;
    return retold(call, { approximate: true });
  }

  async function round(): Promise<boolean> {
    let soon = false;
    for (const { pbx, quietMs: quiet } of await waitingPosted(pool)) {
      if (quiet < quietMs) {
        soon = true;
        continue;
      }
      try {
        const kept = await foldOnce(pbx, quiet);
        if (kept && kept.stored + kept.known > 0) log.info({ pbx, ...kept }, 'posted events were recovered');
      } catch (error) {
        log.warn({ pbx, err: error }, 'what was posted of a PBX could not be recovered now');
      }
    }
    return soon;
  }

  return {
    kick: () => wake.abort(),
    async run(signal) {
      while (!signal.aborted) {
        wake = new AbortController();
        const soon = await round();
        const either = AbortSignal.any([signal, wake.signal]);
        await clock.sleep(soon ? Math.min(quietMs, pollMs) : pollMs, either);
      }
    },
  };
}

const uidsOf = ({ uid, legs, past }: CallState) => [uid, ...past, ...legs.map((leg) => leg.uid)];
