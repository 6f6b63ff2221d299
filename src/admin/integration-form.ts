/** An integration as its form shows it: schema, words, values with secrets masked. Pure. */
import { z } from 'zod';
import type { AnyConnector } from '../integrations/contract.js';
import type { SecretFields } from '../integrations/secret-fields.js';
import { textsOf } from './texts/index.js';
import type { Group, Words } from './texts/field-text.js';

/** Sent by a form for a secret nobody touched. */
export const UNCHANGED = 'unchanged';
const DOTS = '••••';
/** Of a shorter one its end would tell too much. */
const SHOWS_END_FROM = 12;

export interface FieldView {
  group: Group;
  title: Words;
  help: Words | null;
  options: Readonly<Record<string, Words>> | null;
  secret: boolean;
}

export interface FormView {
  guide: Words;
  /** JSON Schema of what may be saved. */
  schema: Record<string, unknown>;
  fields: Record<string, FieldView>;
}

export function formOf(connector: AnyConnector, { isSecret }: SecretFields): FormView {
  const schema = z.toJSONSchema(connector.settings, { io: 'input', unrepresentable: 'any' });
  const texts = textsOf(connector.id);
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const own = texts.fields[name];
    const title = (typeof property === 'object' && property.title) || name;
    const view: FieldView = {
      group: own?.group ?? 'more',
      title: { ru: own?.ru ?? title, en: title },
      help: own?.help ?? null,
      options: own?.options ?? null,
      secret: isSecret(connector.id, name),
    };
    return [name, view] as const;
  });
  return {
    guide: texts.guide,
    schema: schema as Record<string, unknown>,
    fields: Object.fromEntries(fields),
  };
}

/** `standing`: with secrets in clear; none of them is in what comes out. */
export function maskedSettings(
  type: string,
  standing: Readonly<Record<string, unknown>>,
  { isSecret }: SecretFields,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(standing).map(([field, value]) => [field, isSecret(type, field) ? masked(value) : value]),
  );
}

export function masked(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return text.length < SHOWS_END_FROM ? DOTS : `${DOTS}${text.slice(-4)}`;
}

/** True for what a form sends of a secret it did not change. */
export function isUntouched(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'string' && (value === UNCHANGED || value === '' || value.startsWith(DOTS)))
  );
}
