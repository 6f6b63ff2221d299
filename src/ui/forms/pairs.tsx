import { Fieldset } from '@base-ui/react/fieldset';
import { useState } from 'react';
import { ArrowRight, Plus, X } from 'lucide-react';
import { useText } from '../i18n/language.js';
import { Button, IconButton } from '../parts/button.js';
import type { FieldFrame } from '../parts/fields.js';

type Pair = readonly [string, string];

/** A map of texts: one line a pair. Lines half written are kept here until they say something. */
export function Pairs({
  label,
  help,
  error,
  keys,
  values,
  options,
  value,
  onChange,
}: FieldFrame & {
  keys: readonly string[] | null;
  values: readonly string[] | null;
  options: Readonly<Record<string, string>>;
  value: unknown;
  onChange(value: Record<string, string>): void;
}) {
  const t = useText();
  const [pairs, setPairs] = useState<readonly Pair[]>(() =>
    Object.entries((value ?? {}) as Record<string, unknown>).map(([key, one]) => [key, String(one)] as const),
  );
  const put = (next: readonly Pair[]) => {
    setPairs(next);
    onChange(Object.fromEntries(next.filter(([key, one]) => key.trim() !== '' && one.trim() !== '')));
  };
  const change = (at: number, pair: Pair) => put(pairs.map((one, i) => (i === at ? pair : one)));
  return (
    <Fieldset.Root className="field pairs-field">
      <Fieldset.Legend className="field-label">{label}</Fieldset.Legend>
      <div className="pairs">
        {pairs.map(([key, one], at) => (
          <div className="pair" key={at}>
            <Part
              label={t.settings.pairKey}
              among={keys}
              options={options}
              value={key}
              onChange={(text) => change(at, [text, one])}
            />
            <ArrowRight size={16} aria-hidden />
            <Part
              label={t.settings.pairValue}
              among={values}
              options={options}
              value={one}
              onChange={(text) => change(at, [key, text])}
            />
            <IconButton label={`${t.common.remove} ${key}`} onClick={() => put(pairs.filter((_, i) => i !== at))}>
              <X size={16} aria-hidden />
            </IconButton>
          </div>
        ))}
      </div>
      <div>
        <Button
          small
          look="quiet"
          aria-label={`${t.common.add}: ${label}`}
          icon={<Plus size={16} aria-hidden />}
          onClick={() => setPairs([...pairs, ['', values?.[0] ?? '']])}
        >
          {t.common.add}
        </Button>
      </div>
      {help && <p className="field-help">{help}</p>}
      {error && <p className="field-error">{error}</p>}
    </Fieldset.Root>
  );
}

function Part({
  label,
  among,
  options,
  value,
  onChange,
}: {
  label: string;
  among: readonly string[] | null;
  options: Readonly<Record<string, string>>;
  value: string;
  onChange(value: string): void;
}) {
  if (!among)
    return (
      <input className="input" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} />
    );
  return (
    <select className="input" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {!among.includes(value) && <option value={value}>{value || '—'}</option>}
      {among.map((one) => (
        <option key={one} value={one}>
          {options[one] ?? one}
        </option>
      ))}
    </select>
  );
}
