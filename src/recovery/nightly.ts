/** Each enterprise's day before, reconciled at night, once. What differs is told. */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { localIso } from '../platform/time-zone.js';
import type { Reconciled } from './reconcile.js';

export interface NightlyDeps {
  clock: Clock;
  log: Logger;
  enterprises(): readonly { number: string; timezone: string; isOurs: boolean }[];
  isDone(enterprise: string, day: string): Promise<boolean>;
  reconcile(enterprise: string, day: string): Promise<Reconciled | null>;
  /** For the alert; the last reconciled day's. */
  told(enterprise: string, differences: number): void;
}

const LOOK_MS = 600_000;
/** Local hour from which the day before is whole: what was missed at its end has been recovered, and nobody calls. */
const FROM_HOUR = 2;
const DAY_MS = 86_400_000;

export async function runNightly(deps: NightlyDeps, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await deps.clock.sleep(LOOK_MS, signal)) await nightlyOnce(deps);
}

export async function nightlyOnce({ clock, log, enterprises, isDone, reconcile, told }: NightlyDeps): Promise<void> {
  const now = clock.now();
  for (const { number, timezone, isOurs } of enterprises()) {
    const day = dayIn(timezone, now - DAY_MS);
    if (!isOurs || hourIn(timezone, now) < FROM_HOUR || (await isDone(number, day))) continue;
    const result = await reconcile(number, day);
    if (!result) continue;
    const { pbxCalls, ourCalls, crms, differences } = result;
    told(number, differences.length);
    const figures = { enterprise: number, day, pbxCalls, ourCalls, crms, differences: differences.length };
    if (differences.length === 0) log.info(figures, 'a day is reconciled');
    else log.warn({ ...figures, first: differences.slice(0, 5) }, 'a day differs: trunkline reconcile tells the calls');
  }
}

export function dayIn(zone: string, at: number): string {
  return localIso(at, zone).slice(0, 10);
}

function hourIn(zone: string, at: number): number {
  return Number(localIso(at, zone).slice(11, 13));
}
