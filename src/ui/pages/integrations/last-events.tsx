import { Link } from 'wouter';
import { useText } from '../../i18n/language.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { LiveWord } from '../log/live-word.js';
import { logKey, merged, useLiveLog } from '../log/live-log.js';
import { LogTable } from '../log/log-table.js';

export const EVENTS_SHOWN = 8;

/** What CRMs were told last, as it happens. */
export function LastEvents({ enterprise }: { enterprise: string }) {
  const t = useText();
  const { query, news, state } = useLiveLog(enterprise, EVENTS_SHOWN);
  return (
    <Panel title={t.integrations.events} actions={<LiveWord state={state} />} flush>
      <QueryView
        query={query}
        isEmpty={({ rows }) => rows.length === 0 && news.length === 0}
        empty={<Empty title={t.integrations.noEvents}>{t.integrations.noEventsWhy}</Empty>}
      >
        {({ rows }) => (
          <>
            <LogTable
              enterprise={enterprise}
              rows={merged(news, rows).slice(0, EVENTS_SHOWN)}
              fresh={new Set(news.map(logKey))}
            />
            <div className="table-foot">
              <Link to={`/e/${encodeURIComponent(enterprise)}/log`}>{t.integrations.allEvents}</Link>
            </div>
          </>
        )}
      </QueryView>
    </Panel>
  );
}
