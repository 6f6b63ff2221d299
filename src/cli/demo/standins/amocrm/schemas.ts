/** What amoCRM takes, field by field; anything else is refused as it refuses it. */
import { z } from 'zod';

const id = z.number().int().positive();
const seconds = z.number().int().min(0);
const stamp = z.number().int().positive();
const requestId = z.union([z.string(), z.number()]).optional();
const link = z.string().regex(/^https?:\/\/\S+$/, 'This value is not a valid URL.');

const phoneField = z.strictObject({
  field_code: z.enum(['PHONE', 'EMAIL']),
  values: z
    .array(
      z.strictObject({
        value: z.string().min(1),
        enum_code: z.enum(['WORK', 'WORKDD', 'MOB', 'FAX', 'HOME', 'OTHER']).optional(),
      }),
    )
    .min(1),
});

export const callItem = z.strictObject({
  direction: z.enum(['inbound', 'outbound']),
  duration: seconds,
  source: z.string().min(1),
  phone: z.string().min(1),
  uniq: z.string().optional(),
  link: link.optional(),
  call_result: z.string().optional(),
  call_status: z.number().int().min(1).max(7).optional(),
  // A number is a user, a text somebody's name or phone.
  call_responsible: z.union([id, z.string().min(1)]).optional(),
  responsible_user_id: id.optional(),
  created_by: id.optional(),
  updated_by: id.optional(),
  created_at: stamp.optional(),
  updated_at: stamp.optional(),
  // Some servers ask for it.
  request_id: z.union([z.string(), z.number()]),
});
export type CallItem = z.infer<typeof callItem>;

export const contactItem = z.strictObject({
  name: z.string().optional(),
  responsible_user_id: id.optional(),
  created_by: id.optional(),
  custom_fields_values: z.array(phoneField).optional(),
  request_id: requestId,
});
export type ContactItem = z.infer<typeof contactItem>;

export const leadItem = z.strictObject({
  name: z.string().optional(),
  responsible_user_id: id.optional(),
  created_by: id.optional(),
  pipeline_id: id.optional(),
  status_id: id.optional(),
  request_id: requestId,
  _embedded: z.strictObject({ contacts: z.array(z.strictObject({ id })).optional() }).optional(),
});
export type LeadItem = z.infer<typeof leadItem>;

const callParams = {
  uniq: z.string().optional(),
  duration: seconds,
  source: z.string().min(1),
  link: link.optional(),
  phone: z.string().optional(),
};

export const noteItem = z.strictObject({
  entity_id: id.optional(),
  note_type: z.enum(['call_in', 'call_out']),
  created_by: id.optional(),
  responsible_user_id: id.optional(),
  created_at: stamp.optional(),
  request_id: requestId,
  params: z.looseObject(callParams),
});
export type NoteItem = z.infer<typeof noteItem>;

/**
 * A change of a call's note, whole: what is not sent of `params` is gone. Nothing tells whether the real one merges them, nor
 * whether it does without the card's id, which its own library always sends.
 */
export const noteChange = z.strictObject({
  id: id.optional(),
  entity_id: id,
  note_type: z.enum(['call_in', 'call_out']),
  request_id: requestId,
  params: z.strictObject({
    ...callParams,
    call_status: z.number().int().min(1).max(7).optional(),
    call_result: z.string().optional(),
    call_responsible: z.union([id, z.string().min(1)]).optional(),
  }),
});

export const unsortedSip = z.strictObject({
  request_id: requestId,
  source_name: z.string().min(1),
  source_uid: z.string().min(1),
  pipeline_id: id.optional(),
  created_at: stamp.optional(),
  metadata: z.strictObject({
    is_call_event_needed: z.boolean().optional(),
    uniq: z.string().min(1),
    duration: seconds,
    service_code: z.string().min(1),
    link: link.optional(),
    phone: z.string().min(1),
    called_at: stamp,
    from: z.string().min(1),
  }),
  _embedded: z
    .strictObject({
      leads: z
        .array(z.strictObject({ name: z.string() }))
        .max(1)
        .optional(),
      contacts: z
        .array(contactItem.omit({ responsible_user_id: true, created_by: true }))
        .max(1)
        .optional(),
    })
    .optional(),
});
export type UnsortedSip = z.infer<typeof unsortedSip>;

export const phoneEvent = z.strictObject({
  type: z.literal('phone_call'),
  phone_number: z.string().min(3),
  users: z.array(id).min(1).optional(),
});
export type PhoneEvent = z.infer<typeof phoneEvent>;

const client = { client_id: z.string(), client_secret: z.string(), redirect_uri: z.string() };
export const grant = z.discriminatedUnion('grant_type', [
  z.object({ ...client, grant_type: z.literal('authorization_code'), code: z.string() }),
  z.object({ ...client, grant_type: z.literal('refresh_token'), refresh_token: z.string() }),
]);
export type Grant = z.infer<typeof grant>;
