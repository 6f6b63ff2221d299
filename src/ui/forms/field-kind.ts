/** What kind of input a setting needs, by its JSON Schema. What nothing here fits is shown as JSON. Pure. */
export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  propertyNames?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
}

export type FieldKind =
  | { kind: 'text' }
  | { kind: 'number'; whole: boolean }
  | { kind: 'flag' }
  | { kind: 'choice'; values: readonly (string | number)[] }
  /** Some of these, in an order that matters. */
  | { kind: 'order'; values: readonly string[] }
  /** Texts with commas between. */
  | { kind: 'list' }
  | { kind: 'pairs'; keys: readonly string[] | null; values: readonly string[] | null }
  | { kind: 'numbers'; names: readonly string[] }
  | { kind: 'json' };

/** True when nothing may stand in its place. */
export function mayBeNull(schema: JsonSchema): boolean {
  return typesOf(schema).includes('null') || (schema.anyOf?.some(mayBeNull) ?? false);
}

export function kindOf(schema: JsonSchema): FieldKind {
  const options = flatten(schema).filter((option) => !isNull(option));
  const values = options.flatMap((option) => option.enum ?? (option.const === undefined ? [] : [option.const]));
  if (values.length > 0) return { kind: 'choice', values: values as (string | number)[] };
  const types = new Set(options.flatMap(typesOf).filter((type) => type !== 'null'));
  const array = options.find((option) => typesOf(option).includes('array'));
  if (array) {
    const items = array.items?.enum;
    return items ? { kind: 'order', values: items as string[] } : { kind: 'list' };
  }
  const object = options.find((option) => typesOf(option).includes('object'));
  if (object) return kindOfObject(object);
  if (types.has('string')) return { kind: 'text' };
  if (types.has('boolean')) return { kind: 'flag' };
  if (types.has('integer')) return { kind: 'number', whole: true };
  if (types.has('number')) return { kind: 'number', whole: false };
  return { kind: 'json' };
}

function kindOfObject({ properties, additionalProperties, propertyNames }: JsonSchema): FieldKind {
  const named = Object.entries(properties ?? {});
  if (named.length > 0) {
    const numeric = named.every(([, one]) => ['number', 'integer'].includes(typesOf(one)[0] ?? ''));
    return numeric ? { kind: 'numbers', names: named.map(([name]) => name) } : { kind: 'json' };
  }
  if (typeof additionalProperties !== 'object') return { kind: 'json' };
  const keys = (propertyNames?.enum as string[] | undefined) ?? null;
  return { kind: 'pairs', keys, values: (additionalProperties.enum as string[] | undefined) ?? null };
}

function flatten(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf ? schema.anyOf.flatMap(flatten) : [schema];
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === 'null';
}

function typesOf({ type }: JsonSchema): string[] {
  return type === undefined ? [] : Array.isArray(type) ? type : [type];
}
