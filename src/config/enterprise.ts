/**
 * An enterprise: a tenant with its PBX, its webhook token and its integrations. Two shapes:
 * - `EnterpriseEntry`: what an import file says about it, with defaults filled in;
 * - `Enterprise`: what runs, read from the database with its secrets in clear. It lives in memory only.
 */
import { z } from 'zod';
import { isTimeZone } from '../platform/time-zone.js';
import { clickToCall } from './click-to-call.js';
import type { ClickToCall } from './click-to-call.js';
import { recovery } from './recovery.js';
import type { RecoverySettings } from './recovery.js';
import { recordingsEntry } from './recordings.js';
import type { RecordingSettings } from './recordings.js';
import { reachability, smartRedirect } from './smart-redirect.js';
import type { SmartRedirect } from './smart-redirect.js';
import { sshEntry } from './ssh.js';
import type { SshSettings } from './ssh.js';
import { isAddress } from './variables.js';

const MODES = ['off', 'shadow', 'on'] as const;
const SOURCES = ['ami', 'webhook'] as const;
const TRANSPORTS = ['auto', 'asterisk-manager', 'native'] as const;
const ANONYMOUS = ['record', 'card', 'ignore'] as const;
const ENCODINGS = ['utf8', 'cp1251', 'latin1'] as const;

type Mode = (typeof MODES)[number];
export type Source = (typeof SOURCES)[number];

/** Three or four digits: what the fleet and most PBXs use. */
export const DEFAULT_EXTENSION_PATTERN = '^\\d{3,4}$';
export const DEFAULT_INBOUND_CONTEXTS = ['from-trunk', 'from-pstn', 'from-out-office'];
/** All that is read, and class `dialplan` as long as it is worth its cost. */
const DEFAULT_EVENT_MASK = 'auto';
const DEFAULT_AMI_PORT = 5038;

/** Stands for a secret in an export; in an import it means "as it was". */
export const MASK = '********';

/** YAML reads `0367` as a number and its zero is gone, so what must be text must stand in quotes. */
const quoted = (what: string) =>
  z
    .string({ error: (issue) => (typeof issue.input === 'number' ? `write ${what} in quotes` : 'expected text') })
    .min(1);

const secret = (what: string) => quoted(what).transform((value) => (value === MASK ? undefined : value));

/** Extensions may be written without quotes: they never begin with a zero that matters. */
const extensionNumber = z.union([z.string().min(1), z.number().int().transform(String)]);

const pattern = z.string().refine(isPattern, 'is not a regular expression');

const timezone = z.string().refine(isTimeZone, 'is not a time zone such as Europe/Minsk');

const country = z.string().regex(/^[A-Z]{2}$/, 'is not a country code of two capitals such as BY');

const network = z.string().refine(isAddress, 'is not an address or a network such as 192.0.2.0/24');

const line = z.union([
  extensionNumber.transform((id) => ({ id, transform: null as string | null, name: null as string | null })),
  z.looseObject({
    id: extensionNumber,
    /** `+375{9}`: this prefix and the last nine digits make the client's number. */
    transform: z
      .string()
      .regex(/^(\+?\d+)?\{\d+\}$/, 'is not a rule such as +375{9}')
      .nullish()
      .transform(orNull),
    name: z.string().nullish().transform(orNull),
  }),
]);

const selector = z.looseObject({
  contexts: z.array(z.string().min(1)).min(1).optional(),
  lines: z.array(extensionNumber).min(1).optional(),
  extensions: pattern.optional(),
});

const extension = z.looseObject({
  number: extensionNumber,
  name: z.string().optional(),
  mobile: z
    .string()
    .regex(/^\+\d{7,15}$/, 'is not a number such as +375290000009')
    .optional(),
  ...reachability,
});

const pbx = z.looseObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535).default(DEFAULT_AMI_PORT),
  tls: z.boolean().default(false),
  username: quoted('the user name'),
  secret: secret('the secret').optional(),
  inboundContexts: z.array(z.string().min(1)).optional(),
  extensionPattern: pattern.optional(),
  transport: z.enum(TRANSPORTS).default('auto'),
  /** PEM of a CA, or of the PBX's own certificate. */
  tlsCa: z.string().optional(),
  tlsVerify: z.boolean().default(true),
  /** A challenge instead of the password; to another host without TLS it is one anyway, unless `allowPlain`. */
  md5: z.boolean().default(false),
  encoding: z.enum(ENCODINGS).nullish().transform(orNull),
  /** Lets the password travel in clear to another host. */
  allowPlain: z.boolean().default(false),
  eventMask: z
    .string()
    .regex(/^[a-z]+(,[a-z]+)*$/, 'is not a list such as call,user,cdr')
    .default(DEFAULT_EVENT_MASK),
  /** A PBX whose dialplan writes no caller's text into events: its hang-ups need no second question. */
  provenClean: z.boolean().default(false),
});

const integration = z.looseObject({ enabled: z.boolean().optional() });

/** One enterprise of an import file. Keys it does not know are kept. */
export const enterpriseEntry = z
  .looseObject({
    number: quoted('the number').regex(/^[\w.-]{1,50}$/, 'may hold letters, digits, dot, dash and underscore'),
    name: z.string().min(1).optional(),
    token: secret('the token').optional(),
    timezone: timezone.default('Europe/Minsk'),
    country: country.default('BY'),
    pbx: pbx.nullish().transform(orNull),
    inboundContexts: z.array(z.string().min(1)).optional(),
    extensionPattern: pattern.optional(),
    lines: z.array(line).nullish().transform(orNull),
    selector: selector.nullish().transform(orNull),
    mode: z.enum(MODES).default('on'),
    sources: z.array(z.enum(SOURCES)).min(1).optional(),
    webhookFrom: z.array(network).optional(),
    clientId: secret('the client id').optional(),
    dialAllow: z.array(country).optional(),
    clickToCall: clickToCall.default(() => clickToCall.parse({})),
    /** What CRMs are told of callers without a number. */
    anonymous: z.enum(ANONYMOUS).default('record'),
    extensions: z.array(extension).default([]),
    smartRedirect: smartRedirect
      .extend({ secret: secret('the secret').optional() })
      .nullish()
      .transform(orNull),
    ssh: sshEntry(secret).nullish().transform(orNull),
    recovery: recovery.nullish().transform(orNull),
    recordings: recordingsEntry(secret).nullish().transform(orNull),
    integrations: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/, 'is not the name of an integration'), integration)
      .default({}),
  })
  .refine((entry) => entry.pbx !== null || entry.sources === undefined || !entry.sources.includes('ami'), {
    path: ['sources'],
    error: 'names ami, but there is no pbx to connect to',
  });

export type EnterpriseEntry = z.infer<typeof enterpriseEntry>;
export type PbxEntry = z.infer<typeof pbx>;
export type Line = z.infer<typeof line>;
export type Selector = z.infer<typeof selector>;
export type Extension = z.infer<typeof extension>;

/** How to reach one PBX over AMI. */
export interface PbxSettings {
  host: string;
  port: number;
  tls: boolean;
  username: string;
  secret: string;
  transport: (typeof TRANSPORTS)[number];
  tlsCa: string | undefined;
  tlsVerify: boolean;
  md5: boolean;
  /** Null: UTF-8, and no reason to prefer one transport. */
  encoding: (typeof ENCODINGS)[number] | null;
  allowPlain: boolean;
  eventMask: string;
  provenClean: boolean;
}

export interface Enterprise {
  number: string;
  name: string;
  /** What its PBX puts into webhooks; null when it has none, and then no webhook is its own. */
  token: string | null;
  timezone: string;
  /** How national numbers are read. */
  country: string;
  mode: Mode;
  /** Unix ms; nothing older is ever delivered. Null when there was no other system before. */
  takeoverAt: number | null;
  pbx: PbxSettings | null;
  /** `host:port`, or `webhook/<number>` where only webhooks tell of calls. */
  pbxKey: string;
  inboundContexts: string[];
  extensionPattern: string;
  lines: Line[] | null;
  /** What is its own on a PBX it shares, as the operator wrote it. */
  selector: Selector | null;
  sources: Source[];
  /** Networks webhooks may come from; empty: from anywhere. */
  webhookFrom: string[];
  /** Names it in click-to-call callbacks: as good as a password. */
  clientId: string;
  /** Countries click-to-call may dial. */
  dialAllow: string[];
  clickToCall: ClickToCall;
  /** What CRMs are told of callers without a number: the finished call, a card too, nothing. */
  anonymous: (typeof ANONYMOUS)[number];
  extensions: Extension[];
  smartRedirect: SmartRedirect | null;
  /** The host of its PBX. */
  ssh: SshSettings | null;
  recovery: RecoverySettings | null;
  /** Null: nobody looks for recordings. */
  recordings: RecordingSettings | null;
  /** By type; secrets in clear. */
  integrations: Record<string, Record<string, unknown>>;
  /** Grows with every save of ours. */
  version: number;
}

/** The key of a PBX: sessions, trackers and unique ids belong to it. */
export function pbxKeyOf(enterprise: { number: string; pbx: { host: string; port: number } | null }): string {
  const { pbx: target } = enterprise;
  return target ? `${target.host.toLowerCase()}:${target.port}` : `webhook/${enterprise.number}`;
}

function orNull<T>(value: T | null | undefined): T | null {
  return value ?? null;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
