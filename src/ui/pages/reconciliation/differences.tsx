import { Link, useParams } from 'wouter';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Panel } from '../../parts/panel.js';
import { Empty } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { CRM_TITLES } from '../crm-titles.js';

/** Every call that one side has and another lacks. */
export function Differences({ day }: { day: Outputs['reconciliation']['days'][number] }) {
  const t = useText();
  const format = useFormat();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const title = t.reconciliation.of(day.day);
  return (
    <Panel title={title} flush>
      {day.differences.length === 0 ? (
        <Empty title={t.reconciliation.equal} />
      ) : (
        <Table
          label={title}
          rows={day.differences}
          keyOf={({ call, what, integration }) => `${call} ${what} ${integration ?? ''}`}
          columns={[
            {
              title: t.log.time,
              cell: ({ at }) => <span className="number nowrap">{format.moment(at)}</span>,
            },
            {
              title: t.reconciliation.what,
              cell: ({ what, integration }) =>
                `${t.reconciliation.kinds[what]}${integration === null ? '' : `: ${CRM_TITLES[integration] ?? integration}`}`,
            },
            {
              title: t.deliveries.call,
              cell: ({ call, what }) =>
                what === 'not here' ? (
                  call
                ) : (
                  <Link to={`/e/${encodeURIComponent(enterprise)}/calls/${encodeURIComponent(call)}`}>{call}</Link>
                ),
            },
            { title: t.reconciliation.why, cell: ({ why }) => <span className="small quiet">{t.said(why)}</span> },
          ]}
        />
      )}
    </Panel>
  );
}
