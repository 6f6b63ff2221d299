/** One try of one delivery: decides whether it may go, runs the connector under a deadline, and says what that means. */
import type { Attempt, Outcome } from '../integrations/contract.js';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { wellFormed } from '../platform/well-formed.js';
import type { Reached } from './breaker.js';
import type { HttpRecorder, Recording } from './http-recorder.js';
import { attemptLog, decisionLog, lostLog } from './log-rows.js';
import { createMask, secretsOf } from './mask.js';
import type { Mask } from './mask.js';
import { cardAfter, judge } from './policy.js';
import type { Verdict } from './policy.js';
import { laneKey } from './ports.js';
import type { DeliveryRow, LiveAccount, MayDeliver } from './ports.js';
import type { DeliverySettings } from './settings.js';
import type { LogRow, SettleRow } from './store.js';

export interface AttemptDeps {
  recorder: HttpRecorder;
  mayDeliver: MayDeliver;
  clock: Clock;
  log: Logger;
  settings: DeliverySettings;
  random(): number;
}

export interface Claimed {
  row: DeliveryRow;
  account: LiveAccount;
  /** Monotonic, when the claim was answered. */
  claimedAt: number;
}

export interface Tried {
  row: DeliveryRow;
  settle: SettleRow;
  verdict: Verdict;
  logs: LogRow[];
  outcome: Outcome;
  reached: Reached;
  requests: number;
  ms: number;
  /** The account asked to be left alone this long. */
  pauseMs: number | null;
}

/** By our clock, as the take-over is. What an earlier version owed does not tell how far the PBX's was off. */
function beganAt({ event: { call } }: DeliveryRow): number {
  return call.startedAt - (call.skewMs ?? 0);
}

/** How long a connector may take to give its own answer after its signal. */
const GRACE_MS = 250;

export async function tryDelivery(
  { row, account, claimedAt }: Claimed,
  deps: AttemptDeps,
  stop: AbortSignal,
): Promise<Tried> {
  const mask = maskOf(account);
  const may = deps.mayDeliver(row.enterprise, beganAt(row));
  const began = deps.clock.monotonic();
  const logs: LogRow[] = row.lost ? [lostLog(row)] : [];
  const left = row.expiresInMs - (began - claimedAt);
  const shadow = may === 'shadow';
  if (may === 'off') return conclude({ kind: 'skipped', why: 'the enterprise is off' });
  if (may === 'before the take-over')
    return conclude({ kind: 'skipped', why: 'the call began before the take-over of the enterprise' });
  if (row.class === 'closing' && !shadow && row.card !== 'accepted' && row.card !== 'unknown') {
    return conclude({ kind: 'skipped', why: 'no card to close' });
  }
  if (row.class === 'perishable' && left <= 0)
    return conclude({ kind: 'retry', code: 'EXPIRED', why: 'its time was over' });

  const limitMs = row.class === 'perishable' ? Math.min(left, deps.settings.attemptMs) : deps.settings.attemptMs;
  const { outcome, recording } = await runConnector(row, account, deps, { limitMs, stop, shadow });
  return conclude(shadow ? { kind: 'skipped', why: 'shadow' } : outcome, recording);

  function conclude(outcome: Outcome, recording?: Recording): Tried {
    const ms = deps.clock.monotonic() - began;
    const expiresInMs = row.expiresInMs - (deps.clock.monotonic() - claimedAt);
    const tried = {
      class: row.class,
      attempts: row.attempts,
      expiresInMs,
      retryAfterInFull: account.retryAfterInFull ?? false,
    };
    const verdict = judge(tried, outcome, deps.settings, deps.random);
    const exchanges = recording?.exchanges ?? [];
    logs.push(attemptLog(row, outcome, exchanges, ms, mask));
    if (verdict.state === 'expired' && outcome.kind !== 'skipped')
      logs.push(decisionLog(row, 'expired', 'not sent in time'));
    return {
      row,
      settle: settleRow(row, outcome, verdict, mask),
      verdict,
      logs,
      outcome: maskOutcome(outcome, mask),
      reached: shadow || exchanges.length === 0 ? 'neutral' : reachedBy(outcome),
      requests: shadow ? 0 : exchanges.length,
      ms,
      pauseMs: pauseOf(outcome, account, deps.settings),
    };
  }
}

async function runConnector(
  row: DeliveryRow,
  account: LiveAccount,
  deps: AttemptDeps,
  { limitMs, stop, shadow }: { limitMs: number; stop: AbortSignal; shadow: boolean },
): Promise<{ outcome: Outcome; recording: Recording }> {
  // One controller per attempt and listeners taken off again: the stop signal lives as long as the daemon.
  const cut = new AbortController();
  const ended = new AbortController();
  const onStop = () => ended.abort();
  stop.addEventListener('abort', onStop);
  if (stop.aborted) ended.abort();
  const attempt: Attempt = {
    number: row.attempts,
    afterUnknown: row.unknownOutcome,
    refs: row.refs,
    card: cardForConnector(row, shadow),
    signal: cut.signal,
  };
  return deps.recorder.during({ account: laneKey(row), shadow, signal: cut.signal }, async (recording) => {
    let done = false;
    async function tooLate(): Promise<Outcome> {
      await deps.clock.sleep(limitMs, ended.signal);
      if (!done) {
        cut.abort(new Error('the attempt took too long'));
        await deps.clock.sleep(GRACE_MS);
      }
      const why = stop.aborted ? 'cut off by a stop' : `no answer in ${Math.round(limitMs)} ms`;
      return { kind: recording.touched() ? 'unknown' : 'retry', code: 'TIMEOUT', why };
    }
    try {
      const outcome = await Promise.race([
        // In a function of its own, so that a connector that throws at once is caught like one that rejects.
        (async () => account.connection.deliver({ step: row.step, event: row.event }, attempt))(),
        tooLate(),
      ]);
      return { outcome, recording };
    } catch (error) {
      // Ours, unless the stand-in for the network in shadow mode was not expected.
      if (!shadow) {
        const { enterprise, type, step, callId } = row;
        deps.log.error(
          { enterprise, integration: type, step, callId, err: masked(error, maskOf(account)) },
          'a connector threw',
        );
      }
      const why = `internal error: ${error instanceof Error ? error.message : String(error)}`;
      return { outcome: { kind: recording.touched() ? 'unknown' : 'retry', code: 'INTERNAL', why }, recording };
    } finally {
      done = true;
      recording.close();
      ended.abort();
      stop.removeEventListener('abort', onStop);
    }
  });
}

function cardForConnector(row: DeliveryRow, shadow: boolean): Attempt['card'] {
  if (shadow && row.class === 'closing') return 'accepted';
  return row.card === 'closed' ? 'none' : row.card;
}

function settleRow(row: DeliveryRow, outcome: Outcome, verdict: Verdict, mask: Mask): SettleRow {
  const settledForGood = verdict.state === 'done' || outcome.kind === 'skipped';
  return {
    id: row.id,
    attempts: row.attempts,
    epoch: row.epoch,
    state: verdict.state,
    delayMs: verdict.state === 'pending' ? verdict.delayMs : 0,
    notBefore: verdict.state === 'pending' && verdict.notBefore,
    unknown: !settledForGood && (row.unknownOutcome || outcome.kind === 'unknown'),
    code: 'code' in outcome ? outcome.code : null,
    error: outcome.kind === 'accepted' ? null : wellFormed(mask.text(outcome.why)),
    callId: row.callId,
    enterprise: row.enterprise,
    type: row.type,
    refs: outcome.kind === 'accepted' && outcome.refs ? cleanRefs(outcome.refs) : null,
    card: cardAfter(row.card, { class: row.class, unknownOutcome: row.unknownOutcome, outcome: outcome.kind }),
  };
}

function cleanRefs(refs: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(refs).map(([name, value]) => [wellFormed(name), wellFormed(value)]));
}

/** Was the other side there? A wait it asked for is an answer; a failure of ours says nothing about it. */
function reachedBy(outcome: Outcome): Reached {
  switch (outcome.kind) {
    case 'accepted':
    case 'skipped':
    case 'rejected':
      return 'ok';
    case 'unknown':
      return outcome.code === 'INTERNAL' ? 'neutral' : 'failed';
    case 'retry':
      if (outcome.code === 'INTERNAL') return 'neutral';
      return outcome.afterMs !== undefined || outcome.pauseLane ? 'ok' : 'failed';
  }
}

function pauseOf(outcome: Outcome, account: LiveAccount, settings: DeliverySettings): number | null {
  if (outcome.kind !== 'retry' || !outcome.pauseLane) return null;
  const asked = outcome.afterMs ?? 1_000;
  return account.retryAfterInFull ? asked : Math.min(asked, settings.retryAfterMaxMs);
}

function maskOutcome(outcome: Outcome, mask: Mask): Outcome {
  return outcome.kind === 'accepted' ? outcome : { ...outcome, why: mask.text(outcome.why) };
}

function masked(error: unknown, mask: Mask): unknown {
  if (!(error instanceof Error)) return mask.text(String(error));
  return { type: error.name, message: mask.text(error.message), stack: mask.text(error.stack ?? '') };
}

const masks = new WeakMap<Record<string, unknown>, Mask>();

function maskOf({ settings, connector }: LiveAccount): Mask {
  const known = masks.get(settings);
  if (known) return known;
  const mask = createMask(secretsOf(connector.secretFields, settings));
  masks.set(settings, mask);
  return mask;
}
