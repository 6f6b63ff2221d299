/** What every CRM's HTTP has in common, as outcomes. What a particular answer means is the connector's own business. */
import { HttpFailure } from '../platform/http-client.js';
import type { HttpResponse } from '../platform/http-client.js';
import type { Failure } from './contract.js';

/**
 * No answer was read. An address the guard refuses or that is no URL needs a person; TLS trouble heals more often than
 * not (a certificate is renewed), so it is retried. Anything that is not an HttpFailure is a bug of ours and thrown on.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof HttpFailure)) throw error;
  const { code, message: why } = error;
  if (code === 'ADDRESS_REFUSED' || code === 'URL_INVALID') return { kind: 'rejected', code, why, config: true };
  return { kind: error.sent === 'unknown' ? 'unknown' : 'retry', code, why };
}

/** Milliseconds the peer asked to wait: seconds or a date, as RFC 9110 has it; absent or unreadable is undefined. */
export function retryAfterMs(response: HttpResponse, now: number): number | undefined {
  const text = response.headers['retry-after']?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const at = Date.parse(text);
  // By the clock of the one who says so, when he tells his time.
  const theirs = Date.parse(response.headers['date'] ?? '');
  return Number.isNaN(at) ? undefined : Math.max(0, at - (Number.isNaN(theirs) ? now : theirs));
}

/** A web page where JSON was expected: a proxy, a maintenance page, a wrong host. */
export function isWebPage(response: HttpResponse): boolean {
  return response.body.trimStart().startsWith('<');
}

/** `undefined` when the text is not JSON, cut short included. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Blanks secrets in a text that a CRM wrote and may have echoed them into, also in their URL-encoded form. */
export function createBlanker(secrets: readonly (string | null | undefined)[]): (text: string) => string {
  const known = secrets.filter((secret): secret is string => typeof secret === 'string' && secret.length > 3);
  const forms = [...new Set(known.flatMap((secret) => [secret, encodeURIComponent(secret)]))];
  return (text) => forms.reduce((masked, secret) => masked.replaceAll(secret, '[secret]'), text);
}

/** What a CRM wrote, as one line that is not too long for a person. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
