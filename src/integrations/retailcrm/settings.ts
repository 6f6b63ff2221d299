/**
 * The settings of one RetailCRM account. Written by the old plan as `{enabled, api_url | domain, api_key, client_id,
 * user_extensions}`; those forms are read as they are, and keys unknown here are kept.
 */
import { z } from 'zod';
import { isTimeZone } from '../../platform/time-zone.js';
import { userExtensions } from '../people.js';
import { ruleSettings } from '../rules.js';

/** The old pages wrote numbers and strings alike, and left empty fields behind. */
const text = z
  .union([z.string(), z.number()], { error: 'is required, as text' })
  .transform((value) => String(value).trim());
const optionalText = text.nullish().transform((value) => (value ? value : null));

const fields = z.looseObject({
  enabled: z.boolean().default(false).meta({ title: 'Enabled' }),
  api_url: optionalText.meta({ title: 'Address', description: 'https://example.retailcrm.ru' }),
  domain: optionalText.meta({ title: 'Address, as older settings call it' }),
  api_key: text
    .pipe(z.string().regex(/^[!-~]+$/, 'is required: Latin letters, digits and signs, without spaces'))
    .meta({ title: 'API key', secret: true }),
  client_id: optionalText.meta({ title: 'Our id in callbacks; at least 128 random bits', secret: true }),
  user_extensions: userExtensions.meta({ title: 'RetailCRM user id → extension' }),

  timezone: optionalText.meta({
    title: 'Time zone of the account; default: Europe/Moscow on .ru, else the enterprise’s',
  }),
  duration: z.enum(['talk', 'span']).default('talk').meta({ title: 'Seconds of a call: talk, or answer to end' }),
  phone_format: z
    .enum(['digits', 'plus'])
    .default('digits')
    .meta({ title: 'Client numbers: 79000000001 or +79000000001' }),
  withheld_phone: optionalText
    .refine((number) => number === null || /^\+?\d{3,15}$/.test(number), 'must be 3 to 15 digits')
    .meta({ title: 'Number to record for callers who hide theirs; empty: no record' }),
  ...ruleSettings,
  create_customer: z
    .enum(['never', 'in', 'always'])
    .default('never')
    .meta({ title: 'Make a client RetailCRM does not know: never, when he called us, always' }),
  close_for_others: z
    .boolean()
    .default(false)
    .meta({ title: 'When one answers, close the card of those who did not; some accounts close his too' }),
  late_recording: z
    .boolean()
    .default(true)
    .meta({ title: 'Upload a call again when its recording is found after it was told without one' }),
  site: optionalText.meta({ title: 'Shop code, when the key sees several' }),
  external_phones: z
    .record(z.string(), text)
    .nullish()
    .transform((map) => map ?? {})
    .meta({ title: 'Line → company number, for lines that are not numbers' }),
  register: z
    .enum(['auto', 'off'])
    .default('auto')
    .meta({ title: 'Write our module and the codes to RetailCRM whenever they change' }),
  module_code: text.default('pbx-telephony').meta({ title: 'Code of our module in RetailCRM' }),
  module_name: text.default('Trunkline').meta({ title: 'Name of our module in RetailCRM' }),
  logo_url: optionalText.meta({ title: 'Address of an SVG logo' }),
  rate: z
    .object({ perSecond: z.number().positive(), burst: z.number().positive() })
    .optional()
    .meta({ title: 'Requests' }),
});

/** `origin` is what requests go to: scheme, host and port, without a path. */
export const settingsSchema = fields.transform((raw, context) => {
  const field = raw.api_url ? 'api_url' : 'domain';
  const origin = originOf(raw.api_url ?? raw.domain ?? '');
  if (!origin) {
    const message = 'must be the whole address of the account, such as https://example.retailcrm.ru';
    context.addIssue({ code: 'custom', path: [field], message });
    return z.NEVER;
  }
  if (raw.timezone && !isTimeZone(raw.timezone)) {
    context.addIssue({
      code: 'custom',
      path: ['timezone'],
      message: 'is not an IANA time zone, such as Europe/Moscow',
    });
    return z.NEVER;
  }
  return { ...raw, origin };
});

export type RetailCrmSettings = z.infer<typeof settingsSchema>;

/** A bare host is read as https; a bare account name is refused, since nothing says which of the domains it is on. */
function originOf(address: string): string | null {
  const url = /^https?:\/\//i.test(address) ? address : `https://${address}`;
  if (!URL.canParse(url)) return null;
  const { hostname, origin, username, password } = new URL(url);
  const whole =
    hostname.includes('.') || hostname.startsWith('[') || hostname === 'localhost' || /^https?:/i.test(address);
  return whole && username === '' && password === '' ? origin : null;
}

/** The zone of the account's date strings, which RetailCRM writes without one. */
export function zoneOf(settings: RetailCrmSettings, enterpriseZone: string): string {
  if (settings.timezone) return settings.timezone;
  return new URL(settings.origin).hostname.endsWith('.ru') ? 'Europe/Moscow' : enterpriseZone;
}
