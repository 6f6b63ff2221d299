/** Inputs with their label, help and fault tied to them. */
import { Field } from '@base-ui/react/field';
import type { HTMLInputTypeAttribute, ReactNode } from 'react';
import './fields.css';

export interface FieldFrame {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  required?: boolean;
  disabled?: boolean | undefined;
}

export function FieldBox({ label, help, error, required, disabled, children }: FieldFrame & { children: ReactNode }) {
  return (
    <Field.Root className="field" invalid={Boolean(error)} disabled={disabled ?? false}>
      <Field.Label className="field-label">
        {label}
        {required && (
          <span className="field-star" aria-hidden>
            {' '}
            *
          </span>
        )}
      </Field.Label>
      {children}
      {help && <Field.Description className="field-help">{help}</Field.Description>}
      {error && (
        <Field.Error className="field-error" match>
          {error}
        </Field.Error>
      )}
    </Field.Root>
  );
}

interface TextProps extends FieldFrame {
  value: string;
  onChange(value: string): void;
  type?: HTMLInputTypeAttribute;
  placeholder?: string;
  autoComplete?: string;
  name?: string;
  inputMode?: 'numeric' | 'decimal' | 'tel' | 'text';
}

export function TextField({
  value,
  onChange,
  type = 'text',
  placeholder,
  autoComplete,
  name,
  inputMode,
  ...frame
}: TextProps) {
  return (
    <FieldBox {...frame}>
      <Field.Control
        className="input"
        type={type}
        value={value}
        name={name}
        placeholder={placeholder}
        inputMode={inputMode}
        autoComplete={autoComplete ?? 'off'}
        aria-required={frame.required || undefined}
        onValueChange={onChange}
      />
    </FieldBox>
  );
}

/** Of several lines. */
export function TextAreaField({
  value,
  onChange,
  ...frame
}: FieldFrame & { value: string; onChange(value: string): void }) {
  return (
    <FieldBox {...frame}>
      <Field.Control
        render={(props) => (
          <textarea
            {...(props as object)}
            className="input"
            rows={Math.min(10, Math.max(3, value.split('\n').length))}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
      />
    </FieldBox>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function SelectField({
  value,
  choices,
  onChange,
  ...frame
}: FieldFrame & { value: string; choices: readonly Choice[]; onChange(value: string): void }) {
  return (
    <FieldBox {...frame}>
      <Field.Control
        render={(props) => (
          // The browser's own list: it is right on every phone and for every screen reader.
          <select
            {...(props as object)}
            className="input"
            value={value}
            onChange={(event) => onChange(event.target.value)}
          >
            {choices.map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.label}
              </option>
            ))}
          </select>
        )}
      />
    </FieldBox>
  );
}
