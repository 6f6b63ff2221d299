/** The address in a text that others wrote, if it is one that can be fetched; null for a path, another scheme and anything else. */
export function httpUrl(text: string | null): URL | null {
  return text !== null && /^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : null;
}
