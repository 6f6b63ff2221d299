import type { Inputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { SelectField, TextField } from '../../parts/fields.js';
import { Filters } from '../../parts/filters.js';
import type { SearchProps } from '../../parts/filters.js';
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

export function CallFilters({ search, onChange }: SearchProps) {
  const t = useText();
  const all = { value: '', label: t.common.all };
  return (
    <Filters search={search} onChange={onChange} written={['phone', 'extension', 'line']}>
      {({ chosen, written }) => (
        <>
          <SelectField
            label={t.calls.direction}
            choices={[all, ...DIRECTIONS.map((value) => ({ value, label: t.calls.directions[value] ?? value }))]}
            {...chosen('direction')}
          />
          <SelectField
            label={t.calls.result}
            choices={[
              all,
              ...RESULTS.map((value) => ({
                value,
                label: value === 'live' ? t.calls.live : (t.calls.results[value] ?? value),
              })),
            ]}
            {...chosen('result')}
          />
          <TextField label={t.calls.client} inputMode="tel" {...written('phone')} />
          <TextField label={t.calls.extension} inputMode="numeric" {...written('extension')} />
          <TextField label={t.calls.line} {...written('line')} />
        </>
      )}
    </Filters>
  );
}
