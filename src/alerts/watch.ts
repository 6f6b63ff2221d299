/**
 * Looks at everything every so often, keeps what is wrong, and sends what is to be told. See README.md for states, invariants
 * and failures. `look` and `send` can be turned by hand.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { countByKind, currentAlerts, dropOldAlerts, seenBad, seenWell } from './alerts-store.js';
import type { Alert } from './alerts-store.js';
import { whatIsDue } from './due.js';
import { assertDuty, leaveDuty, takeDuty } from './duty-store.js';
import type { Duty } from './duty-store.js';
import { keyOf } from './kinds.js';
import type { AlertKind } from './kinds.js';
import { deadLetters, differingDays, failureRates, hasAccepted, oldestWaiting } from './look-store.js';
import { addNotice, lastNotices, tellable } from './notices-store.js';
import { observe } from './observe.js';
import type { Ending, SecretsPort, Sighted, WatchedEnterprise } from './ports.js';
import { sendDue } from './send.js';
import type { SenderDeps } from './send.js';
import { dropOldSightings, freshSightings, saveSightings } from './sightings-store.js';
import { databaseFailure, inTransaction } from './store.js';
import type { PoolClient } from './store.js';
import { readEverybody } from './whom.js';
import type { Everybody } from './whom.js';

export interface WatchDeps extends SenderDeps {
  clock: Clock;
  log: Logger;
  /** Unique per run of a process. */
  holder: string;
  secrets: SecretsPort;
  enterprises(): readonly WatchedEnterprise[];
  sighted(): readonly Sighted[];
  endings(): readonly Ending[];
  types: readonly string[];
  /** How many are current, of each kind; null while another daemon has the duty. */
  current(counts: readonly { kind: AlertKind; count: number }[] | null): void;
}

export interface AlertWatch {
  /** Tells the others what this daemon sees; on duty also keeps what is wrong and what is to be told. */
  look(): Promise<void>;
  /** On duty, sends what is due. */
  send(signal?: AbortSignal): Promise<void>;
  maintain(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

const LOOK_MS = 15_000;
const SEND_MS = 5_000;
const KEEP_DAYS = 90;

export function createAlertWatch(deps: WatchDeps): AlertWatch {
  const { pool, clock, log, secrets } = deps;
  let duty: Duty | null = null;

  async function look(): Promise<void> {
    await saveSightings(pool, deps.sighted());
    duty = await takeDuty(pool, deps.holder);
    if (!duty) return deps.current(null);
    await keep(duty, await readEverybody(pool, secrets));
    deps.current(await countByKind(pool));
  }

  async function keep(held: Duty, everybody: Everybody): Promise<void> {
    const current = await currentAlerts(pool);
    const { bad, fate } = observe({
      enterprises: deps.enterprises(),
      settingsOf: everybody.thresholdsOf,
      sightings: await freshSightings(pool),
      rates: await failureRates(
        pool,
        deps.types,
        deps.enterprises().map(({ number }) => ({
          enterprise: number,
          minutes: everybody.thresholdsOf(number).errorMinutes,
        })),
      ),
      dead: await deadLetters(pool),
      waiting: await oldestWaiting(pool),
      days: await differingDays(pool),
      endings: deps.endings(),
      current: new Set(current.map(keyOf)),
      known: await acceptedAgain(current),
      now: clock.now(),
    });
    const badKeys = new Set(bad.map(keyOf));
    await inTransaction(pool, async (tx) => {
      await assertDuty(tx, held);
      for (const observation of bad) await seenBad(tx, observation);
      for (const alert of current.filter((one) => !badKeys.has(keyOf(one)))) {
        const came = fate(alert);
        if (came !== 'unknown') await seenWell(tx, alert.id, came === 'unwatched');
      }
      await plan(tx, everybody);
    });
    tellLog(current, new Set(bad.map(keyOf)));
  }

  /** A lane that was refused and has had something taken since is well, whichever daemon it was. */
  async function acceptedAgain(current: readonly Alert[]): Promise<Set<string>> {
    const refused = current.filter(({ kind }) => kind === 'refused');
    const accepted = await Promise.all(
      refused.map((alert) => hasAccepted(pool, alert.enterprise, alert.subject, alert.seenAt)),
    );
    return new Set(refused.filter((_, i) => accepted[i]).map(keyOf));
  }

  async function plan(tx: PoolClient, everybody: Everybody): Promise<void> {
    const alerts = await tellable(tx);
    const known = await lastNotices(
      tx,
      alerts.map(({ id }) => id),
    );
    const last = new Map(known.map((notice) => [`${notice.alertId}/${notice.scope}/${notice.channel}`, notice]));
    for (const alert of alerts)
      for (const { scope, whom, channels } of everybody.hearing(alert.enterprise)) {
        if (whom.settings.off.includes(alert.kind)) continue;
        for (const channel of channels) {
          const before = last.get(`${alert.id}/${scope}/${channel}`) ?? null;
          const what = whatIsDue(alert, before, whom.settings.reminderHours);
          if (what) await addNotice(tx, { alertId: alert.id, scope, channel, what, level: alert.level });
        }
      }
  }

  function tellLog(before: readonly Alert[], bad: ReadonlySet<string>): void {
    const known = new Set(before.map(keyOf));
    for (const key of bad) if (!known.has(key)) log.warn({ alert: key }, 'an alert begins');
  }

  async function send(signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (!duty) return;
    const everybody = await readEverybody(pool, secrets);
    await sendDue(deps, everybody.of, signal);
  }

  async function every(ms: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; await clock.sleep(ms, signal)) {
      try {
        await work();
      } catch (error) {
        const isAway = databaseFailure(error) !== 'other';
        log[isAway ? 'warn' : 'error']({ err: error }, 'alerts were not looked after; trying again');
      }
    }
  }

  return {
    look,
    send,
    async maintain() {
      await dropOldAlerts(pool, KEEP_DAYS);
      await dropOldSightings(pool);
    },
    async run(signal) {
      await Promise.all([every(LOOK_MS, look, signal), every(SEND_MS, () => send(signal), signal)]);
      if (duty) await leaveDuty(pool, duty).catch(() => undefined);
    },
  };
}
