/**
 * The settings of one amoCRM or Kommo account. Written by the old plan as `{enabled, subdomain, client_id, client_secret,
 * access_token, refresh_token}`; that form is read as it is, and keys unknown here are kept.
 *
 * A long-lived token (`access_token` alone) needs nothing else. An OAuth pair is `access_token` and `refresh_token` with the
 * integration's `client_id` and `client_secret`; before anybody has let us in there may be no tokens at all.
 */
import { z } from 'zod';
import type { Direction } from '../../calls/vocabulary.js';
import { httpUrl } from '../../platform/http-url.js';
import { userExtensions } from '../people.js';
import { ruleSettings } from '../rules.js';

/** The old pages wrote numbers and strings alike, and left empty fields behind. */
const text = z.union([z.string(), z.number()]).transform((value) => String(value).trim());
const optionalText = text.nullish().transform((value) => (value ? value : null));
const token = optionalText.refine(
  (value) => value === null || /^[!-~]+$/.test(value),
  'must be Latin letters, digits and signs, without spaces',
);
const optionalId = z
  .union([z.string(), z.number(), z.null()])
  .optional()
  .transform((value) => (value === null || value === undefined || value === '' ? null : Number(value)))
  .refine((value) => value === null || Number.isSafeInteger(value), 'must be a number');

const UNKNOWN_CLIENT = ['nothing', 'contact', 'contact_lead', 'unsorted'] as const;
export type UnknownClient = (typeof UNKNOWN_CLIENT)[number];

const fields = z.looseObject({
  enabled: z.boolean().default(false).meta({ title: 'Enabled' }),
  subdomain: optionalText.meta({ title: 'Account name', description: 'example, for example.amocrm.ru' }),
  base_url: optionalText.meta({
    title: 'Whole address, when it is not on amocrm.ru',
    description: 'https://example.kommo.com',
  }),
  access_token: token.meta({
    title: 'Access token',
    description:
      'Recommended: the long-lived token of a private integration (Settings → Integrations → your integration → Keys and scopes). It needs no other key and is not renewed.',
    secret: true,
  }),
  refresh_token: token.meta({ title: 'Refresh token, of an integration with OAuth; renewed by us', secret: true }),
  client_id: optionalText.meta({ title: 'Integration ID, for OAuth' }),
  client_secret: token.meta({ title: 'Secret key of the integration, for OAuth', secret: true }),
  redirect_uri: optionalText.meta({
    title: 'Redirect URI of the integration; default: our public address and /oauth/amocrm/callback',
  }),
  user_extensions: userExtensions.meta({ title: 'amoCRM user id → extension' }),

  unknown_client: z
    .enum(UNKNOWN_CLIENT)
    .default('contact_lead')
    .meta({ title: 'Incoming call of an unknown client: nothing, a contact, a contact and a lead, or “unsorted”' }),
  unknown_client_out: z
    .enum(['nothing', 'contact', 'contact_lead'])
    .nullish()
    .transform((value) => value ?? null)
    .meta({ title: 'The same of an outgoing call; default: as incoming, and a contact where that is “unsorted”' }),
  pipeline_id: optionalId.meta({ title: 'Pipeline of leads that are made; default: the main one' }),
  status_id: optionalId.meta({ title: 'Stage of leads that are made; default: the first' }),
  unsorted_client_in: z
    .enum(['phone', 'from'])
    .default('phone')
    .meta({ title: 'Field of an “unsorted” call that takes the client’s number' }),
  unsorted_link: optionalText
    .refine((value) => value === null || httpUrl(value) !== null, 'must be an address such as https://example.by')
    .meta({
      title: 'Address of an “unsorted” call without a recording, where amoCRM refuses one without; default: none',
    }),
  responsible_from: z
    .enum(['contact', 'lead'])
    .default('contact')
    .meta({ title: 'Who owns a client: the responsible user of his contact, or of his newest open lead' }),
  duration: z.enum(['talk', 'span']).default('talk').meta({ title: 'Seconds of a call: talk, or answer to end' }),
  failed_status: z
    .union([z.literal(5), z.literal(6)])
    .default(6)
    .meta({ title: 'Status of a call that failed: 5 (wrong number) or 6 (could not reach)' }),
  language: z.enum(['ru', 'en']).default('ru').meta({ title: 'Language of what is written into amoCRM' }),
  source_name: text.default('Trunkline').meta({ title: 'Our name in amoCRM' }),
  ...ruleSettings,
  late_recording: z
    .boolean()
    .default(true)
    .meta({ title: 'Add a recording that is found after its call was told without one' }),
  rate: z
    .object({ perSecond: z.number().positive(), burst: z.number().positive() })
    .optional()
    .meta({ title: 'Requests' }),
});

/** `origin` is what requests go to: scheme, host and port, without a path. */
export const settingsSchema = fields.transform((raw, context) => {
  const refuse = (field: string, message: string) => {
    context.addIssue({ code: 'custom', path: [field], message });
    return z.NEVER;
  };
  const origin = originOf(raw.base_url, raw.subdomain);
  if (!origin) {
    return raw.base_url
      ? refuse('base_url', 'must be the whole address of the account, such as https://example.kommo.com')
      : refuse('subdomain', 'must be the name of the account, such as example for example.amocrm.ru');
  }
  if (!raw.access_token && !(raw.client_id && raw.client_secret))
    return refuse('access_token', 'is required: a long-lived token, or client_id and client_secret of an integration');
  if (raw.refresh_token && !(raw.client_id && raw.client_secret))
    return refuse(raw.client_id ? 'client_secret' : 'client_id', 'is required to renew the tokens');
  return { ...raw, origin };
});

export type AmoCrmSettings = z.infer<typeof settingsSchema>;

/** What is made of a client amoCRM does not know. “Unsorted” takes incoming calls only. */
export function unknownClientOf(direction: Direction, settings: AmoCrmSettings): UnknownClient {
  if (direction !== 'out') return settings.unknown_client;
  const { unknown_client_out: chosen, unknown_client: same } = settings;
  return chosen ?? (same === 'unsorted' ? 'contact' : same);
}

/** A bare name is an account on amocrm.ru. The shared host of the vendor is nobody's account. */
function originOf(baseUrl: string | null, subdomain: string | null): string | null {
  const address = baseUrl ?? (subdomain?.match(/^[\w-]+$/) ? `${subdomain}.amocrm.ru` : subdomain);
  if (!address) return null;
  const url = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (!URL.canParse(url)) return null;
  const { hostname, origin, username, password } = new URL(url);
  const whole =
    hostname.includes('.') || hostname.startsWith('[') || hostname === 'localhost' || /^https?:/i.test(address);
  const shared = /^(www\.)?(amocrm|kommo)\.\w+$/i.test(hostname);
  return whole && !shared && username === '' && password === '' ? origin : null;
}
