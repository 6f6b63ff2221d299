/** Calls, deliveries and how long CRMs took, over time. */
import { useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useMemo, useState } from 'react';
import { useParams } from 'wouter';
import { api } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { SelectField } from '../../parts/fields.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView, Waiting } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { CRM_TITLES } from '../crm-titles.js';
import { callSeries, integrationSeries, latencySeries, summaryOf } from './series.js';

const Chart = lazy(() => import('./chart.js'));

type Data = Outputs['stats']['overTime'];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPANS = {
  day: { ms: DAY_MS, step: 'hour' },
  week: { ms: 7 * DAY_MS, step: 'hour' },
  month: { ms: 30 * DAY_MS, step: 'day' },
} as const;
type Span = keyof typeof SPANS;

export default function Stats() {
  const t = useText();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const [span, setSpan] = useState<Span>('day');
  const range = useMemo(() => rangeOf(span), [span]);
  const stats = useQuery(api.stats.overTime.queryOptions({ enterprise, ...range }, { staleTime: 60_000 }));
  return (
    <Page
      title={t.nav.stats}
      actions={
        <SelectField
          label={t.stats.span}
          value={span}
          choices={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t.stats.spans[value] }))}
          onChange={(value) => setSpan(value as Span)}
        />
      }
    >
      <QueryView
        query={stats}
        rows={8}
        isEmpty={({ calls, integrations }) => calls.length === 0 && integrations.length === 0}
        empty={<Empty title={t.stats.empty}>{t.dashboard.noLiveWhy}</Empty>}
      >
        {(data) => <Shown data={data} range={range} />}
      </QueryView>
    </Page>
  );
}

function Shown({ data, range }: { data: Data; range: ReturnType<typeof rangeOf> }) {
  const t = useText();
  const format = useFormat();
  const summary = summaryOf(data.integrations);
  return (
    <Suspense fallback={<Waiting rows={6} />}>
      <Panel title={t.stats.calls}>
        <Chart {...callSeries(data.calls, range, t)} label={t.stats.calls} />
      </Panel>
      <Panel title={t.stats.byCrm} flush>
        <Table
          label={t.stats.byCrm}
          rows={summary}
          keyOf={({ type }) => type}
          columns={[
            { title: t.log.crm, cell: ({ type }) => CRM_TITLES[type] ?? type },
            {
              title: t.stats.events,
              end: true,
              cell: ({ events }) => <span className="number">{format.number(events)}</span>,
            },
            {
              title: t.stats.errors,
              end: true,
              cell: ({ errors }) => <span className="number">{format.number(errors)}</span>,
            },
            {
              title: t.stats.success,
              end: true,
              cell: ({ share }) => <span className="number">{share === null ? '—' : format.percent(share)}</span>,
            },
            {
              title: 'p50',
              end: true,
              cell: ({ p50 }) => <span className="number">{p50 === null ? '—' : format.ms(p50)}</span>,
            },
            {
              title: 'p95',
              end: true,
              cell: ({ p95 }) => <span className="number">{p95 === null ? '—' : format.ms(p95)}</span>,
            },
          ]}
        />
      </Panel>
      {summary.map(({ type }) => (
        <Panel key={type} title={t.stats.ofCrm(CRM_TITLES[type] ?? type)}>
          <Chart
            {...integrationSeries(data.integrations, type, range, t)}
            label={t.stats.deliveriesOf(CRM_TITLES[type] ?? type)}
          />
          <Chart
            {...latencySeries(data.integrations, type, range, t)}
            label={t.stats.latencyOf(CRM_TITLES[type] ?? type)}
          />
        </Panel>
      ))}
    </Suspense>
  );
}

/** From a whole hour, or a whole day, so that pieces are the hours and days people know. */
function rangeOf(span: Span): { from: string; until: string; step: 'hour' | 'day' } {
  const { ms, step } = SPANS[span];
  const end = new Date();
  end.setMinutes(60, 0, 0);
  if (step === 'day') end.setHours(24, 0, 0, 0);
  return { from: new Date(end.getTime() - ms).toISOString(), until: end.toISOString(), step };
}
