/** What is wrong, by what was looked up and by the settings. Pure. */
import type { Alert } from './alerts-store.js';
import { keyOf, stepOf } from './kinds.js';
import type { AlertKey, AlertKind, Observation } from './kinds.js';
import type { DayDiffers, Owed, Rate } from './look-store.js';
import type { Ending, WatchedEnterprise } from './ports.js';
import type { AlertSettings } from './settings.js';
import type { Sighting } from './sightings-store.js';

export interface Looked {
  enterprises: readonly WatchedEnterprise[];
  settingsOf(enterprise: string): AlertSettings;
  sightings: readonly Sighting[];
  rates: readonly Rate[];
  dead: readonly Owed[];
  waiting: readonly (Owed & { minutes: number })[];
  days: readonly DayDiffers[];
  endings: readonly Ending[];
  /** Keys of alerts that are current: what they are of is not waited for again. */
  current: ReadonlySet<string>;
  /** Keys of alerts that are known to be over though nobody sights them. */
  known: ReadonlySet<string>;
  /** Unix ms. */
  now: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** What one daemon sees and tells the others of; the rest is looked up whole. */
const SIGHTED: readonly AlertKind[] = ['pbx-link', 'refused'];

export interface Observed {
  bad: Observation[];
  /** What an alert that is current and not among `bad` has come to. */
  fate(alert: Pick<Alert, 'enterprise' | 'kind' | 'subject'>): 'well' | 'unwatched' | 'unknown';
}

export function observe(looked: Looked): Observed {
  const { settingsOf, sightings, now } = looked;
  const byNumber = new Map(looked.enterprises.map((one) => [one.number, one]));
  const sighted = new Map(sightings.map((one) => [keyOf(one), one]));

  function isWatched({ enterprise, kind, subject }: AlertKey): boolean {
    const found = byNumber.get(enterprise);
    if (!found) return false;
    if (kind === 'pbx-link') return found.pbx === subject;
    // What was given up, or not reconciled, is so whatever is switched on now.
    return kind === 'dead-letters' || kind === 'day-differs' || found.accounts.includes(subject);
  }

  const linksAndLanes = sightings
    .filter(({ bad }) => bad)
    .flatMap((one): Observation[] => {
      const isBegun = one.kind !== 'pbx-link' || looked.current.has(keyOf(one));
      const patienceMs = isBegun ? 0 : settingsOf(one.enterprise).linkMinutes * MINUTE_MS;
      return one.forMs < patienceMs ? [] : [{ ...key(one), level: 1, detail: one.detail }];
    });
  const rates = looked.rates.flatMap(({ enterprise, type, attempts, errors, last }): Observation[] => {
    const { errorPercent, errorAttempts, errorMinutes } = settingsOf(enterprise);
    const percent = Math.round((100 * errors) / attempts);
    const level = attempts < errorAttempts ? 0 : stepOf((100 * errors) / attempts, errorPercent);
    const detail = { percent, errors, attempts, threshold: errorPercent, minutes: errorMinutes, last };
    return level === 0 ? [] : [{ enterprise, kind: 'error-rate', subject: type, level, detail }];
  });
  const dead = looked.dead.map(({ enterprise, type, count }): Observation => ({
    ...{ enterprise, kind: 'dead-letters', subject: type },
    level: 10 ** Math.floor(Math.log10(count)),
    detail: { count },
  }));
  const waiting = looked.waiting
    .filter(({ enterprise, minutes }) => minutes >= settingsOf(enterprise).queueMinutes)
    .map(({ enterprise, type, count, minutes }): Observation => ({
      ...{ enterprise, kind: 'queue-age', subject: type },
      level: 1,
      detail: { minutes, count },
    }));
  const endings = looked.endings
    .filter(({ enterprise, at }) => at === null || at - now < settingsOf(enterprise).tokenDays * DAY_MS)
    .map(({ enterprise, type, at, why }): Observation => {
      const days = at === null ? null : Math.max(0, Math.floor((at - now) / DAY_MS));
      // Its last days, and its end, are told anew.
      const level = days === null || days > 3 ? 1 : days > 0 ? 2 : 3;
      return { enterprise, kind: 'token-ends', subject: type, level, detail: { days, why: why.slice(0, 200) } };
    });
  const days = looked.days.map(({ enterprise, day, differences }): Observation => ({
    ...{ enterprise, kind: 'day-differs', subject: '' },
    // Each day is told by itself.
    level: Math.floor(Date.parse(day) / DAY_MS),
    detail: { day, differences },
  }));

  return {
    bad: [...linksAndLanes, ...rates, ...dead, ...waiting, ...endings, ...days].filter(isWatched),
    fate(alert) {
      if (!isWatched(alert)) return 'unwatched';
      if (!SIGHTED.includes(alert.kind) || looked.known.has(keyOf(alert))) return 'well';
      return sighted.get(keyOf(alert))?.bad === false ? 'well' : 'unknown';
    },
  };

  function key({ enterprise, kind, subject }: AlertKey): AlertKey {
    return { enterprise, kind, subject };
  }
}
