import { Fieldset } from '@base-ui/react/fieldset';
import { useText } from '../i18n/language.js';
import { TextField } from '../parts/fields.js';
import type { FieldFrame } from '../parts/fields.js';

/** Several numbers that belong together, such as a rate. */
export function Numbers({
  label,
  help,
  error,
  names,
  value,
  onChange,
}: FieldFrame & { names: readonly string[]; value: unknown; onChange(value: Record<string, unknown>): void }) {
  const t = useText();
  const standing = (value ?? {}) as Record<string, unknown>;
  return (
    <Fieldset.Root className="field pairs-field">
      <Fieldset.Legend className="field-label">{label}</Fieldset.Legend>
      <div className="field-row">
        {names.map((name) => (
          <TextField
            key={name}
            label={t.settings.numbers[name] ?? name}
            inputMode="decimal"
            value={standing[name] === undefined ? '' : String(standing[name])}
            onChange={(text) => {
              const { [name]: _, ...rest } = standing;
              const number = Number(text.replace(',', '.'));
              onChange(text === '' ? rest : { ...rest, [name]: Number.isFinite(number) ? number : text });
            }}
          />
        ))}
      </div>
      {help && <p className="field-help">{help}</p>}
      {error && <p className="field-error">{error}</p>}
    </Fieldset.Root>
  );
}
