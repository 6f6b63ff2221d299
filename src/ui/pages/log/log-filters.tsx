import { useState } from 'react';
import type { FormEvent } from 'react';
import type { Inputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { SelectField, TextField } from '../../parts/fields.js';
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

export function LogFilters({ search, onChange }: { search: URLSearchParams; onChange(search: URLSearchParams): void }) {
  const t = useText();
  const [texts, setTexts] = useState({ phone: search.get('phone') ?? '', call: search.get('call') ?? '' });
  const put = (changes: Record<string, string>) => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(changes)) {
      if (value.trim() === '') next.delete(name);
      else next.set(name, value.trim());
    }
    onChange(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put(texts);
  };
  return (
    <form className="panel-tools filters" role="search" onSubmit={submit}>
      <SelectField
        label={t.log.crm}
        value={search.get('type') ?? ''}
        choices={[
          { value: '', label: t.common.all },
          ...Object.entries(CRM_TITLES).map(([value, label]) => ({ value, label: label ?? value })),
        ]}
        onChange={(type) => put({ type })}
      />
      <SelectField
        label={t.log.status}
        value={search.get('status') ?? ''}
        choices={[
          { value: '', label: t.common.all },
          ...STATUSES.map((value) => ({ value, label: t.log.statuses[value] ?? value })),
        ]}
        onChange={(status) => put({ status })}
      />
      <SelectField
        label={t.log.event}
        value={search.get('event') ?? ''}
        choices={[
          { value: '', label: t.common.all },
          ...EVENTS.map((value) => ({ value, label: t.log.events[value] ?? value })),
        ]}
        onChange={(event) => put({ event })}
      />
      <TextField
        label={t.log.phone}
        inputMode="tel"
        value={texts.phone}
        onChange={(phone) => setTexts({ ...texts, phone })}
      />
      <TextField label={t.log.call} value={texts.call} onChange={(call) => setTexts({ ...texts, call })} />
      <TextField
        label={t.common.fromDay}
        type="date"
        value={search.get('from') ?? ''}
        onChange={(from) => put({ from })}
      />
      <TextField
        label={t.common.untilDay}
        type="date"
        value={search.get('until') ?? ''}
        onChange={(until) => put({ until })}
      />
      <div className="row">
        <Button type="submit">{t.common.search}</Button>
        {search.size > 0 && (
          <Button
            look="quiet"
            onClick={() => {
              setTexts({ phone: '', call: '' });
              onChange(new URLSearchParams());
            }}
          >
            {t.common.reset}
          </Button>
        )}
      </div>
    </form>
  );
}
