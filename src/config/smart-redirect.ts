/** Settings of smart redirect: whom an inbound call is sent to, and who can take it. */
import { z } from 'zod';
import { parseWorkHours } from '../platform/work-hours.js';

const MODES = ['owner', 'last', 'first', 'name', 'shadow', 'off'] as const;

const target = z.string().regex(/^[\w.-]{1,40}$/, 'is not an extension');

/** Kept as written; it is checked here and read where it is asked. */
const hours = z.string().superRefine((text, ctx) => {
  try {
    parseWorkHours(text);
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
});

const otherwise = z.enum(['nobody', 'last', 'first']);
const shown = z.enum(['customer', 'line']);

/** What one line may say differently; true: nothing, false: its calls are left alone. */
const lineRule = z.union([
  z.boolean(),
  z.looseObject({
    mode: z.enum(MODES).optional(),
    otherwise: otherwise.optional(),
    order: z.array(z.string()).optional(),
    shows: z.array(shown).optional(),
  }),
]);

/** What an enterprise's `smartRedirect` may say. Keys it does not know are kept. */
export const smartRedirect = z.looseObject({
  /**
   * `owner`: the manager the CRM names. `last`, `first`: who talked with the client last, or first. `name`: only the
   * client's name goes to the phone. `shadow`: decides and logs, the call goes on as if nobody owned it.
   */
  mode: z.enum(MODES).default('owner'),
  /** What is decided in `shadow`. */
  shadowOf: z.enum(['owner', 'last', 'first', 'name']).default('owner'),
  /** When no CRM names an owner. */
  otherwise: otherwise.default('nobody'),
  /** All integrations are asked at once and have this long together, milliseconds. */
  deadlineMs: z.number().int().min(100).max(20_000).default(2_500),
  /** Whose word counts first, by integration; those not named follow in the order of the settings. */
  order: z.array(z.string()).default([]),
  /** What the phone shows of a call, in this order: the client's name, the line's. */
  shows: z.array(shown).default(['customer']),
  /** By line, `*` for those not named. */
  lines: z.record(z.string(), lineRule).default({}),
  /** How phones are dialled; null: as the PBX's own TRUNKLINE_TECH says. */
  tech: z
    .enum(['PJSIP', 'SIP'])
    .nullish()
    .transform((value) => value ?? null),
  /** TRUNKLINE_WAIT where the PBX cannot be asked for it, seconds. */
  waitSeconds: z.number().min(3).max(120).default(10),
  /** True: a manager who is in a call is rung on his second line. */
  ringBusy: z.boolean().default(false),
  /** Contexts a `Local/…@context` target may lead into. */
  localContexts: z.array(z.string().regex(/^[\w-]+$/, 'is not the name of a context')).default([]),
  /** Contexts of the form `mngr31_0001363_1` the fleet's dialplan is known to have, where the PBX cannot be asked. */
  fleetContexts: z.array(z.string().regex(/^[\w-]+$/, 'is not the name of a context')).default([]),
  /** Questions its PBX may ask over HTTP in a second; three seconds' worth at once. */
  perSecond: z.number().min(0.1).max(1_000).default(20),
});

export type SmartRedirectEntry = z.infer<typeof smartRedirect>;
/** As it runs. Without a secret no call's signature can be right, so none is redirected over AMI. */
export type SmartRedirect = SmartRedirectEntry & { secret: string | null };

/** What an extension may say about when it takes redirected calls. */
export const reachability = {
  /** Do not disturb: never redirected to. */
  dnd: z.boolean().optional(),
  /** When redirected calls are wanted, in the enterprise's zone: `Mon-Fri 09:00-18:00, Sat 10:00-14:00`. */
  hours: hours.optional(),
  /** What is dialled instead of the extension itself: `Local/300@followme`, `PJSIP/151-desk`. */
  target: z
    .string()
    .regex(/^(SIP|PJSIP|Local)\/[\w@.-]+$/, 'is not a target such as PJSIP/151')
    .optional(),
  /** Who takes them when this one cannot. */
  substitute: target.optional(),
};
