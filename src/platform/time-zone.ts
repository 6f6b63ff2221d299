/** IANA time zones: local date-times and their moments. */

/** True for an IANA time zone, such as `Europe/Minsk`. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

const DAY_MS = 86_400_000;

/**
 * The moments at which a clock in this zone shows `local` (a date-time as if it were UTC, ms), earliest first: one; two in
 * the hour an autumn change repeats; none in the one a spring change leaves out.
 */
export function momentsOf(local: number, zone: string): number[] {
  const offsets = new Set([offsetAt(local - DAY_MS, zone), offsetAt(local + DAY_MS, zone)]);
  return [...offsets]
    .map((offset) => local - offset)
    .filter((at) => at + offsetAt(at, zone) === local)
    .sort((one, other) => one - other);
}

/** `2026-11-20T12:00:00+03:00`: what a clock in this zone shows at that moment, and how far it is from UTC. */
export function localIso(at: number, zone: string): string {
  const offset = offsetAt(at, zone);
  const shown = new Date(Math.floor(at / 1_000) * 1_000 + offset).toISOString().slice(0, 19);
  const minutes = Math.abs(offset) / 60_000;
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  return `${shown}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** A clock is set forward or back at a quarter of an hour, whatever the zone. */
const QUARTER_MS = 15 * 60_000;
/** By zone and quarter: the same ones are asked for with each event of a call. */
const offsets = new Map<string, number>();
const MOST_OFFSETS = 10_000;

/** What this zone's clock shows at that moment, less UTC; ms. */
function offsetAt(at: number, zone: string): number {
  const quarter = Math.floor(at / QUARTER_MS);
  const key = `${quarter} ${zone}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size >= MOST_OFFSETS) offsets.clear();
    offsets.set(key, (offset = formattedOffset(quarter * QUARTER_MS, zone)));
  }
  return offset;
}

function formattedOffset(at: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const get = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const shown = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return shown - at;
}

/** Dear to make, and of few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}
