/** What waits for a CRM, and what was given up on: to be looked at and sent again. */
import { Tabs } from '@base-ui/react/tabs';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'wouter';
import { api } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { Notice } from '../../parts/notice.js';
import { QueryView } from '../../parts/query-view.js';
import { CRM_TITLES } from '../crm-titles.js';
import { DeadLetters } from './dead-letters.js';
import { Waiting } from './waiting.js';
import './deliveries.css';

type Count = Outputs['deliveries']['counts'][number];

const REFRESH_MS = 5_000;

export default function Deliveries() {
  const t = useText();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const [search, setSearch] = useSearchParams();
  const counts = useQuery(api.deliveries.counts.queryOptions({ enterprise }, { refetchInterval: REFRESH_MS }));
  const sum = (what: 'dead' | 'pending') => counts.data?.reduce((total, count) => total + count[what], 0);
  const tab = search.get('show') === 'pending' ? 'pending' : 'dead';
  return (
    <Page title={t.deliveries.title}>
      <QueryView query={counts} rows={1}>
        {(all) =>
          all
            .filter(({ paused, breaker }) => paused || breaker === 'open')
            .map((count) => <Stuck key={count.type} count={count} />)
        }
      </QueryView>
      <Tabs.Root
        value={tab}
        onValueChange={(next) => setSearch(next === 'pending' ? { show: 'pending' } : {}, { replace: true })}
      >
        <Tabs.List className="tabs">
          <Tabs.Tab value="dead" className="tab">
            {t.deliveries.dead} <span className="tab-count number">{sum('dead') ?? ''}</span>
          </Tabs.Tab>
          <Tabs.Tab value="pending" className="tab">
            {t.deliveries.pending} <span className="tab-count number">{sum('pending') ?? ''}</span>
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="dead">
          <DeadLetters enterprise={enterprise} total={sum('dead') ?? 0} />
        </Tabs.Panel>
        <Tabs.Panel value="pending">
          <Waiting enterprise={enterprise} />
        </Tabs.Panel>
      </Tabs.Root>
    </Page>
  );
}

function Stuck({ count: { type, paused, pending, oldestDueSeconds } }: { count: Count }) {
  const t = useText();
  const format = useFormat();
  return (
    <Notice tone="warn" title={`${CRM_TITLES[type] ?? type}: ${t.crm.light[paused ? 'paused' : 'breaker'] ?? ''}`}>
      {paused && t.said(paused.why)}
      {pending > 0 && (
        <p>
          {t.crm.queued(pending)}
          {oldestDueSeconds !== null && `, ${t.deliveries.oldest(format.span(oldestDueSeconds * 1_000))}`}
        </p>
      )}
    </Notice>
  );
}
