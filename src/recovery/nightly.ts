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

export async function nightlyOnce(deps: NightlyDeps): Promise<void> {
  const now = deps.clock.now();
  for (const { number, timezone, isOurs } of deps.enterprises()) {
    const day = dayIn(timezone, now - DAY_MS);
    if (!isOurs || hourIn(timezone, now) < FROM_HOUR) continue;
    try {
      if (!(await deps.isDone(number, day))) await reconcileDay(deps, number, day);
    } catch (error) {
      deps.log.warn({ enterprise: number, day, err: error }, 'a day could not be reconciled now');
    }
  }
}

async function reconcileDay({ log, reconcile, told }: NightlyDeps, number: string, day: string): Promise<void> {
  const result = await reconcile(number, day);
  if (!result) return;
  const { pbxCalls, ourCalls, crms, differences } = result;
  told(number, differences.length);
  const figures = { enterprise: number, day, pbxCalls, ourCalls, crms, differences: differences.length };
  if (differences.length === 0) log.info(figures, 'a day is reconciled');
  else log.warn({ ...figures, first: differences.slice(0, 5) }, 'a day differs: trunkline reconcile tells the calls');
}

export function dayIn(zone: string, at: number): string {
  return localIso(at, zone).slice(0, 10);
}

function hourIn(zone: string, at: number): number {
  return Number(localIso(at, zone).slice(11, 13));
}
