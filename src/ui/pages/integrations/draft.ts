/** What a person changed in a form, on top of what is stored. Pure. */
import type { Inputs, Outputs } from '../../api.js';
import { kindOf } from '../../forms/field-kind.js';
import type { JsonSchema } from '../../forms/field-kind.js';

export type Form = Outputs['integrations']['get'];
export type Draft = Readonly<Record<string, unknown>>;
/** As they travel: values of JSON. */
export type Settings = Inputs['integrations']['save']['settings'];
export type Group = Form['fields'][string]['group'];

/** A secret nobody touched. */
const UNCHANGED = 'unchanged';

export function schemaOf(form: Form, name: string): JsonSchema {
  const { properties } = form.schema as { properties?: Record<string, JsonSchema> };
  return properties?.[name] ?? {};
}

export function isRequired(form: Form, name: string): boolean {
  return ((form.schema as { required?: string[] }).required ?? []).includes(name);
}

export function valueOf(form: Form, draft: Draft, name: string): unknown {
  return name in draft ? draft[name] : form.settings[name];
}

/** Setting one back to what is stored takes it out of the draft. */
export function changed(form: Form, draft: Draft, name: string, value: unknown): Draft {
  const { [name]: _, ...rest } = draft;
  return JSON.stringify(value ?? null) === JSON.stringify(form.settings[name] ?? null)
    ? rest
    : { ...rest, [name]: value };
}

export function namesOf(form: Form, group: Group): string[] {
  return Object.keys(form.fields).filter((name) => form.fields[name]?.group === group);
}

/** What is sent: what was changed, and of each secret that it stays. */
export function settingsToSend(form: Form, draft: Draft): Settings {
  const kept = Object.entries(form.fields)
    .filter(([name, { secret }]) => secret && !(name in draft) && form.settings[name] !== null && name in form.settings)
    .map(([name]) => [name, UNCHANGED]);
  return { ...Object.fromEntries(kept), ...draft } as Settings;
}

/** Required settings that are empty, before the server is asked. */
export function missing(form: Form, draft: Draft): string[] {
  return Object.keys(form.fields).filter((name) => {
    const value = valueOf(form, draft, name);
    return isRequired(form, name) && (value === undefined || value === null || value === '');
  });
}

/** A field as wide as the form: maps and lists do not fit beside another. */
export function isWide(form: Form, name: string): boolean {
  return ['pairs', 'order', 'json'].includes(kindOf(schemaOf(form, name)).kind);
}
