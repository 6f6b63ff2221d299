/** Working hours as an operator writes them: `Mon-Fri 09:00-18:00, Sat 10:00-14:00`; `22:00-06:00` runs past midnight. */

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export interface WorkSpan {
  /** Days it begins on, 0 is Sunday. */
  days: number[];
  /** Minutes of the day; `to` may be smaller: it ends the next day. */
  from: number;
  to: number;
}

export type WorkHours = WorkSpan[];

/** @throws Error that names what cannot be read */
export function parseWorkHours(text: string): WorkHours {
  const spans = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseSpan);
  if (spans.length === 0) throw new Error('holds no hours such as Mon-Fri 09:00-18:00');
  return spans;
}

function parseSpan(text: string): WorkSpan {
  const match = /^(?:([a-z]{3})(?:-([a-z]{3}))?\s+)?(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/i.exec(text);
  if (!match) throw new Error(`"${text}" is not hours such as Mon-Fri 09:00-18:00`);
  const [, first, last, ...clock] = match;
  const [fromHour, fromMinute, toHour, toMinute] = clock.map(Number) as [number, number, number, number];
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (from >= 1_440 || to > 1_440 || fromMinute > 59 || toMinute > 59 || from === to)
    throw new Error(`"${text}" holds a time that is none`);
  return { days: first === undefined ? [0, 1, 2, 3, 4, 5, 6] : daysOf(first, last ?? first), from, to };
}

function daysOf(first: string, last: string): number[] {
  const from = DAYS.indexOf(first.toLowerCase());
  const to = DAYS.indexOf(last.toLowerCase());
  if (from < 0 || to < 0) throw new Error(`"${from < 0 ? first : last}" is not a day such as Mon`);
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7);
}

/** True while the hours run, at a moment (Unix ms) in a zone. */
export function isWithin(hours: WorkHours, at: number, timezone: string): boolean {
  const { day, minute } = localTime(at, timezone);
  return hours.some(({ days, from, to }) => {
    if (from < to) return days.includes(day) && minute >= from && minute < to;
    return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
  });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(at: number, timezone: string): { day: number; minute: number } {
  let format = formats.get(timezone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timezone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf((parts['weekday'] ?? '').toLowerCase()),
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
  };
}
