/**
 * Each enterprise's days that are over, reconciled at night, each once: the day before, and what the nights before left out, when this
 * daemon or the database was away. What differs is told.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { localIso } from '../platform/time-zone.js';
import type { Reconciled } from './reconcile.js';

export interface NightlyDeps {
  clock: Clock;
  log: Logger;
  enterprises(): readonly { number: string; timezone: string; isOurs: boolean }[];
  /** Those of these days that were not reconciled since they were over. */
  left(enterprise: string, days: readonly string[]): Promise<string[]>;
  /** Since when both its calls and the PBX's records are kept; null when not yet. Unix ms. */
  keptSince(enterprise: string): Promise<number | null>;
  reconcile(enterprise: string, day: string): Promise<Reconciled | null>;
  /** For the alert; the last reconciled day's. */
  told(enterprise: string, differences: number): void;
}

const LOOK_MS = 600_000;
/** Local hour from which the day before is whole: what was missed at its end has been recovered, and nobody calls. */
const FROM_HOUR = 2;
/** Nights that are made up for. */
const DAYS = 7;
const DAY_MS = 86_400_000;

/** The first look comes after a while: what was missed while nobody ran is recovered first. */
export async function runNightly(deps: NightlyDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    await deps.clock.sleep(LOOK_MS, signal);
    if (signal.aborted) return;
    await nightlyOnce(deps);
  }
}

/** One day of each enterprise, the oldest that is left, so that many nights at once are spread out. */
export async function nightlyOnce(deps: NightlyDeps): Promise<void> {
  const now = deps.clock.now();
  for (const { number, timezone, isOurs } of deps.enterprises()) {
    if (!isOurs || hourIn(timezone, now) < FROM_HOUR) continue;
    try {
      await oneOf(deps, number, await daysLeft(deps, number, timezone));
    } catch (error) {
      deps.log.warn({ enterprise: number, err: error }, 'no day could be reconciled now');
    }
  }
}

/** Oldest first. The day before counts in any case; what was before calls and records were kept would only differ. */
async function daysLeft(deps: NightlyDeps, number: string, timezone: string): Promise<string[]> {
  const today = dayIn(timezone, deps.clock.now());
  const left = await deps.left(number, daysBefore(today));
  const [yesterday] = daysBefore(today).slice(-1);
  if (left.every((day) => day === yesterday)) return left;
  const since = await deps.keptSince(number);
  return left.filter((day) => day === yesterday || (since !== null && day > dayIn(timezone, since)));
}

function daysBefore(today: string): string[] {
  const noon = Date.parse(`${today}T12:00:00Z`);
  return Array.from({ length: DAYS }, (_none, index) => dayIn('UTC', noon - (DAYS - index) * DAY_MS));
}

/** One that cannot be reconciled now does not keep the next from it. */
async function oneOf(deps: NightlyDeps, number: string, days: readonly string[]): Promise<void> {
  for (const day of days) {
    try {
      return await reconcileDay(deps, number, day);
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
