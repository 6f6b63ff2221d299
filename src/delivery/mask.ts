/**
 * Takes secrets out of what is about to be written down: the values of the settings marked secret wherever they stand
 * (raw, percent-encoded, escaped in JSON, in a URL's path), headers and fields that carry secrets by their name, and the
 * paths in which Bitrix24 and Telegram put theirs.
 */
import { wellFormed } from '../platform/well-formed.js';

const MASK = '[secret]';

const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'api-key',
]);

const SECRET_NAMES = [
  'api_?key',
  'access_?token',
  'refresh_?token',
  'auth_?token',
  'bot_?token',
  'client_?secret',
  'application_?token',
  'webhook_?url',
  'incoming_?webhook',
  'token',
  'secret',
  'password',
  'passwd',
  'auth',
  'code_verifier',
].join('|');

const IN_JSON = new RegExp(`("(?:${SECRET_NAMES})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
/** The same inside a string of JSON inside JSON or a form. */
const IN_QUOTED_JSON = new RegExp(`(\\\\"(?:${SECRET_NAMES})\\\\"\\s*:\\s*)\\\\"[^"\\\\]*\\\\"`, 'gi');
const IN_ENCODED_JSON = new RegExp(`(%22(?:${SECRET_NAMES})%22(?:%20|\\+)*%3A(?:%20|\\+)*)%22.*?%22`, 'gi');
const IN_FORM = new RegExp(`((?:^|[?&;\\s])(?:[\\w.]*\\[)?(?:${SECRET_NAMES})\\]?=)[^&;\\s"']*`, 'gi');
const BITRIX_PATH = /(\/rest\/\d+\/)[^/?\s"']{4,}/gi;
const TELEGRAM_PATH = /(\/bot)\d+(?::|%3A)[\w-]+/gi;
/** Whoever has it listens to the call. */
const RECORDING_LINK = /((?:\/|%2F|\\\/)recordings(?:\/|%2F|\\\/)file(?:\/|%2F|\\\/))[\w-]{8,}/gi;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/gi;

/** Shorter values are masked by name only: `1` as a secret must not blank every 1. */
const SHORTEST = 4;

export interface Mask {
  text(text: string): string;
  headers(headers: Readonly<Record<string, string>>): Record<string, string>;
  /** A copy with every string masked, and fields with secret names blanked. */
  value(value: unknown): unknown;
}

export function createMask(secrets: readonly string[]): Mask {
  const values = [...new Set(secrets.flatMap(spellings))].filter((value) => value.length >= SHORTEST);
  values.sort((a, b) => b.length - a.length);
  const known = values.length > 0 ? new RegExp(values.map(escapeRegExp).join('|'), 'g') : null;
  const secretName = new RegExp(`^(?:${SECRET_NAMES})$`, 'i');

  function text(raw: string): string {
    const masked = known ? raw.replace(known, MASK) : raw;
    return masked
      .replace(IN_JSON, `$1"${MASK}"`)
      .replace(IN_QUOTED_JSON, `$1\\"${MASK}\\"`)
      .replace(IN_ENCODED_JSON, `$1%22${MASK}%22`)
      .replace(IN_FORM, `$1${MASK}`)
      .replace(BITRIX_PATH, `$1${MASK}`)
      .replace(TELEGRAM_PATH, `$1${MASK}`)
      .replace(RECORDING_LINK, `$1${MASK}`)
      .replace(BEARER, `$1 ${MASK}`);
  }

  function value(raw: unknown): unknown {
    if (typeof raw === 'string') return text(raw);
    if (Array.isArray(raw)) return raw.map(value);
    if (typeof raw !== 'object' || raw === null) return raw;
    return Object.fromEntries(
      Object.entries(raw).map(([name, field]) => [
        text(name),
        typeof field === 'string' && secretName.test(name) ? MASK : value(field),
      ]),
    );
  }

  return {
    text,
    value,
    headers: (headers) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, held]) => [
          name,
          SECRET_HEADERS.has(name.toLowerCase()) ? MASK : text(held),
        ]),
      ),
  };
}

/** Values of the settings a connector marks secret, nested ones included. */
export function secretsOf(secretFields: readonly string[], settings: Readonly<Record<string, unknown>>): string[] {
  return secretFields.flatMap((field) => stringsIn(settings[field]));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(stringsIn);
  return [];
}

/** A secret as it can appear in a request; of a secret that is a URL also its path segments and query values. */
function spellings(secret: string): string[] {
  const trimmed = secret.trim();
  const forms = [secret, trimmed, trimmed.replace(/\/+$/, ''), ...urlParts(trimmed)];
  return forms.flatMap((form) => [
    form,
    encodeURIComponent(wellFormed(form)),
    encodeURIComponent(wellFormed(form)).replace(/%20/g, '+'),
    JSON.stringify(form).slice(1, -1),
    Buffer.from(form).toString('base64'),
  ]);
}

function urlParts(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const url = new URL(text);
  const segments = url.pathname.split('/').filter((segment) => segment.length >= 6 && segment !== 'rest');
  return [...segments, ...url.searchParams.values(), url.password, url.username].filter((part) => part !== '');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
