import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { RotateCw } from 'lucide-react';
import { api, queries } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/confirm.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';
import { useStepName } from '../log/log-words.js';
import { useDeliveryColumns } from './columns.js';
import { useReplayAll } from './replay-all.js';

const MOST = 200;
const REFRESH_MS = 10_000;

export function DeadLetters({ enterprise, total }: { enterprise: string; total: number }) {
  const t = useText();
  const toast = useToast();
  const columns = useDeliveryColumns(enterprise);
  const stepName = useStepName();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState(false);
  const list = useQuery(api.deliveries.list.queryOptions({ enterprise, limit: MOST }, { refetchInterval: REFRESH_MS }));
  const replay = useMutation(
    api.deliveries.replay.mutationOptions({
      onSuccess({ ids }) {
        toast(t.deliveries.replayed(ids.length));
        setChosen(new Set());
      },
      onError: (error) => toast(errorText(error, t), 'bad'),
      onSettled: () => queries.invalidateQueries({ queryKey: api.deliveries.pathKey() }),
    }),
  );
  const all = useReplayAll(enterprise);

  const rows = list.data?.rows ?? [];
  // What has gone meanwhile is chosen no more.
  const picked = rows.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const pick = (ids: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids)
      if (on) next.add(id);
      else next.delete(id);
    setChosen(next);
  };

  return (
    <Panel
      actions={
        <>
          <Button
            small
            look="main"
            icon={<RotateCw size={15} aria-hidden />}
            disabled={picked.length === 0}
            busy={replay.isPending}
            onClick={() => replay.mutate({ enterprise, ids: picked })}
          >
            {picked.length > 0 ? `${t.deliveries.replay} (${picked.length})` : t.deliveries.replay}
          </Button>
          <Button small disabled={total === 0} busy={all.running} onClick={() => setAsking(true)}>
            {t.deliveries.replayAll}
          </Button>
        </>
      }
      flush
    >
      {all.running && (
        <div className="panel-body" role="status">
          {t.deliveries.progress(all.done, all.total)}
          <div className="progress-track">
            <div
              className="progress-done"
              style={{ width: `${Math.round((100 * all.done) / Math.max(all.total, 1))}%` }}
            />
          </div>
        </div>
      )}
      <QueryView
        query={list}
        isEmpty={() => rows.length === 0}
        empty={<Empty title={t.deliveries.empty}>{t.deliveries.emptyWhy}</Empty>}
      >
        {() => (
          <>
            <p className="panel-tools quiet small">{t.deliveries.deadLead}</p>
            <Table
              label={t.deliveries.dead}
              rows={rows}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: t.deliveries.select,
                  hideTitle: true,
                  cell: ({ id, step, createdAt }) => (
                    <label className="pick">
                      <input
                        type="checkbox"
                        aria-label={`${t.deliveries.select}: ${stepName(step)}, ${new Date(createdAt).toLocaleString()}`}
                        checked={chosen.has(id)}
                        onChange={(event) => pick([id], event.target.checked)}
                      />
                    </label>
                  ),
                },
                ...columns,
              ]}
            />
            <div className="table-foot">
              <label className="row small">
                <input
                  type="checkbox"
                  checked={picked.length === rows.length}
                  onChange={(event) =>
                    pick(
                      rows.map(({ id }) => id),
                      event.target.checked,
                    )
                  }
                />
                {t.deliveries.selectAll}
              </label>
              <span className="quiet small">{t.common.shown(rows.length)}</span>
            </div>
          </>
        )}
      </QueryView>
      <Confirm
        open={asking}
        title={t.deliveries.replayAsk(total)}
        action={t.deliveries.replayAll}
        onConfirm={() => {
          setAsking(false);
          void all.start(total);
        }}
        onCancel={() => setAsking(false)}
      >
        {t.deliveries.replayWhy}
      </Confirm>
    </Panel>
  );
}
