/** A day laid side by side: the PBX's calls, ours, and each CRM's records; what one has and another lacks, and why. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'wouter';
import { api, queries } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { Button } from '../../parts/button.js';
import { Tag } from '../../parts/light.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';
import { CRM_TITLES } from '../crm-titles.js';
import { Differences } from './differences.js';
import '../../parts/fields.css';

type Day = Outputs['reconciliation']['days'][number];

export default function Reconciliation() {
  const t = useText();
  const toast = useToast();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const [shown, setShown] = useState<string | null>(null);
  const [wanted, setWanted] = useState(yesterday);
  const days = useQuery(api.reconciliation.days.queryOptions({ enterprise }));
  const run = useMutation(
    api.reconciliation.run.mutationOptions({
      onSuccess: ({ day }) => setShown(day),
      onError: (error) => toast(errorText(error, t), 'bad'),
      onSettled: () => queries.invalidateQueries({ queryKey: api.reconciliation.pathKey() }),
    }),
  );
  const open = days.data?.find(({ day }) => day === (shown ?? days.data?.[0]?.day));
  return (
    <Page
      title={t.nav.reconciliation}
      lead={t.reconciliation.lead}
      actions={
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            run.mutate({ enterprise, day: wanted });
          }}
        >
          <input
            className="input"
            type="date"
            required
            aria-label={t.reconciliation.day}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
          <Button type="submit" busy={run.isPending}>
            {t.reconciliation.run}
          </Button>
        </form>
      }
    >
      <Panel flush>
        <QueryView
          query={days}
          isEmpty={(found) => found.length === 0}
          empty={<Empty title={t.reconciliation.empty}>{t.reconciliation.emptyWhy}</Empty>}
        >
          {(found) => (
            <Table
              label={t.nav.reconciliation}
              rows={found}
              keyOf={({ day }) => day}
              columns={[
                { title: t.reconciliation.day, cell: ({ day }) => <span className="number nowrap">{day}</span> },
                { title: t.reconciliation.pbx, end: true, cell: ({ pbxCalls }) => pbxCalls ?? '—' },
                { title: t.reconciliation.ours, end: true, cell: ({ ourCalls }) => ourCalls },
                { title: t.reconciliation.recovered, end: true, cell: ({ recovered }) => recovered },
                { title: 'CRM', cell: ({ crms }) => crmsText(crms) },
                { title: t.reconciliation.differences, cell: (row) => <Verdict day={row} /> },
                {
                  title: t.common.details,
                  hideTitle: true,
                  end: true,
                  cell: ({ day }) => (
                    <Button small onClick={() => setShown(day)}>
                      {t.common.details}
                    </Button>
                  ),
                },
              ]}
            />
          )}
        </QueryView>
      </Panel>
      {open && <Differences day={open} />}
    </Page>
  );
}

function Verdict({ day: { differences, pbxCalls } }: { day: Day }) {
  const t = useText();
  if (differences.length > 0) return <Tag tone="warn">{differences.length}</Tag>;
  return pbxCalls === null ? (
    <Tag tone="off">{t.reconciliation.noSource}</Tag>
  ) : (
    <Tag tone="ok">{t.reconciliation.equal}</Tag>
  );
}

function crmsText(crms: Day['crms']): string {
  return crms.map(({ type, acknowledged }) => `${CRM_TITLES[type] ?? type}: ${acknowledged}`).join(', ') || '—';
}

function yesterday(): string {
  const at = new Date(Date.now() - 86_400_000);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
}
