/**
 * The settings of one Bitrix24 portal. Written by the old plan as `{enabled, webhook_url | incoming_webhook, user_id,
 * user_extensions}`; those forms are read as they are, and keys unknown here are kept.
 *
 * Two ways in. An incoming webhook: its address is the secret. A local application: a pair of tokens, renewed by
 * `client_id` and `client_secret`; it wins where both are given, since some portals let only applications register calls.
 * The portal tells the tokens when it installs the application (`install.ts`); until then a webhook serves, if there is one.
 */
import { z } from 'zod';
import { userExtensions } from '../people.js';
import { ruleSettings } from '../rules.js';

/** The old pages wrote numbers and strings alike, and left empty fields behind. */
const text = z.union([z.string(), z.number()], { error: 'must be text' }).transform((value) => String(value).trim());
const optionalText = text.nullish().transform((value) => (value ? value : null));
const map = (title: string) =>
  z
    .record(z.string(), text)
    .nullish()
    .transform((value) => value ?? {})
    .meta({ title });
const flag = (title: string) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? false)
    .meta({ title });

/** STATUS_CODE by direction and result. What a missed call of either kind is worth differs from portal to portal. */
export const STATUS_CODES = {
  in_answered: '200',
  in_missed: '304',
  in_busy: '304',
  in_abandoned: '304',
  in_failed: '503',
  out_answered: '200',
  out_missed: '480',
  out_busy: '486',
  out_abandoned: '603-S',
  out_failed: '503',
} as const;
export type StatusKey = keyof typeof STATUS_CODES;

const KNOWN_CODES = [
  '200',
  '304',
  '402',
  '403',
  '404',
  '423',
  '480',
  '484',
  '486',
  '503',
  '603',
  '603-S',
  'OTHER',
] as const;
const statusKeys = Object.keys(STATUS_CODES) as [StatusKey, ...StatusKey[]];

const fields = z.looseObject({
  enabled: z.boolean().default(false).meta({ title: 'Enabled' }),
  webhook_url: optionalText.meta({
    title: 'Incoming webhook, the whole address',
    description: 'https://example.bitrix24.ru/rest/1/…/',
    secret: true,
  }),
  incoming_webhook: optionalText.meta({ title: 'Incoming webhook, as older settings call it', secret: true }),
  user_id: optionalText
    .refine((id) => id === null || /^\d+$/.test(id), 'must be the number of a portal user')
    .meta({ title: 'Portal user who gets calls nobody else does; default: the webhook’s own user' }),
  user_extensions: userExtensions.meta({ title: 'Bitrix24 user id → extension, where the portal does not know it' }),

  domain: optionalText.meta({ title: 'Portal of the local application', description: 'example.bitrix24.ru' }),
  client_endpoint: optionalText.meta({ title: 'The same as the application was told it, https://…/rest/' }),
  client_id: optionalText.meta({ title: 'Application: client_id' }),
  client_secret: optionalText.meta({ title: 'Application: client_secret', secret: true }),
  access_token: optionalText.meta({ title: 'Application: access token', secret: true }),
  refresh_token: optionalText.meta({ title: 'Application: refresh token', secret: true }),
  member_id: optionalText.meta({ title: 'Application: the portal’s permanent id' }),
  application_token: optionalText.meta({ title: 'Application: token that its events carry', secret: true }),
  oauth_url: optionalText.meta({ title: 'Authorization server; default https://oauth.bitrix.info' }),

  duration: z.enum(['talk', 'span']).default('talk').meta({ title: 'Seconds of a call: talk, or answer to end' }),
  phone_format: z
    .enum(['plus', 'digits'])
    .default('plus')
    .meta({ title: 'Client numbers: +79000000001 or 79000000001' }),
  withheld_phone: optionalText
    .refine((number) => number === null || /^\+?\d{3,15}$/.test(number), 'must be 3 to 15 digits')
    .meta({ title: 'Number to record for callers who hide theirs; empty: no record' }),
  ...ruleSettings,
  crm_create: flag('Create a lead for an unknown client'),
  crm_source: optionalText.meta({ title: 'Source of leads so created (STATUS_ID)' }),
  add_to_chat: flag('Tell of each call in the manager’s chat'),
  send_line: z.boolean().default(true).meta({ title: 'Name the line of a call' }),
  line_numbers: map('Line → its number as an external line of the portal, where they differ'),
  status_codes: z
    .partialRecord(z.enum(statusKeys), z.enum(KNOWN_CODES))
    .nullish()
    .transform((chosen) => ({ ...STATUS_CODES, ...chosen }))
    .meta({ title: 'Result of a call → STATUS_CODE, where it should differ' }),
  rate: z
    .object({ perSecond: z.number().positive(), burst: z.number().positive() })
    .optional()
    .meta({ title: 'Requests' }),
});

/** How requests get in. `base` ends with a slash; a method is put behind it. */
export type Access =
  | { kind: 'webhook'; base: string; secret: string; userId: string }
  | {
      kind: 'application';
      base: string;
      clientId: string | null;
      clientSecret: string | null;
      /** Null before the portal has installed it. */
      accessToken: string | null;
      refreshToken: string | null;
      oauthUrl: string;
    };

const OAUTH_URL = 'https://oauth.bitrix.info';

export const settingsSchema = fields.transform((raw, context) => {
  const access = accessOf(raw);
  if ('why' in access) {
    context.addIssue({ code: 'custom', path: [access.field], message: access.why });
    return z.NEVER;
  }
  return { ...raw, access };
});

export type Bitrix24Settings = z.infer<typeof settingsSchema>;

function accessOf(raw: z.infer<typeof fields>): Access | { field: string; why: string } {
  const webhook = raw.webhook_url ?? raw.incoming_webhook;
  if (raw.access_token !== null || (webhook === null && raw.client_id !== null && raw.client_secret !== null))
    return applicationAccess(raw, raw.access_token);
  const field = raw.webhook_url === null && raw.incoming_webhook !== null ? 'incoming_webhook' : 'webhook_url';
  const why = 'must be the whole address of an incoming webhook, such as https://example.bitrix24.ru/rest/1/…/';
  const url = urlOf(webhook ?? '');
  // What Bitrix24 shows beside a new webhook has a method behind it.
  const parts = url && /^(.*\/rest\/(\d+)\/([\w-]{4,})\/)/.exec(`${url.pathname}/`);
  if (!url || !parts) return { field, why };
  const [, path = '', userId = '', secret = ''] = parts;
  return { kind: 'webhook', base: `${url.origin}${path}`, secret, userId };
}

function applicationAccess(
  raw: z.infer<typeof fields>,
  accessToken: string | null,
): Access | { field: string; why: string } {
  const endpoint = urlOf(raw.client_endpoint ?? raw.domain ?? '');
  if (!endpoint)
    return {
      field: raw.client_endpoint === null ? 'domain' : 'client_endpoint',
      why: 'must be the portal of the application, such as example.bitrix24.ru',
    };
  const oauth = urlOf(raw.oauth_url ?? OAUTH_URL);
  if (!oauth) return { field: 'oauth_url', why: 'must be an address, such as https://oauth.bitrix.info' };
  return {
    kind: 'application',
    base: `${endpoint.origin}/rest/`,
    clientId: raw.client_id,
    clientSecret: raw.client_secret,
    accessToken,
    refreshToken: raw.refresh_token,
    oauthUrl: oauth.origin,
  };
}

/** A bare host is read as https. */
function urlOf(address: string): URL | null {
  const text = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (address === '' || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.username === '' && url.password === '' ? url : null;
}
