/** What is to be told of an alert, by the alert and the last that was told of it: whoever begins anew goes on where it was. Pure. */
import type { Alert } from './alerts-store.js';
import type { What } from './kinds.js';
import type { LastNotice } from './notices-store.js';

const HOUR_MS = 3_600_000;

export function whatIsDue(
  alert: Pick<Alert, 'level' | 'endedAt' | 'acknowledgedAt' | 'mutedUntil'>,
  last: Pick<LastNotice, 'what' | 'level' | 'ageMs'> | null,
  reminderHours: number,
): What | null {
  if (alert.mutedUntil !== null && alert.endedAt === null) return null;
  if (alert.endedAt !== null) return last === null || last.what === 'over' ? null : 'over';
  if (last === null) return 'began';
  if (alert.level > last.level) return 'worse';
  return alert.acknowledgedAt === null && last.ageMs >= reminderHours * HOUR_MS ? 'reminder' : null;
}
