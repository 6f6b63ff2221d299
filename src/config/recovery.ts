/** Where what was missed of a PBX's calls is found. */
import { z } from 'zod';
import { isTimeZone } from '../platform/time-zone.js';

const path = z.string().regex(/^\/[^\0\n]*$/, 'is not an absolute path');

/** Kept by hosts as their own local time, or not: `auto` tells by the unique ids. */
const zone = z
  .string()
  .refine((name) => name === 'auto' || isTimeZone(name), 'is not auto or a time zone such as UTC')
  .default('auto');

export const recovery = z.looseObject({
  /** The fleet's own event databases, one a day, over SSH. */
  events: z
    .looseObject({
      folder: path.default('/var/log/asterisk'),
      file: z
        .string()
        .regex(/^[^/\0\n]*\{date\}[^/\0\n]*$/, 'must hold {date}, and no slash')
        .default('Listen_AMI_{date}.db'),
      /** The program on the host. */
      sqlite3: z.string().min(1).default('sqlite3'),
      /** Days to look back when nothing was read yet. */
      days: z.number().int().min(0).max(366).default(1),
    })
    .nullish()
    .transform((value) => value ?? null),
  /** Asterisk's own call detail records: also what reconciliation counts by. */
  cdr: z
    .looseObject({
      file: path.default('/var/log/asterisk/cdr-csv/Master.csv'),
      /** `local`: on this machine; `ami`: no file is read, only what the link to the PBX tells (cdr_manager). That counts with each of them. */
      at: z.enum(['ssh', 'local', 'ami']).default('ssh'),
      zone,
      /** Days to look back when nothing was read yet. */
      days: z.number().int().min(0).max(366).default(1),
    })
    .nullish()
    .transform((value) => value ?? null),
  /** How often it is looked for by itself where webhooks are posted; 0: only after a lost link, a start, or when asked. */
  everyMinutes: z.number().min(0).max(1_440).default(5),
});

export type RecoverySettings = z.infer<typeof recovery>;
