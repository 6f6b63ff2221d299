import { useQuery } from '@tanstack/react-query';
import { api } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Modal } from '../../parts/modal.js';
import { QueryView } from '../../parts/query-view.js';
import { ButtonLink } from '../../parts/button.js';
import { CRM_TITLES } from '../crm-titles.js';
import { Exchange } from './exchange.js';
import type { LogRow } from './live-log.js';
import { StatusTag, useEventName } from './log-words.js';

/** One line with what was asked and what the CRM answered. */
export function LogEntry({ enterprise, row, onClose }: { enterprise: string; row: LogRow; onClose(): void }) {
  const t = useText();
  const format = useFormat();
  const eventName = useEventName();
  const { type, at, id } = row;
  const entry = useQuery(api.logs.get.queryOptions({ enterprise, type, at, id }, { staleTime: Infinity }));
  return (
    <Modal
      open
      title={`${CRM_TITLES[type] ?? type}: ${eventName(row)}`}
      onClose={onClose}
      footer={
        row.callId !== null && (
          <ButtonLink to={`/e/${encodeURIComponent(enterprise)}/calls/${row.callId}`}>{t.log.openCall}</ButtonLink>
        )
      }
    >
      <dl className="facts">
        <dt>{t.log.status}</dt>
        <dd>
          <StatusTag status={row.status} />
        </dd>
        {row.error !== null && (
          <>
            <dt>{t.log.reason}</dt>
            <dd>{t.said(row.error)}</dd>
          </>
        )}
        <dt>{t.log.time}</dt>
        <dd className="number">{format.full(at)}</dd>
        {row.ms !== null && (
          <>
            <dt>{t.log.took}</dt>
            <dd className="number">{format.ms(row.ms)}</dd>
          </>
        )}
        {row.attempt !== null && (
          <>
            <dt>{t.log.attempt}</dt>
            <dd className="number">{row.attempt}</dd>
          </>
        )}
      </dl>
      <QueryView query={entry} rows={4}>
        {({ request, response }) => <Exchange request={request} response={response} />}
      </QueryView>
    </Modal>
  );
}
