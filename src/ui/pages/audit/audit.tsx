/** Who changed what, newest first: of one enterprise, or for the operator of all. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { api, client } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { More } from '../../parts/more.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';

type AuditPage = Outputs['audit']['all'];

export default function Audit() {
  const t = useText();
  const format = useFormat();
  const { enterprise } = useParams<{ enterprise?: string }>();
  const audit = useInfiniteQuery({
    queryKey: [...api.audit.pathKey(), enterprise ?? null],
    queryFn: ({ pageParam: before, signal }): Promise<AuditPage> =>
      enterprise === undefined
        ? client.audit.all.query({ before }, { signal })
        : client.audit.list.query({ enterprise, before }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const rows = audit.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Page title={t.nav.audit} lead={t.audit.lead}>
      <Panel flush>
        <QueryView query={audit} isEmpty={() => rows.length === 0} empty={<Empty title={t.audit.empty} />}>
          {() => (
            <>
              <Table
                label={t.nav.audit}
                rows={rows}
                keyOf={({ id }) => id}
                columns={[
                  { title: t.log.time, cell: ({ at }) => <span className="number nowrap">{format.moment(at)}</span> },
                  { title: t.audit.who, cell: ({ actor }) => actor.replace(/^\w+:/, '') },
                  ...(enterprise === undefined
                    ? [{ title: t.enterprises.name, cell: (row: AuditPage['rows'][number]) => row.enterprise ?? '—' }]
                    : []),
                  { title: t.audit.what, cell: ({ action }) => t.audit.actions[action] ?? action },
                  {
                    title: t.common.details,
                    cell: ({ detail }) => <span className="small quiet">{detailText(detail)}</span>,
                  },
                ]}
              />
              <More query={audit} />
            </>
          )}
        </QueryView>
      </Panel>
    </Page>
  );
}

function detailText(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .map(
      ([name, value]) =>
        `${name}: ${Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join('; ');
}
