import { useState } from 'react';
import { Link } from 'wouter';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Table } from '../../parts/table.js';
import { CRM_TITLES } from '../crm-titles.js';
import { LogEntry } from './log-entry.js';
import { StatusTag, useEventName } from './log-words.js';
import { logKey } from './live-log.js';
import type { LogRow } from './live-log.js';
import './log.css';

export function LogTable({
  enterprise,
  rows,
  fresh,
}: {
  enterprise: string;
  rows: readonly LogRow[];
  /** Keys of those that came just now. */
  fresh?: ReadonlySet<string>;
}) {
  const t = useText();
  const format = useFormat();
  const eventName = useEventName();
  const [open, setOpen] = useState<LogRow | null>(null);
  return (
    <>
      <Table
        label={t.log.title}
        rows={rows}
        keyOf={logKey}
        isFresh={(row) => fresh?.has(logKey(row)) ?? false}
        columns={[
          {
            title: t.log.time,
            cell: ({ at }) => (
              <time dateTime={at} title={format.full(at)} className="number nowrap">
                {format.moment(at)}
              </time>
            ),
          },
          { title: t.log.crm, cell: ({ type }) => CRM_TITLES[type] ?? type },
          { title: t.log.event, cell: eventName },
          {
            title: t.log.phone,
            cell: ({ phone, callId }) =>
              callId === null ? (
                <span className="number nowrap">{phone ?? '—'}</span>
              ) : (
                <Link className="number nowrap" to={`/e/${encodeURIComponent(enterprise)}/calls/${callId}`}>
                  {phone ?? t.log.openCall}
                </Link>
              ),
          },
          {
            title: t.log.status,
            cell: ({ status, error }) => (
              <div className="stack-tight log-status">
                <StatusTag status={status} />
                {error !== null && <span className="small log-error">{t.said(error)}</span>}
              </div>
            ),
          },
          {
            title: t.log.took,
            end: true,
            cell: ({ ms }) => <span className="number nowrap">{ms === null ? '—' : format.ms(ms)}</span>,
          },
          {
            title: t.common.details,
            hideTitle: true,
            end: true,
            cell: (row) => (
              <Button
                small
                look="quiet"
                aria-label={`${t.common.details}: ${eventName(row)}, ${format.moment(row.at)}`}
                onClick={() => setOpen(row)}
              >
                {t.common.details}
              </Button>
            ),
          },
        ]}
      />
      {open && <LogEntry enterprise={enterprise} row={open} onClose={() => setOpen(null)} />}
    </>
  );
}
