/** Settings of click-to-call: how a manager's phone is rung and by which way the answered phone dials the client. */
import { z } from 'zod';

const template = (name: 'extension' | 'phone') =>
  z
    .string()
    .regex(/^[\w@./+{}:-]{1,100}$/, 'holds a sign that has no place there')
    .refine((text) => text.includes(`{${name}}`) || text.includes('{digits}'), `must hold {${name}}`);

/** What an enterprise's `clickToCall` may say. Keys it does not know are kept. */
export const clickToCall = z.looseObject({
  enabled: z.boolean().default(true),
  /** What rings first: `PJSIP/{extension}`, `Local/{extension}@web-originate`. Null: the PBX is asked for the phone's own channel. */
  channel: template('extension')
    .nullish()
    .transform((value) => value ?? null),
  /** The context the answered phone dials from. Null: the PBX is asked for the phone's own. */
  context: z
    .string()
    .regex(/^[\w-]{1,80}$/, 'is not the name of a context')
    .nullish()
    .transform((value) => value ?? null),
  /** What it dials there: `{phone}` is +375290000001, `{digits}` the same without the plus. */
  dial: template('phone').default('{phone}'),
  /** How long the manager's phone rings, seconds. */
  ringSeconds: z.number().int().min(5).max(120).default(30),
  perMinute: z
    .object({
      extension: z.number().int().min(1).max(60).default(5),
      enterprise: z.number().int().min(1).max(600).default(30),
    })
    .default({ extension: 5, enterprise: 30 }),
});

export type ClickToCall = z.infer<typeof clickToCall>;
