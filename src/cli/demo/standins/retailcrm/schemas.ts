/** What RetailCRM takes, field by field; anything else is refused as it refuses it. */
import { z } from 'zod';

const phone = z.string().regex(/^\+?\d{3,20}$/, 'This value is not a valid phone number.');
const code = z.string().min(1);
const userId = z.number().int().positive();
const place = { externalPhone: phone.optional(), site: z.string().min(1).optional() };

export const callEvent = z
  .strictObject({
    phone,
    type: z.enum(['in', 'out', 'hangup']),
    codes: z.array(code).optional(),
    userIds: z.array(userId).optional(),
    hangupStatus: z.enum(['answered', 'busy', 'cancel', 'failed', 'no answered']).optional(),
    callExternalId: z.string().min(1).max(255).optional(),
    webAnalyticsData: z
      .strictObject({
        campaign: z.strictObject({ name: z.string(), code: z.string() }).optional(),
        queryString: z.string().optional(),
      })
      .optional(),
    ...place,
  })
  .refine((event) => (event.codes?.length ?? 0) + (event.userIds?.length ?? 0) > 0, {
    path: ['codes'],
    error: 'This value should not be blank.',
  })
  .refine((event) => (event.type === 'hangup') === (event.hangupStatus !== undefined), {
    path: ['hangupStatus'],
    error: 'hangupStatus belongs to a hangup, and a hangup needs one.',
  });
export type CallEventBody = z.infer<typeof callEvent>;

const dateTime = z.string().refine(isDateTime, 'This value is not a valid datetime.');
const seconds = z.number().int().nonnegative();

export const uploadedCall = z
  .strictObject({
    date: dateTime,
    type: z.enum(['in', 'out']),
    phone,
    code: code.optional(),
    userId: userId.optional(),
    result: z.enum(['answered', 'busy', 'failed', 'no answer', 'not allowed', 'unknown']),
    duration: seconds.optional(),
    durationWaiting: seconds.optional(),
    externalId: z.string().min(1).max(255).optional(),
    recordUrl: z.url({ protocol: /^https?$/ }).optional(),
    source: z
      .strictObject({
        source: z.string().optional(),
        medium: z.string().optional(),
        campaign: z.string().optional(),
        keyword: z.string().optional(),
        content: z.string().optional(),
      })
      .optional(),
    clientId: z.string().optional(),
    ...place,
  })
  .refine((call) => call.code !== undefined || call.userId !== undefined, {
    path: ['code'],
    error: 'This value should not be blank.',
  });
export type UploadedCall = z.infer<typeof uploadedCall>;

const address = z.url({ protocol: /^https?$/ });

export const integrationModule = z
  .strictObject({
    code: z.string().min(1),
    integrationCode: z.string().min(1),
    active: z.boolean(),
    freeze: z.boolean().optional(),
    name: z.string().min(1),
    logo: address.refine((url) => new URL(url).pathname.endsWith('.svg'), 'The logo must be SVG.').optional(),
    clientId: z.string().min(1).optional(),
    baseUrl: address,
    accountUrl: address.optional(),
    availableCountries: z.array(z.string()).optional(),
    integrations: z
      .strictObject({
        telephony: z
          .strictObject({
            makeCallUrl: address.optional(),
            changeUserStatusUrl: address.optional(),
            allowEdit: z.boolean().optional(),
            inputEventSupported: z.boolean().optional(),
            outputEventSupported: z.boolean().optional(),
            hangupEventSupported: z.boolean().optional(),
            additionalCodes: z.array(z.strictObject({ userId, code })).optional(),
            externalPhones: z.array(z.strictObject({ siteCode: z.string(), externalPhone: phone })).optional(),
          })
          .optional(),
      })
      .optional(),
  })
  .refine((module) => module.code.startsWith(module.integrationCode), {
    path: ['code'],
    error: 'Code prefix must match integrationCode',
  });
export type IntegrationModule = z.infer<typeof integrationModule>;

/** `Y-m-d H:i:s` of a day that exists. */
function isDateTime(text: string): boolean {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(text);
  if (!match) return false;
  const at = new Date(`${match[1]}T${match[2]}Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(`${match[1]}T${match[2]}`);
}

export const newCustomer = z.looseObject({
  firstName: z.string().max(255).optional(),
  lastName: z.string().max(255).optional(),
  phones: z
    .array(z.looseObject({ number: z.string().min(1).max(255) }))
    .max(10)
    .default([]),
});
