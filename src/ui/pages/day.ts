/** Days of an address (`2026-11-28`) as moments, in the reader's zone; undefined where there is none. */
export function dayStart(day: string | null): string | undefined {
  return momentOf(day, 'T00:00:00');
}

/** The first moment behind it. */
export function dayEnd(day: string | null): string | undefined {
  return momentOf(day, 'T23:59:59.999');
}

function momentOf(day: string | null, time: string): string | undefined {
  if (!day || !/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  const at = new Date(`${day}${time}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
