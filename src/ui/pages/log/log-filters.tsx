import type { Inputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { Filters } from '../../parts/filters.js';
import type { SearchProps } from '../../parts/filters.js';
import { CRM_TITLES } from '../crm-titles.js';
import { dayEnd, dayStart } from '../day.js';

type Filter = Omit<Inputs['logs']['list'], 'enterprise' | 'before' | 'limit'>;

const STATUSES = ['success', 'error', 'pending', 'expired', 'skipped', 'unknown'] as const;
const EVENTS = ['start', 'dial', 'bridge', 'hangup', 'download'] as const;

/** As the address says it; what makes no sense there is left out. */
export function filterOf(search: URLSearchParams): Filter {
  const text = (name: string) => search.get(name)?.trim() || undefined;
  const status = STATUSES.find((one) => one === search.get('status'));
  const [from, until] = [dayStart(search.get('from')), dayEnd(search.get('until'))];
  const [type, event, phone, call] = [text('type'), text('event'), text('phone'), text('call')];
  return {
    ...(type && { type }),
    ...(event && { event }),
    ...(phone && { phone }),
    ...(call && { call }),
    ...(status && { statuses: [status] }),
    ...(from && { from }),
    ...(until && { until }),
  };
}

export function LogFilters({ search, onChange }: SearchProps) {
  const t = useText();
  const all = { value: '', label: t.common.all };
  const crms = Object.entries(CRM_TITLES).map(([value, label]) => ({ value, label: label ?? value }));
  return (
    <Filters search={search} onChange={onChange} written={['phone', 'call']}>
      {({ chosen, written }) => (
        <>
          <SelectField label={t.log.crm} choices={[all, ...crms]} {...chosen('type')} />
          <SelectField
            label={t.log.status}
            choices={[all, ...STATUSES.map((value) => ({ value, label: t.log.statuses[value] ?? value }))]}
            {...chosen('status')}
          />
          <SelectField
            label={t.log.event}
            choices={[all, ...EVENTS.map((value) => ({ value, label: t.log.events[value] ?? value }))]}
            {...chosen('event')}
          />
          <TextField label={t.log.phone} inputMode="tel" {...written('phone')} />
          <TextField label={t.log.call} {...written('call')} />
        </>
      )}
    </Filters>
  );
}
