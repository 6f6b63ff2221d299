import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import type { Messages } from '../../i18n/ru.js';
import { Light } from '../../parts/light.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { Direction } from '../calls/call-words.js';
import { liveCalls } from './questions.js';

type CallRow = Outputs['calls']['list']['rows'][number];

/** The calls that go on now. */
export function LiveCalls({ enterprise }: { enterprise: string }) {
  const t = useText();
  const format = useFormat();
  const calls = useQuery(liveCalls(enterprise));
  return (
    <Panel title={t.dashboard.liveCalls} flush>
      <QueryView
        query={calls}
        rows={2}
        isEmpty={({ rows }) => rows.length === 0}
        empty={<Empty title={t.dashboard.noLive}>{t.dashboard.noLiveWhy}</Empty>}
      >
        {({ rows }) => (
          <Table
            label={t.dashboard.liveCalls}
            rows={rows}
            keyOf={({ id }) => id}
            columns={[
              {
                title: t.dashboard.since,
                cell: ({ startedAt }) => <span className="number">{format.moment(startedAt)}</span>,
              },
              { title: t.calls.direction, cell: ({ direction }) => <Direction direction={direction} /> },
              {
                title: t.dashboard.client,
                cell: ({ id, phone }) => (
                  <Link className="number nowrap" to={`/e/${encodeURIComponent(enterprise)}/calls/${id}`}>
                    {phone ?? t.calls.withheld}
                  </Link>
                ),
              },
              { title: t.dashboard.state, cell: (row) => <Happens row={row} t={t} /> },
            ]}
          />
        )}
      </QueryView>
    </Panel>
  );
}

function Happens({ row: { answeredAt, answeredBy, finalAgent, rang }, t }: { row: CallRow; t: Messages }) {
  const who = finalAgent ?? answeredBy;
  if (answeredAt !== null) return <Light tone="ok">{`${t.dashboard.talking} ${who ?? ''}`}</Light>;
  if (rang.length > 0) return <Light tone="wait">{`${t.dashboard.ringing} ${rang.join(', ')}`}</Light>;
  return <Light tone="off">{t.dashboard.waiting}</Light>;
}
