import { Fieldset } from '@base-ui/react/fieldset';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useText } from '../i18n/language.js';
import { IconButton } from '../parts/button.js';
import type { FieldFrame } from '../parts/fields.js';
import './ordered-choices.css';

/** Some of a few values in an order that matters: ticked ones first, each can be moved. */
export function OrderedChoices({
  label,
  help,
  error,
  values,
  options,
  value,
  onChange,
}: FieldFrame & {
  values: readonly string[];
  options: Readonly<Record<string, string>>;
  value: unknown;
  onChange(value: string[]): void;
}) {
  const t = useText();
  const chosen = Array.isArray(value) ? value.map(String) : [...values];
  const rest = values.filter((one) => !chosen.includes(one));
  const move = (at: number, by: number) => {
    const next = [...chosen];
    const [one] = next.splice(at, 1);
    if (one !== undefined) next.splice(at + by, 0, one);
    onChange(next);
  };
  return (
    <Fieldset.Root className="field ordered">
      <Fieldset.Legend className="field-label">{label}</Fieldset.Legend>
      <ol>
        {[...chosen, ...rest].map((one) => {
          const at = chosen.indexOf(one);
          const name = options[one] ?? one;
          return (
            <li key={one}>
              <label className="ordered-name">
                <input
                  type="checkbox"
                  checked={at >= 0}
                  onChange={(event) =>
                    onChange(event.target.checked ? [...chosen, one] : chosen.filter((other) => other !== one))
                  }
                />
                {name}
              </label>
              {at >= 0 && (
                <span className="ordered-moves">
                  <IconButton label={`${t.settings.up}: ${name}`} disabled={at === 0} onClick={() => move(at, -1)}>
                    <ArrowUp size={16} aria-hidden />
                  </IconButton>
                  <IconButton
                    label={`${t.settings.down}: ${name}`}
                    disabled={at === chosen.length - 1}
                    onClick={() => move(at, 1)}
                  >
                    <ArrowDown size={16} aria-hidden />
                  </IconButton>
                </span>
              )}
            </li>
          );
        })}
      </ol>
      {help && <p className="field-help">{help}</p>}
      {error && <p className="field-error">{error}</p>}
    </Fieldset.Root>
  );
}
