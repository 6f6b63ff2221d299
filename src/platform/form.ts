/** What is posted to us as a form, or asked in the query of an address, as plain text fields. */

export type Fields = Readonly<Record<string, string>>;

/** Fields of the query, and over them those of an urlencoded body. Names with brackets stay as they are: `data[CALL_ID]`. */
export function fieldsOf(query: unknown, body: unknown): Fields {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    const one: unknown = Array.isArray(value) ? value.at(-1) : value;
    if (typeof one === 'string') fields[name] = one;
  }
  if (typeof body === 'string') for (const [name, value] of new URLSearchParams(body)) fields[name] = value;
  return fields;
}
