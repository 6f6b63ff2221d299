import { Link } from 'wouter';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Table } from '../../parts/table.js';
import { Tag } from '../../parts/light.js';
import { Direction, ResultTag } from './call-words.js';

type CallRow = Outputs['calls']['list']['rows'][number];

export function CallTable({ enterprise, rows }: { enterprise: string; rows: readonly CallRow[] }) {
  const t = useText();
  const format = useFormat();
  return (
    <Table
      label={t.calls.title}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          title: t.calls.started,
          cell: ({ startedAt }) => (
            <time dateTime={startedAt} title={format.full(startedAt)} className="number nowrap">
              {format.moment(startedAt)}
            </time>
          ),
        },
        { title: t.calls.direction, cell: ({ direction }) => <Direction direction={direction} /> },
        {
          title: t.calls.client,
          cell: ({ id, phone, direction, caller }) => (
            <Link
              className="number nowrap strong-link"
              to={`/e/${encodeURIComponent(enterprise)}/calls/${id}`}
              aria-label={`${t.calls.open}: ${phone ?? t.calls.withheld}`}
            >
              {direction === 'internal' ? (caller ?? '—') : (phone ?? t.calls.withheld)}
            </Link>
          ),
        },
        {
          title: t.calls.who,
          cell: ({ answeredBy, finalAgent, rang }) => (
            <span className="number">
              {finalAgent ?? answeredBy ?? (rang.length > 0 ? <span className="quiet">{rang.join(', ')}</span> : '—')}
            </span>
          ),
        },
        {
          title: t.calls.result,
          cell: ({ result, live, approximate, recovered }) => (
            <div className="row">
              <ResultTag result={result} live={live} />
              {approximate && (
                <span title={t.calls.approximateWhy}>
                  <Tag tone="warn">{t.calls.approximate}</Tag>
                </span>
              )}
              {recovered && <Tag tone="off">{t.calls.recovered}</Tag>}
            </div>
          ),
        },
        {
          title: t.calls.wait,
          end: true,
          cell: ({ waitMs, live }) => <span className="number nowrap">{live ? '—' : format.span(waitMs)}</span>,
        },
        {
          title: t.calls.talk,
          end: true,
          cell: ({ talkMs, live }) => <span className="number nowrap">{live ? '—' : format.span(talkMs)}</span>,
        },
        { title: t.calls.line, end: true, cell: ({ line }) => <span className="number">{line ?? '—'}</span> },
      ]}
    />
  );
}
