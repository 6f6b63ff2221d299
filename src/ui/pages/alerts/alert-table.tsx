import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { BellOff, Check } from 'lucide-react';
import { api, client, queries } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Tag } from '../../parts/light.js';
import { More } from '../../parts/more.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import type { Column } from '../../parts/table.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';
import './alerts.css';

type AlertPage = Outputs['alerts']['list'];
type Alert = AlertPage['rows'][number];

const REFRESH_MS = 15_000;
const MUTE_HOURS = 24;

export function AlertTable({ enterprise, state }: { enterprise: string | undefined; state: 'current' | 'past' }) {
  const t = useText();
  const format = useFormat();
  const isCurrent = state === 'current';
  const alerts = useInfiniteQuery({
    queryKey: [...api.alerts.list.pathKey(), enterprise ?? null, state],
    queryFn: ({ pageParam: before, signal }): Promise<AlertPage> =>
      enterprise === undefined
        ? client.alerts.all.query({ state, before }, { signal })
        : client.alerts.list.query({ enterprise, state, before }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    ...(isCurrent ? { refetchInterval: REFRESH_MS } : {}),
  });
  const rows = alerts.data?.pages.flatMap((page) => page.rows) ?? [];
  const title = isCurrent ? t.alerts.current : t.alerts.past;
  const columns: Column<Alert>[] = [
    { title: t.alerts.since, cell: ({ beganAt }) => <span className="number nowrap">{format.moment(beganAt)}</span> },
    ...(enterprise === undefined
      ? [{ title: t.enterprises.name, cell: (row: Alert) => <span className="number">{row.enterprise}</span> }]
      : []),
    { title: t.alerts.what, cell: (row) => <What alert={row} /> },
    isCurrent
      ? { title: t.alerts.act, hideTitle: true, end: true, cell: (row) => <Acts alert={row} /> }
      : {
          title: t.alerts.lasted,
          end: true,
          cell: ({ beganAt, endedAt }) =>
            endedAt === null ? '—' : format.span(new Date(endedAt).getTime() - new Date(beganAt).getTime()),
        },
  ];
  return (
    <Panel title={title} flush>
      <QueryView
        query={alerts}
        isEmpty={() => rows.length === 0}
        empty={<Empty title={isCurrent ? t.alerts.nothing : t.alerts.nothingBefore} />}
      >
        {() => (
          <>
            <Table label={title} rows={rows} keyOf={({ id }) => id} columns={columns} />
            <More query={alerts} />
          </>
        )}
      </QueryView>
    </Panel>
  );
}

function What({ alert: { kind, title, level, detail, endedAt, acknowledgedBy, mutedUntil } }: { alert: Alert }) {
  const t = useText();
  const format = useFormat();
  const tone = endedAt !== null ? 'off' : kind === 'error-rate' && level < 100 ? 'warn' : 'bad';
  const why = detail['why'] ?? detail['last'] ?? null;
  return (
    <div className="alert-what">
      <span className="row">
        <Tag tone={tone}>{t.alerts.kinds[kind]}</Tag>
        {title !== '' && <strong>{title}</strong>}
        <span>{t.alerts.figures[kind](detail)}</span>
      </span>
      {why !== null && <span className="small quiet">{why}</span>}
      {endedAt === null && acknowledgedBy !== null && (
        <span className="small quiet">{t.alerts.acknowledgedBy(acknowledgedBy)}</span>
      )}
      {endedAt === null && mutedUntil !== null && (
        <span className="small quiet">{t.alerts.mutedUntil(format.moment(mutedUntil))}</span>
      )}
    </div>
  );
}

function Acts({ alert: { id, enterprise, title, kind, acknowledgedAt, mutedUntil } }: { alert: Alert }) {
  const t = useText();
  const toast = useToast();
  const then = {
    onError: (error: unknown) => toast(errorText(error, t), 'bad'),
    onSettled: () => queries.invalidateQueries({ queryKey: api.alerts.list.pathKey() }),
  };
  const acknowledge = useMutation(api.alerts.acknowledge.mutationOptions(then));
  const mute = useMutation(api.alerts.mute.mutationOptions(then));
  const about = `${t.alerts.kinds[kind]} ${title}`;
  const isMuted = mutedUntil !== null;
  const muteText = isMuted ? t.alerts.unmute : t.alerts.mute(MUTE_HOURS);
  return (
    <div className="row">
      {acknowledgedAt === null && (
        <Button
          small
          icon={<Check size={15} aria-hidden />}
          aria-label={`${t.alerts.acknowledge}: ${about}`}
          busy={acknowledge.isPending}
          onClick={() => acknowledge.mutate({ enterprise, id })}
        >
          {t.alerts.acknowledge}
        </Button>
      )}
      <Button
        small
        look="quiet"
        icon={<BellOff size={15} aria-hidden />}
        aria-label={`${muteText}: ${about}`}
        busy={mute.isPending}
        onClick={() => mute.mutate({ enterprise, id, hours: isMuted ? 0 : MUTE_HOURS })}
      >
        {muteText}
      </Button>
    </div>
  );
}
