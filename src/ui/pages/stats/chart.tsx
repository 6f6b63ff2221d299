/** Lines over time. The picture is for eyes; the same figures stand below it as a table for whoever wants or needs them. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Table } from '../../parts/table.js';
import type { Series } from './series.js';
import './chart.css';

const HEIGHT = 210;

export default function Chart({ times, lines, step, unit, label }: Series & { label: string }) {
  const t = useText();
  const format = useFormat();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const shown = (value: number | null) =>
      value === null ? '—' : unit === 'ms' ? format.ms(value) : format.number(value);
    const time = (at: number) => (step === 'day' ? format.day(at * 1_000) : format.clock(at * 1_000).slice(0, 5));
    const axis = {
      stroke: colour('--text-soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: `12px ${colour('--face')}`,
    };
    const chart = new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT,
        legend: { live: true },
        cursor: { drag: { x: false, y: false } },
        scales: { y: { range: (_chart, _low, high) => [0, Math.max(high * 1.1, unit === 'ms' ? 100 : 4)] } },
        axes: [
          { ...axis, values: (_chart, splits) => splits.map(time) },
          {
            ...axis,
            size: 62,
            values: (_chart, splits) => splits.map((value) => (Number.isInteger(value) ? shown(value) : '')),
          },
        ],
        series: [
          {
            label: t.log.time,
            value: (_chart, at) => (at === null ? '—' : `${format.day(at * 1_000)} ${step === 'day' ? '' : time(at)}`),
          },
          ...lines.map(({ name, colour: line }, at) => ({
            label: name,
            stroke: colour(line),
            width: 2,
            // Told apart without colour, too.
            dash: at === 0 ? [] : at === 1 ? [7, 4] : [2, 3],
            points: { show: times.length <= 31, size: 5 },
            value: (_chart: uPlot, value: number | null) => shown(value),
          })),
        ],
      },
      [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData,
      box,
    );
    const watch = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [times, lines, step, unit, format, t]);

  const rows = times.map((at, i) => ({ at, values: lines.map(({ values }) => values[i] ?? null) }));
  const told = rows.filter(({ values }) => values.some((value) => value !== null && value !== 0));
  return (
    <figure className="chart">
      <figcaption className="small quiet">{label}</figcaption>
      <div ref={place} className="chart-place" aria-hidden />
      <details className="small">
        <summary>{t.stats.asTable}</summary>
        <Table
          label={label}
          rows={told}
          keyOf={({ at }) => String(at)}
          columns={[
            { title: t.log.time, cell: ({ at }) => <span className="number">{format.moment(at * 1_000)}</span> },
            ...lines.map(({ name }, i) => ({
              title: name,
              end: true,
              cell: ({ values }: (typeof rows)[number]) => {
                const value = values[i] ?? null;
                return (
                  <span className="number">
                    {value === null ? '—' : unit === 'ms' ? format.ms(value) : format.number(value)}
                  </span>
                );
              },
            })),
          ]}
        />
      </details>
    </figure>
  );
}
