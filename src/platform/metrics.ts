/**
 * The process's figures in Prometheus' form. Every name begins with `trunkline_`; whoever asks for a name that exists gets
 * the same figure. Labels hold few values: enterprise numbers, event names, outcomes; never phones, calls or tokens.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

const METRIC_PREFIX = 'trunkline_';

/** Seconds; from a group commit to a CRM that hangs. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export interface Metrics {
  /** `collect` is asked at each scrape, for what is counted elsewhere; a part that begins anew counts from nought. */
  counter<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    collect?: (counter: Counter<L>) => void,
  ): Counter<L>;
  /** `collect` is asked at each scrape. */
  gauge<L extends string = never>(
    name: string,
    help: string,
    options?: { labels?: readonly L[]; collect?: (gauge: Gauge<L>) => number | void },
  ): Gauge<L>;
  histogram<L extends string = never>(
    name: string,
    help: string,
    options?: { labels?: readonly L[]; buckets?: readonly number[] },
  ): Histogram<L>;
  /** Everything, as text. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** @param options.process also the figures of Node itself: memory, event loop, garbage collection */
export function createMetrics(options: { process?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });

  function known<T>(name: string, make: (fullName: string) => T): T {
    const fullName = METRIC_PREFIX + name;
    return (registry.getSingleMetric(fullName) as T | undefined) ?? make(fullName);
  }

  return {
    counter: <L extends string>(
      name: string,
      help: string,
      labels: readonly L[] = [],
      collect?: (counter: Counter<L>) => void,
    ) =>
      known(
        name,
        (fullName) =>
          new Counter<L>({
            name: fullName,
            help,
            labelNames: labels,
            registers: [registry],
            ...(collect
              ? {
                  collect() {
                    this.reset();
                    collect(this);
                  },
                }
              : {}),
          }),
      ),

    gauge: <L extends string>(name: string, help: string, gauge: Parameters<Metrics['gauge']>[2] = {}) =>
      known(name, (fullName) => {
        const { labels = [], collect } = gauge;
        return new Gauge<L>({
          name: fullName,
          help,
          labelNames: labels as readonly L[],
          registers: [registry],
          collect() {
            const value = collect?.(this as Gauge<never>);
            if (typeof value === 'number') this.set(value);
          },
        });
      }),

    histogram: (name, help, { labels = [], buckets = SECONDS } = {}) =>
      known(
        name,
        (fullName) =>
          new Histogram({ name: fullName, help, labelNames: labels, buckets: [...buckets], registers: [registry] }),
      ),

    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
