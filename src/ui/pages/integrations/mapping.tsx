/** The table extension ↔ user of the CRM. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RefreshCw } from 'lucide-react';
import { api, queries } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Tag } from '../../parts/light.js';
import { Notice } from '../../parts/notice.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';
import { MappingTable } from './mapping-table.js';
import { nobodys, remarksOf, rowsOf } from './mapping-rows.js';
import type { Chosen, Mapping as Data } from './mapping-rows.js';

interface MappingProps {
  enterprise: string;
  type: string;
  /** Saved and on: else the CRM cannot be asked. */
  running: boolean;
  /** The settings have a new version. */
  onSaved(): Promise<unknown>;
}

export function Mapping(props: MappingProps) {
  const t = useText();
  const toast = useToast();
  const format = useFormat();
  const { enterprise, type, running } = props;
  const mapping = useQuery(api.integrations.mapping.queryOptions({ enterprise, type }));
  const load = useMutation(
    api.integrations.loadUsers.mutationOptions({
      onSuccess({ users, problem }) {
        if (problem === null) toast(t.mapping.loaded(users.length));
        return queries.invalidateQueries({ queryKey: api.integrations.mapping.queryKey({ enterprise, type }) });
      },
    }),
  );
  const loadedAt = mapping.data?.loadedAt ?? null;
  const problem = load.error ? errorText(load.error, t) : (load.data?.problem ?? mapping.data?.problem ?? null);
  return (
    <Panel
      title={t.mapping.title}
      actions={
        <>
          {loadedAt !== null && <span className="quiet small">{format.moment(loadedAt)}</span>}
          <Button
            small
            icon={<RefreshCw size={15} aria-hidden />}
            busy={load.isPending}
            disabled={!running}
            onClick={() => load.mutate({ enterprise, type })}
          >
            {load.isPending ? t.mapping.loading : t.mapping.load}
          </Button>
        </>
      }
    >
      <p className="quiet small">{running ? t.mapping.lead : t.settings.saveFirst}</p>
      {problem !== null && <Notice tone="warn">{t.said(problem)}</Notice>}
      <QueryView
        query={mapping}
        isEmpty={({ users, chosen }) => users.length === 0 && Object.keys(chosen).length === 0}
        empty={<Empty title={t.mapping.empty}>{running ? t.mapping.emptyWhy : null}</Empty>}
      >
        {(data) => <Editor {...props} data={data} />}
      </QueryView>
    </Panel>
  );
}

function Editor({ enterprise, type, data, onSaved }: MappingProps & { data: Data }) {
  const t = useText();
  const toast = useToast();
  const [changes, setChanges] = useState<Chosen>({});
  const chosen = { ...data.chosen, ...changes };
  const extensions = data.extensions.map(({ number }) => number);
  const rows = rowsOf(data, chosen);
  const conflicts = rows.filter((row) => remarksOf(row, rows, extensions).length > 0).length;
  const free = nobodys(rows, extensions);
  const save = useMutation(
    api.integrations.saveMapping.mutationOptions({
      async onSuccess() {
        toast(t.mapping.saved);
        await Promise.all([
          queries.invalidateQueries({ queryKey: api.integrations.mapping.queryKey({ enterprise, type }) }),
          // A card switches the version it has seen.
          queries.invalidateQueries({ queryKey: api.integrations.list.queryKey({ enterprise }) }),
        ]);
        setChanges({});
        await onSaved();
      },
      onError: (error) => toast(errorText(error, t), 'bad'),
    }),
  );
  const unsaved = Object.entries(changes).some(([user, extension]) => (data.chosen[user] ?? '') !== extension.trim());
  return (
    <div className="stack">
      <div className="row" role="status">
        <Tag tone={conflicts > 0 ? 'warn' : 'ok'}>
          {conflicts > 0 ? t.mapping.conflicts(conflicts) : t.mapping.noConflicts}
        </Tag>
        {free.length > 0 && <span className="small">{t.mapping.nobodys(free.join(', '))}</span>}
      </div>
      <MappingTable
        rows={rows}
        extensions={data.extensions}
        onChange={(user, extension) => setChanges({ ...changes, [user]: extension })}
      />
      <div className="row">
        <Button
          look="main"
          small
          disabled={!unsaved}
          busy={save.isPending}
          onClick={() => save.mutate({ enterprise, type, version: data.version, chosen: toSend(chosen) })}
        >
          {t.mapping.save}
        </Button>
      </div>
    </div>
  );
}

function toSend(chosen: Chosen): Record<string, string | null> {
  return Object.fromEntries(Object.entries(chosen).map(([user, extension]) => [user, extension.trim() || null]));
}
