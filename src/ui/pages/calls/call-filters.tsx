import { useState } from 'react';
import type { FormEvent } from 'react';
import type { Inputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { dayEnd, dayStart } from '../day.js';

type Filter = Omit<Inputs['calls']['list'], 'enterprise' | 'before' | 'limit'>;

const DIRECTIONS = ['in', 'out', 'internal'] as const;
const RESULTS = ['answered', 'missed', 'busy', 'abandoned', 'failed', 'live'] as const;

export function filterOf(search: URLSearchParams): Filter {
  const text = (name: string) => search.get(name)?.trim() || undefined;
  const direction = DIRECTIONS.find((one) => one === search.get('direction'));
  const result = RESULTS.find((one) => one === search.get('result'));
  const [from, until] = [dayStart(search.get('from')), dayEnd(search.get('until'))];
  const [phone, extension, line] = [text('phone'), text('extension'), text('line')];
  return {
    ...(direction && { direction }),
    ...(result && { result }),
    ...(phone && { phone }),
    ...(extension && { extension }),
    ...(line && { line }),
    ...(from && { from }),
    ...(until && { until }),
  };
}

export function CallFilters({
  search,
  onChange,
}: {
  search: URLSearchParams;
  onChange(search: URLSearchParams): void;
}) {
  const t = useText();
  const [texts, setTexts] = useState({
    phone: search.get('phone') ?? '',
    extension: search.get('extension') ?? '',
    line: search.get('line') ?? '',
  });
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
  const all = { value: '', label: t.common.all };
  return (
    <form className="panel-tools filters" role="search" onSubmit={submit}>
      <SelectField
        label={t.calls.direction}
        value={search.get('direction') ?? ''}
        choices={[all, ...DIRECTIONS.map((value) => ({ value, label: t.calls.directions[value] ?? value }))]}
        onChange={(direction) => put({ direction })}
      />
      <SelectField
        label={t.calls.result}
        value={search.get('result') ?? ''}
        choices={[
          all,
          ...RESULTS.map((value) => ({
            value,
            label: value === 'live' ? t.calls.live : (t.calls.results[value] ?? value),
          })),
        ]}
        onChange={(result) => put({ result })}
      />
      <TextField
        label={t.calls.client}
        inputMode="tel"
        value={texts.phone}
        onChange={(phone) => setTexts({ ...texts, phone })}
      />
      <TextField
        label={t.calls.extension}
        inputMode="numeric"
        value={texts.extension}
        onChange={(extension) => setTexts({ ...texts, extension })}
      />
      <TextField label={t.calls.line} value={texts.line} onChange={(line) => setTexts({ ...texts, line })} />
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
              setTexts({ phone: '', extension: '', line: '' });
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
