/** The operator's list: every enterprise with the lights of its PBX and its CRMs. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Plus } from 'lucide-react';
import { Link } from 'wouter';
import { api } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Page } from '../../layout/page.js';
import { TextField } from '../../parts/fields.js';
import { Light, Tag } from '../../parts/light.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { CRM_TITLES } from '../crm-titles.js';
import { EnterpriseForm } from './enterprise-form.js';
import { PbxLight } from '../pbx-light.js';

type Listed = Outputs['enterprises']['list'][number];

const REFRESH_MS = 15_000;

export default function Enterprises() {
  const t = useText();
  const [wanted, setWanted] = useState('');
  /** The form of one, or of a new one. */
  const [open, setOpen] = useState<{ number: string | null } | null>(null);
  const list = useQuery(api.enterprises.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  return (
    <Page
      title={t.enterprises.title}
      actions={
        <Button look="main" icon={<Plus size={18} aria-hidden />} onClick={() => setOpen({ number: null })}>
          {t.enterprises.add}
        </Button>
      }
    >
      <Panel flush>
        <div className="panel-tools">
          <TextField label={t.enterprises.search} value={wanted} onChange={setWanted} type="search" />
        </div>
        <QueryView
          query={list}
          rows={6}
          isEmpty={(all) => all.length === 0}
          empty={<Empty title={t.enterprises.empty}>{t.enterprises.emptyWhy}</Empty>}
        >
          {(all) => <Found rows={all.filter((one) => matches(one, wanted))} onEdit={(number) => setOpen({ number })} />}
        </QueryView>
      </Panel>
      {open && <EnterpriseForm number={open.number} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function Found({ rows, onEdit }: { rows: readonly Listed[]; onEdit(number: string): void }) {
  const t = useText();
  if (rows.length === 0) return <Empty title={t.enterprises.notFound} />;
  return (
    <Table
      label={t.enterprises.title}
      rows={rows}
      keyOf={({ number }) => number}
      columns={[
        {
          title: t.enterprises.name,
          cell: ({ number, name }) => (
            <Link to={`/e/${encodeURIComponent(number)}`} className="strong-link">
              <span className="number">{number}</span> {name}
            </Link>
          ),
        },
        {
          title: t.enterprises.mode,
          cell: ({ mode }) => (
            <Tag tone={mode === 'on' ? 'ok' : mode === 'shadow' ? 'wait' : 'off'}>
              {t.enterprises.modes[mode] ?? mode}
            </Tag>
          ),
        },
        {
          title: t.enterprises.pbx,
          cell: ({ pbx, problem }) =>
            problem === null ? <PbxLight pbx={pbx} /> : <Light tone="bad">{t.said(problem)}</Light>,
        },
        { title: t.enterprises.crms, cell: ({ integrations }) => <Crms integrations={integrations} /> },
        {
          title: t.enterprises.edit,
          hideTitle: true,
          end: true,
          cell: ({ number }) => (
            <Button small look="quiet" aria-label={`${t.enterprises.edit}: ${number}`} onClick={() => onEdit(number)}>
              {t.enterprises.edit}
            </Button>
          ),
        },
      ]}
    />
  );
}

function Crms({ integrations }: Pick<Listed, 'integrations'>) {
  const t = useText();
  const shown = integrations.filter(({ enabled }) => enabled);
  if (shown.length === 0) return <span className="quiet">{t.enterprises.noCrm}</span>;
  return (
    <div className="row">
      {shown.map(({ type, problem }) => (
        <span key={type} title={problem === null ? undefined : t.said(problem)}>
          <Tag tone={problem === null ? 'ok' : 'bad'}>
            {CRM_TITLES[type] ?? type}
            <span className="hidden-text">: {problem === null ? t.crm.light['ok'] : t.said(problem)}</span>
          </Tag>
        </span>
      ))}
    </div>
  );
}

function matches({ number, name }: Listed, wanted: string): boolean {
  return `${number} ${name}`.toLowerCase().includes(wanted.trim().toLowerCase());
}
