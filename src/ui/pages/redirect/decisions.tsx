import { useInfiniteQuery } from '@tanstack/react-query';
import { api, client } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { More } from '../../parts/more.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { ResultTag } from '../calls/call-words.js';
import { Asked } from './asked.js';

const REFRESH_MS = 10_000;

export function Decisions({ enterprise }: { enterprise: string }) {
  const t = useText();
  const format = useFormat();
  const decisions = useInfiniteQuery({
    queryKey: [...api.redirect.decisions.queryKey({ enterprise }), 'pages'],
    queryFn: ({ pageParam: before, signal }) => client.redirect.decisions.query({ enterprise, before }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
  });
  const rows = decisions.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Panel title={t.redirect.decisions} flush>
      <QueryView query={decisions} isEmpty={() => rows.length === 0} empty={<Empty title={t.redirect.noDecisions} />}>
        {() => (
          <>
            <Table
              label={t.redirect.decisions}
              rows={rows}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: t.log.time,
                  cell: ({ decidedAt }) => <span className="number nowrap">{format.moment(decidedAt)}</span>,
                },
                {
                  title: t.calls.client,
                  cell: ({ decision: { phone, name } }) => (
                    <>
                      <span className="number nowrap">{phone ?? t.calls.withheld}</span> {name}
                    </>
                  ),
                },
                { title: t.redirect.askedCrms, cell: ({ decision: { asked } }) => <Asked asked={asked} /> },
                {
                  title: t.redirect.decided,
                  cell: ({ decision: { chosen, action, reason } }) => (
                    <div className="stack-tight">
                      <span>
                        {t.redirect.actions[action ?? ''] ?? action ?? '—'} {chosen}
                      </span>
                      <span className="quiet small">{t.said(reason)}</span>
                    </div>
                  ),
                },
                {
                  title: t.redirect.outcome,
                  cell: ({ outcome }) =>
                    outcome === null ? (
                      '—'
                    ) : (
                      <div className="row">
                        <ResultTag result={outcome.result} live={false} />
                        <span className="number">{outcome.answeredBy}</span>
                      </div>
                    ),
                },
                {
                  title: t.redirect.took,
                  end: true,
                  cell: ({ decision: { decidedMs } }) => (
                    <span className="number nowrap">{decidedMs === null ? '—' : format.ms(decidedMs)}</span>
                  ),
                },
              ]}
            />
            <More query={decisions} />
          </>
        )}
      </QueryView>
    </Panel>
  );
}
