import { Link } from 'wouter';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Tag } from '../../parts/light.js';
import type { Column } from '../../parts/table.js';
import { CRM_TITLES } from '../crm-titles.js';
import { useEventName } from '../log/log-words.js';

export type Delivery = Outputs['deliveries']['list']['rows'][number];

/** What both lists show of a delivery. */
export function useDeliveryColumns(enterprise: string): Column<Delivery>[] {
  const t = useText();
  const format = useFormat();
  const eventName = useEventName();
  return [
    {
      title: t.deliveries.created,
      cell: ({ createdAt }) => <span className="number nowrap">{format.moment(createdAt)}</span>,
    },
    { title: t.log.crm, cell: ({ type }) => CRM_TITLES[type] ?? type },
    { title: t.deliveries.what, cell: eventName },
    {
      title: t.deliveries.call,
      cell: ({ callId }) => <Link to={`/e/${encodeURIComponent(enterprise)}/calls/${callId}`}>{t.log.openCall}</Link>,
    },
    {
      title: t.deliveries.lastError,
      cell: ({ lastError, unknownOutcome }) => (
        <div className="stack-tight">
          {unknownOutcome && <Tag tone="warn">{t.deliveries.unknownOutcome}</Tag>}
          <span className="small">{lastError === null ? '—' : t.said(lastError)}</span>
        </div>
      ),
    },
    { title: t.deliveries.attempts, end: true, cell: ({ attempts }) => <span className="number">{attempts}</span> },
  ];
}
