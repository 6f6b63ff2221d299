/** Whom to tell, in which language, and from where on. The same form for an enterprise and for the platform. */
import { z } from 'zod';
import { ALERT_KINDS } from './kinds.js';
import type { Channel } from './kinds.js';

const address = z
  .string()
  .trim()
  .max(2_000)
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), 'must be an http(s) address');

export const alertSettings = z.strictObject({
  language: z.enum(['ru', 'en']).default('ru'),
  /** Kinds this scope is not told of; they are kept all the same. */
  off: z.array(z.enum(ALERT_KINDS)).default([]),
  errorPercent: z.number().min(1).max(100).default(20),
  /** The window: attempts of the last so many minutes. */
  errorMinutes: z.number().int().min(1).max(1_440).default(15),
  /** With fewer attempts than this in the window a rate means nothing. */
  errorAttempts: z.number().int().min(1).max(100_000).default(10),
  linkMinutes: z.number().min(0).max(1_440).default(2),
  queueMinutes: z.number().min(1).max(10_000).default(10),
  tokenDays: z.number().min(1).max(365).default(14),
  reminderHours: z.number().min(1).max(720).default(12),
  telegramChat: z
    .string()
    .trim()
    .regex(/^(-?\d{1,20}|@[A-Za-z]\w{3,31})?$/, 'must be an id such as -1000000000001, or a name such as @admins')
    .default(''),
  telegramUrl: address.default('https://api.telegram.org'),
});

export type AlertSettings = z.infer<typeof alertSettings>;

/** Write-only, each sealed on its own: an address to post to often holds a key. */
export const alertSecrets = z.strictObject({
  botToken: z
    .string()
    .trim()
    .regex(/^[1-9]\d*:[\w-]+$/, 'is what BotFather gave: digits, a colon, letters')
    .max(80),
  webhookUrl: address,
});

export const SECRETS = ['botToken', 'webhookUrl'] as const;
export type SecretName = (typeof SECRETS)[number];
export type AlertSecrets = Record<SecretName, string | null>;

export const DEFAULTS: AlertSettings = alertSettings.parse({});

/** What was stored by another version loses what this one does not know, and nothing else. */
export function readSettings(stored: unknown): AlertSettings {
  const known = Object.entries(Object(stored) as Record<string, unknown>).filter(
    ([name, value]) =>
      name in alertSettings.shape && alertSettings.shape[name as keyof AlertSettings].safeParse(value).success,
  );
  return alertSettings.parse(Object.fromEntries(known));
}

export function channelsOf({ telegramChat }: AlertSettings, { botToken, webhookUrl }: AlertSecrets): Channel[] {
  return [
    ...(telegramChat !== '' && botToken !== null ? (['telegram'] as const) : []),
    ...(webhookUrl !== null ? (['webhook'] as const) : []),
  ];
}
