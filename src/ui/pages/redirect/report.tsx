import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Panel } from '../../parts/panel.js';
import { QueryView } from '../../parts/query-view.js';
import { Tile } from '../../parts/tile.js';

const DAYS = 7;

/** What decisions of the last days came to: the shadow report, and how it does once it is on. */
export function Report({ enterprise }: { enterprise: string }) {
  const t = useText();
  const format = useFormat();
  const report = useQuery(api.redirect.report.queryOptions({ enterprise, days: DAYS }));
  return (
    <Panel title={t.redirect.report(DAYS)}>
      <QueryView query={report} rows={2}>
        {(data) => (
          <dl className="tiles">
            <Tile name={t.redirect.asked}>{format.number(data.calls)}</Tile>
            <Tile name={t.redirect.found}>{format.number(data.chosen)}</Tile>
            <Tile name={t.redirect.byChosen}>{format.number(data.answeredByChosen)}</Tile>
            <Tile name={t.redirect.byOther}>{format.number(data.answeredByOther)}</Tile>
            <Tile name={t.redirect.unanswered}>{format.number(data.unanswered)}</Tile>
          </dl>
        )}
      </QueryView>
    </Panel>
  );
}
