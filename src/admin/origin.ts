/** Whether a request that may change something comes from a page of ours. Pure. */
export interface Asked {
  origin: string | undefined;
  /** `Sec-Fetch-Site`. */
  site: string | undefined;
  /** Host and port the request was made to. */
  host: string | undefined;
}

/**
 * A browser says where a page is from, by `Origin` or, in some requests, by `Sec-Fetch-Site` alone; a script says neither and
 * has no cookie a stranger could make it send. What does not parse, `null` too, is somebody else's.
 */
export function isOwnOrigin({ origin, site, host }: Asked, publicUrl: string | null): boolean {
  if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  if (publicUrl !== null && from.origin === new URL(publicUrl).origin) return true;
  return host !== undefined && host !== '' && from.host === host.toLowerCase() && /^https?:$/.test(from.protocol);
}
