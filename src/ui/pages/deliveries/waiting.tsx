import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { useDeliveryColumns } from './columns.js';

const REFRESH_MS = 5_000;
const MOST = 200;

export function Waiting({ enterprise }: { enterprise: string }) {
  const t = useText();
  const format = useFormat();
  const columns = useDeliveryColumns(enterprise);
  const list = useQuery(
    api.deliveries.list.queryOptions(
      { enterprise, states: ['pending', 'started'], limit: MOST },
      { refetchInterval: REFRESH_MS },
    ),
  );
  return (
    <Panel flush>
      <QueryView
        query={list}
        isEmpty={({ rows }) => rows.length === 0}
        empty={<Empty title={t.deliveries.emptyPending} />}
      >
        {({ rows }) => (
          <Table
            label={t.deliveries.pending}
            rows={rows}
            keyOf={({ id }) => id}
            columns={[
              ...columns,
              {
                title: t.deliveries.due,
                end: true,
                cell: ({ dueAt }) => <span className="number nowrap">{format.moment(dueAt)}</span>,
              },
            ]}
          />
        )}
      </QueryView>
    </Panel>
  );
}
