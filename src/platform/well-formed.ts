/** Text that PostgreSQL stores: it takes neither NUL nor half a surrogate pair, and others write both. */
export function wellFormed(text: string): string {
  return text.replaceAll('\u0000', '').replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** The same of every text in a value, as JSON. */
export function wellFormedJson(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'string' ? wellFormed(inner) : inner));
}
