/** Parameters as PHP reads them: `USER_ID[0]=1&FILTER[CALL_ID]=x` is nested, `a[]=1&a[]=2` a list. Values are strings. */
export type PhpValue = string | PhpMap;
export interface PhpMap {
  [key: string]: PhpValue;
}

export function parseQuery(query: string): PhpMap {
  const root: PhpMap = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const keys = keysOf(name);
    const last = keys.pop();
    if (last === undefined) continue;
    let at = root;
    for (const key of keys) {
      const name_ = key === '' ? String(Object.keys(at).length) : key;
      const inner = at[name_];
      at = typeof inner === 'object' ? inner : ((at[name_] = {}) as PhpMap);
    }
    at[last === '' ? String(Object.keys(at).length) : last] = value;
  }
  return root;
}

function keysOf(name: string): string[] {
  const first = name.indexOf('[');
  if (first < 0) return [name];
  return [name.slice(0, first), ...[...name.slice(first).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
}

/** The values of a list or of one value; a map with numbers for keys is a list. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return typeof value === 'object' ? Object.values(value) : [value];
}

/** What `$result[name][FIELD][0]` stands for; everything else is itself. */
export function resolved(value: unknown, results: Record<string, unknown>): unknown {
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner, results)]));
  if (typeof value !== 'string' || !value.startsWith('$result[')) return value;
  let at: unknown = results;
  for (const key of keysOf(value).slice(1)) at = (at as Record<string, unknown> | null | undefined)?.[key];
  return at ?? null;
}

/** PHP writes an empty map as a list. */
export function phpMap(map: Record<string, unknown>): unknown {
  return Object.keys(map).length === 0 ? [] : map;
}
