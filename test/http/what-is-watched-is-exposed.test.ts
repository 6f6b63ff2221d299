/** The alert rules, the dashboard and the page on figures name only what the daemon really tells, in words Prometheus reads. */
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let app: TestApp;
/** By name, with the kind: `counter`, `gauge`, `histogram`. */
let exposed: Map<string, string>;

beforeAll(async () => {
  app = await startTestApp({ enterprises: [] });
  const text = await fetch(`${app.app.url}/metrics`).then((answer) => answer.text());
  exposed = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', kind = '']) => [name, kind]));
});

afterAll(() => app[Symbol.asyncDispose]());

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const seconds = z.string().regex(/^\d+[smhd]$/);
const rulesFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Trunkline[A-Z]\w+$/),
          expr: z.string(),
          for: seconds.optional(),
          labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.strictObject({ summary: z.string().min(10) }),
        }),
      ),
    }),
  ),
});
const rules = rulesFile.parse(parse(read('config/prometheus-alerts.yaml'))).groups.flatMap((group) => group.rules);

const dashboard = z
  .object({
    uid: z.string(),
    panels: z.array(
      z.object({
        id: z.number(),
        title: z.string(),
        gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
        targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).default([]),
      }),
    ),
  })
  .parse(JSON.parse(read('config/grafana-dashboard.json')));

const exprs = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => [`panel ${title}`, expr.replaceAll('$__rate_interval', '5m')] as const),
  ),
];

interface Named {
  metrics: string[];
  labels: string[];
}

/** @throws when PromQL's own grammar does not know it */
function namesIn(expr: string): Named {
  const named: Named = { metrics: [], labels: [] };
  parser.parse(expr).iterate({
    enter({ name, from, to, type, node }) {
      if (type.isError) throw new Error(`it cannot be read at ${from}: ${expr}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') named.metrics.push(expr.slice(from, to));
      if (name === 'LabelName') named.labels.push(expr.slice(from, to));
    },
  });
  return named;
}

/** A histogram is asked for by its parts. */
function isExposed(name: string): boolean {
  const whole = name.replace(/_(bucket|sum|count)$/, '');
  return exposed.has(name) || exposed.get(whole) === 'histogram';
}

/** `| name | kind | labels | what |` */
const documented = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `(trunkline_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = '', kind = '', labels = '']) => [
      name,
      { kind, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label) },
    ],
  ),
);

/** Those Prometheus adds. */
const EVERYWHERE = ['job', 'instance', 'le'];

describe('what is watched', () => {
  test.each(exprs)('%s asks for figures there are, by labels they have', (_name, expr) => {
    const { metrics, labels } = namesIn(expr);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((name) => name !== 'up' && !isExposed(name))).toEqual([]);
    const have = metrics.flatMap(
      (name) => documented.get(name)?.labels ?? documented.get(name.replace(/_bucket$/, ''))?.labels ?? [],
    );
    expect(labels.filter((label) => !EVERYWHERE.includes(label) && !have.includes(label))).toEqual([]);
  });

  test('what PromQL does not read is found, and a figure nobody tells too', () => {
    expect(() => namesIn('sum by (type (rate(trunkline_x[5m]))')).toThrow('cannot be read');
    expect(namesIn('rate(trunkline_none_total{a="b"}[5m])')).toEqual({
      metrics: ['trunkline_none_total'],
      labels: ['a'],
    });
    expect(isExposed('trunkline_none_total')).toBe(false);
  });

  test('no two rules have one name, and the panels stand beside each other', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

describe('the figures', () => {
  test('each has its line in docs/metrics.md, and each line its figure', () => {
    const ours = [...exposed].filter(([name]) => name.startsWith('trunkline_'));
    expect(Object.fromEntries([...documented].map(([name, { kind }]) => [name, kind]))).toEqual(
      Object.fromEntries(ours),
    );
  });

  test('are named as Prometheus has it', () => {
    const odd = [...exposed]
      .filter(([name]) => name.startsWith('trunkline_'))
      .filter(
        ([name, kind]) =>
          (kind === 'counter') !== name.endsWith('_total') ||
          (kind === 'histogram' && !name.endsWith('_seconds')) ||
          /_(ms|milliseconds|minutes|kb|mb)(_|$)/.test(name),
      );
    expect(odd).toEqual([]);
  });

  test('tell of the event loop and the memory too', () => {
    expect(exposed.has('nodejs_eventloop_lag_p99_seconds') && exposed.has('process_resident_memory_bytes')).toBe(true);
  });
});
