/** The calls of an enterprise, newest first. What is asked for stands in the address. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useParams, useSearchParams } from 'wouter';
import { api, client } from '../../api.js';
import type { Inputs, Outputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { More } from '../../parts/more.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { CallFilters, filterOf } from './call-filters.js';
import { CallTable } from './call-table.js';

type Before = Inputs['calls']['list']['before'];

const REFRESH_MS = 10_000;

export default function Calls() {
  const t = useText();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => filterOf(search), [search]);
  const calls = useInfiniteQuery({
    queryKey: [...api.calls.list.queryKey({ enterprise, ...filter }), 'pages'],
    queryFn: ({ pageParam, signal }) =>
      client.calls.list.query({ enterprise, ...filter, before: pageParam }, { signal }),
    initialPageParam: null as Before,
    getNextPageParam: (page: Outputs['calls']['list']) => page.next,
    placeholderData: keepPreviousData,
    // Behind the first page nothing changes that anybody waits for.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
  });
  const rows = calls.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Page title={t.calls.title} lead={t.calls.lead}>
      <Panel flush>
        <CallFilters search={search} onChange={(next) => setSearch(next, { replace: true })} />
        <QueryView
          query={calls}
          rows={8}
          isEmpty={() => rows.length === 0}
          empty={<Empty title={t.calls.empty}>{search.size > 0 ? t.calls.emptyWhy : t.dashboard.noLiveWhy}</Empty>}
        >
          {() => (
            <>
              <CallTable enterprise={enterprise} rows={rows} />
              <More query={calls}>{calls.hasNextPage && t.common.shown(rows.length)}</More>
            </>
          )}
        </QueryView>
      </Panel>
    </Page>
  );
}
