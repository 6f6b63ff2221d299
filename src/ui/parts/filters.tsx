import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { useText } from '../i18n/language.js';
import { Button } from './button.js';
import { TextField } from './fields.js';

/** What a field of a filter is given. */
interface Bound {
  value: string;
  onChange(value: string): void;
}

/** Filters as they stand in the address of a page. */
export interface SearchProps {
  search: URLSearchParams;
  onChange(search: URLSearchParams): void;
}

interface FiltersProps<Written extends string> extends SearchProps {
  /** Filters a person writes: they count when the form is sent, one that is chosen at once. */
  written: readonly Written[];
  children(fields: { chosen(name: string): Bound; written(name: Written): Bound }): ReactNode;
}

/** Filters of a list; each list has days. */
export function Filters<Written extends string>({ search, onChange, written, children }: FiltersProps<Written>) {
  const t = useText();
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(written.map((name) => [name, search.get(name) ?? ''])),
  );
  const put = (changes: Readonly<Record<string, string>>) => {
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
  const reset = () => {
    setTexts({});
    onChange(new URLSearchParams());
  };
  const chosen = (name: string): Bound => ({
    value: search.get(name) ?? '',
    onChange: (value) => put({ [name]: value }),
  });
  return (
    <form className="panel-tools filters" role="search" onSubmit={submit}>
      {children({
        chosen,
        written: (name) => ({
          value: texts[name] ?? '',
          onChange: (value) => setTexts({ ...texts, [name]: value }),
        }),
      })}
      <TextField label={t.common.fromDay} type="date" {...chosen('from')} />
      <TextField label={t.common.untilDay} type="date" {...chosen('until')} />
      <div className="row">
        <Button type="submit">{t.common.search}</Button>
        {search.size > 0 && (
          <Button look="quiet" onClick={reset}>
            {t.common.reset}
          </Button>
        )}
      </div>
    </form>
  );
}
