/** Buckets as rows of a chart, empty ones included. Pure. */
import type { Outputs } from '../../api.js';
import type { Messages } from '../../i18n/ru.js';

type Stats = Outputs['stats']['overTime'];
type Bucket = Stats['integrations'][number];

export interface Range {
  from: string;
  until: string;
  step: 'hour' | 'day';
}

export interface Series {
  /** Unix seconds, the beginnings of the pieces. */
  times: number[];
  lines: { name: string; colour: string; values: (number | null)[] }[];
  step: Range['step'];
  unit: 'count' | 'ms';
}

const SECONDS = { hour: 3_600, day: 86_400 } as const;

function timesOf({ from, until, step }: Range): number[] {
  const [start, end] = [Date.parse(from) / 1_000, Date.parse(until) / 1_000];
  return Array.from({ length: Math.ceil((end - start) / SECONDS[step]) }, (_, i) => start + i * SECONDS[step]);
}

function spread<T extends { from: string }>(
  times: readonly number[],
  buckets: readonly T[],
  of: (bucket: T) => number | null,
  empty: number | null,
): (number | null)[] {
  const at = new Map<number, number | null>();
  for (const bucket of buckets) {
    const time = Date.parse(bucket.from) / 1_000;
    const value = of(bucket);
    at.set(time, value === null ? (at.get(time) ?? null) : (at.get(time) ?? 0) + value);
  }
  return times.map((time) => at.get(time) ?? empty);
}

export function callSeries(calls: Stats['calls'], range: Range, t: Messages): Series {
  const times = timesOf(range);
  const incoming = calls.filter(({ direction }) => direction === 'in');
  const outgoing = calls.filter(({ direction }) => direction === 'out');
  return {
    times,
    step: range.step,
    unit: 'count',
    lines: [
      { name: t.stats.answered, colour: '--chart-2', values: spread(times, incoming, (b) => b.answered, 0) },
      { name: t.stats.missed, colour: '--chart-3', values: spread(times, incoming, (b) => b.missed + b.failed, 0) },
      {
        name: t.stats.outgoing,
        colour: '--chart-1',
        values: spread(times, outgoing, (b) => b.answered + b.missed + b.failed, 0),
      },
    ],
  };
}

export function integrationSeries(all: readonly Bucket[], type: string, range: Range, t: Messages): Series {
  const times = timesOf(range);
  const own = all.filter((bucket) => bucket.type === type);
  return {
    times,
    step: range.step,
    unit: 'count',
    lines: [
      { name: t.stats.delivered, colour: '--chart-2', values: spread(times, own, (b) => b.success, 0) },
      { name: t.stats.errors, colour: '--chart-3', values: spread(times, own, (b) => b.error, 0) },
    ],
  };
}

export function latencySeries(all: readonly Bucket[], type: string, range: Range, _t: Messages): Series {
  const times = timesOf(range);
  const own = all.filter((bucket) => bucket.type === type);
  return {
    times,
    step: range.step,
    unit: 'ms',
    lines: [
      { name: 'p50', colour: '--chart-1', values: spread(times, own, (b) => b.p50, null) },
      { name: 'p95', colour: '--chart-4', values: spread(times, own, (b) => b.p95, null) },
    ],
  };
}

export interface Summary {
  type: string;
  events: number;
  errors: number;
  /** Of those that came to something; null when none did. */
  share: number | null;
  /** Of the busiest pieces: percentiles cannot be summed, the middle and the worst piece tell enough. */
  p50: number | null;
  p95: number | null;
}

export function summaryOf(buckets: readonly Bucket[]): Summary[] {
  const types = [...new Set(buckets.map(({ type }) => type))].sort();
  return types.map((type) => {
    const own = buckets.filter((bucket) => bucket.type === type);
    const sum = (of: (bucket: Bucket) => number) => own.reduce((total, bucket) => total + of(bucket), 0);
    const [success, errors] = [sum((b) => b.success), sum((b) => b.error)];
    const middles = own.flatMap(({ p50 }) => p50 ?? []).sort((one, other) => one - other);
    const worst = own.flatMap(({ p95 }) => p95 ?? []);
    return {
      type,
      events: success + errors + sum((b) => b.other),
      errors,
      share: success + errors === 0 ? null : success / (success + errors),
      p50: middles[Math.floor(middles.length / 2)] ?? null,
      p95: worst.length === 0 ? null : Math.max(...worst),
    };
  });
}
