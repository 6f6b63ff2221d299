/** One setting, as the kind its schema says. */
import { useState } from 'react';
import { useText } from '../i18n/language.js';
import { SelectField, TextField } from '../parts/fields.js';
import type { FieldFrame } from '../parts/fields.js';
import { Toggle } from '../parts/toggle.js';
import { kindOf, mayBeNull } from './field-kind.js';
import type { JsonSchema } from './field-kind.js';
import { Numbers } from './numbers.js';
import { OrderedChoices } from './ordered-choices.js';
import { Pairs } from './pairs.js';
import { SecretField } from './secret-field.js';

export interface SettingFieldProps extends FieldFrame {
  name: string;
  schema: JsonSchema;
  secret: boolean;
  /** Names of the choices. */
  options: Readonly<Record<string, string>>;
  value: unknown;
  onChange(value: unknown): void;
}

export function SettingField({ name, schema, secret, options, value, onChange, ...frame }: SettingFieldProps) {
  const kind = kindOf(schema);
  if (secret) return <SecretField {...frame} name={name} value={value} onChange={onChange} />;
  const empty = mayBeNull(schema) ? null : '';
  switch (kind.kind) {
    case 'text':
      return (
        <TextField
          {...frame}
          name={name}
          value={textOf(value)}
          placeholder={textOf(schema.default)}
          onChange={(text) => onChange(text === '' ? empty : text)}
        />
      );
    case 'number':
      return (
        <TextField
          {...frame}
          name={name}
          inputMode={kind.whole ? 'numeric' : 'decimal'}
          value={textOf(value)}
          placeholder={textOf(schema.default)}
          onChange={(text) => onChange(text === '' ? null : numberOr(text))}
        />
      );
    case 'flag':
      return (
        <div className="field">
          <Toggle
            label={frame.label}
            checked={(value ?? schema.default) === true}
            disabled={frame.disabled ?? false}
            onChange={onChange}
          />
          {frame.help && <p className="field-help">{frame.help}</p>}
          {frame.error && <p className="field-error">{frame.error}</p>}
        </div>
      );
    case 'choice': {
      const choices = kind.values.map((one) => ({ value: String(one), label: options[String(one)] ?? String(one) }));
      const standing = value ?? schema.default ?? null;
      const none = standing === null || mayBeNull(schema) ? [{ value: '', label: '—' }] : [];
      return (
        <SelectField
          {...frame}
          value={textOf(standing)}
          choices={[...none, ...choices]}
          onChange={(text) => onChange(text === '' ? null : (kind.values.find((one) => String(one) === text) ?? text))}
        />
      );
    }
    case 'order':
      return (
        <OrderedChoices
          {...frame}
          values={kind.values}
          options={options}
          value={value ?? schema.default}
          onChange={onChange}
        />
      );
    case 'list':
      return <ListField {...frame} name={name} value={value} onChange={onChange} />;
    case 'pairs':
      return (
        <Pairs {...frame} keys={kind.keys} values={kind.values} options={options} value={value} onChange={onChange} />
      );
    case 'numbers':
      return <Numbers {...frame} names={kind.names} value={value ?? schema.default} onChange={onChange} />;
    case 'json':
      return (
        <TextField
          {...frame}
          name={name}
          value={JSON.stringify(value ?? null)}
          onChange={(text) => onChange(jsonOr(text))}
        />
      );
  }
}

/** What is being written stays as it is written; what it means is told on. */
function ListField({
  value,
  onChange,
  name,
  ...frame
}: FieldFrame & { name: string; value: unknown; onChange(value: unknown): void }) {
  const t = useText();
  const list = Array.isArray(value) ? value.map(String) : textOf(value) === '' ? [] : [textOf(value)];
  const [draft, setDraft] = useState(list.join(', '));
  const shown = same(partsOf(draft), list) ? draft : list.join(', ');
  return (
    <TextField
      {...frame}
      name={name}
      help={frame.help ?? t.settings.listHint}
      value={shown}
      onChange={(text) => {
        setDraft(text);
        onChange(partsOf(text));
      }}
    />
  );
}

function partsOf(text: string): string[] {
  return text
    .split(/[,;\s]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((part, i) => part === other[i]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What is no number is sent as it is, so that the server names the fault. */
function numberOr(text: string): number | string {
  const number = Number(text.replace(',', '.'));
  return Number.isFinite(number) ? number : text;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
