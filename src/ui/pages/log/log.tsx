/** The log of an enterprise. What is asked for stands in the address, so that it can be handed on and come back to. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useParams, useSearchParams } from 'wouter';
import { api, client, queries } from '../../api.js';
import type { Inputs, Outputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { Button } from '../../parts/button.js';
import { More } from '../../parts/more.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { useLive } from '../../platform/use-live.js';
import { LiveWord } from './live-word.js';
import { filterOf, LogFilters } from './log-filters.js';
import { LogTable } from './log-table.js';
import { logKey } from './live-log.js';
import type { LogRow } from './live-log.js';

type Before = Inputs['logs']['list']['before'];

export default function Log() {
  const t = useText();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => filterOf(search), [search]);
  const key = [...api.logs.list.queryKey({ enterprise, ...filter }), 'pages'];
  const log = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      client.logs.list.query({ enterprise, ...filter, before: pageParam }, { signal }),
    initialPageParam: null as Before,
    getNextPageParam: (page: Outputs['logs']['list']) => page.next,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  const [news, setNews] = useState<readonly string[]>([]);
  const first = log.data?.pages[0];
  const state = useLive<LogRow>(
    first ? JSON.stringify([enterprise, filter]) : null,
    (last, handlers) =>
      client.logs.live.subscribe({ enterprise, type: filter.type, lastEventId: last ?? first?.live ?? null }, handlers),
    (row) => {
      const key = logKey(row);
      if (fits(row, filter)) setNews((before) => (before.includes(key) ? before : [...before, key]));
    },
  );
  const rows = log.data?.pages.flatMap((page) => page.rows) ?? [];
  // After a break the page may have been asked for anew, and have them already.
  const shown = new Set(rows.map(logKey));
  const waiting = news.filter((one) => !shown.has(one)).length;
  const filtered = Object.keys(filter).length > 0;

  async function showNews(): Promise<void> {
    await queries.resetQueries({ queryKey: key });
    setNews([]);
  }

  return (
    <Page title={t.log.title} lead={t.log.lead} actions={<LiveWord state={state} />}>
      <Panel flush>
        <LogFilters
          search={search}
          onChange={(next) => {
            setNews([]);
            setSearch(next, { replace: true });
          }}
        />
        <div role="status">
          {waiting > 0 && (
            <div className="table-foot">
              <Button small look="quiet" onClick={() => void showNews()}>
                {t.log.newRows(waiting)}
              </Button>
            </div>
          )}
        </div>
        <QueryView
          query={log}
          rows={8}
          isEmpty={() => rows.length === 0}
          empty={<Empty title={t.log.empty}>{filtered ? t.log.emptyWhy : t.log.emptyAtAll}</Empty>}
        >
          {() => (
            <>
              <LogTable enterprise={enterprise} rows={rows} />
              <More query={log}>{log.hasNextPage ? t.common.shown(rows.length) : t.log.end}</More>
            </>
          )}
        </QueryView>
      </Panel>
    </Page>
  );
}

/** As far as a line shows it; what the server alone can tell counts as fitting. */
function fits(row: LogRow, filter: ReturnType<typeof filterOf>): boolean {
  if (filter.statuses && !(filter.statuses as string[]).includes(row.status)) return false;
  if (filter.event && filter.event !== row.event) return false;
  if (filter.until && filter.until < row.at) return false;
  return !filter.call || filter.call === row.callId;
}
