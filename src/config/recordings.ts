/** Where the recordings of an enterprise's calls are found, and what becomes of them. */
import { z } from 'zod';
import { isTimeZone } from '../platform/time-zone.js';

const PLACEHOLDERS = ['uniqueid', 'year', 'month', 'day', 'hour', 'name'];

/** A path below the root: `{year}/{month}/{day}/{uniqueid}.wav`. */
const file = z
  .string()
  .regex(/^[^\0\n\\]{1,300}$/, 'holds a sign that has no place in a path')
  .refine((text) => !text.startsWith('/') && !text.split('/').includes('..'), 'must lie below the root')
  .refine(
    (text) => [...text.matchAll(/\{(.*?)\}/g)].every(([, name = '']) => PLACEHOLDERS.includes(name)),
    `may hold ${PLACEHOLDERS.map((name) => `{${name}}`).join(', ')}`,
  )
  .refine((text) => text.includes('{uniqueid}') || text.includes('{name}'), 'must hold {uniqueid} or {name}');

const path = z.string().regex(/^\/[^\0\n]*$/, 'is not an absolute path');

/** `password` is sealed by whoever imports it. */
export function recordingsEntry(secret: (what: string) => z.ZodType<string | undefined>) {
  return z
    .looseObject({
      /** A folder of this machine, the PBX's host by SFTP (settings `ssh`), or an address. */
      from: z.enum(['folder', 'sftp', 'http']).default('folder'),
      /** Of `folder` and `sftp`: nothing outside of it is read. */
      root: path.default('/var/spool/asterisk/monitor'),
      /** The same folder as the PBX names it, where that is another path: of a host whose SFTP shows a part of it. */
      pbxRoot: path.optional(),
      /** Of `http`. */
      url: z
        .string()
        .refine(
          (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
          'is not an http or https address',
        )
        .optional(),
      username: z.string().min(1).optional(),
      password: secret('the password').optional(),
      /** `{name}`: what the PBX said (MIXMONITOR_FILENAME), and `{uniqueid}.wav` where it said nothing. */
      file: file.default('{name}'),
      /** Of the dates in `file`; default: the enterprise's. */
      timezone: z.string().refine(isTimeZone, 'is not a time zone such as Europe/Minsk').optional(),
      format: z.enum(['as-is', 'mp3']).default('as-is'),
      /** Kilobits a second of an mp3. */
      mp3Kbps: z.number().int().min(16).max(320).default(64),
      keepDays: z.number().int().min(1).max(36_500).default(730),
      /** Days a link works; null: as long as the recording is kept. */
      linkDays: z
        .number()
        .int()
        .min(1)
        .max(36_500)
        .nullish()
        .transform((value) => value ?? null),
    })
    .refine((entry) => entry.from !== 'http' || entry.url !== undefined, {
      path: ['url'],
      error: 'is needed with from: http',
    });
}

export interface RecordingSettings {
  from: 'folder' | 'sftp' | 'http';
  root: string;
  pbxRoot: string;
  url: string | null;
  username: string | null;
  password: string | null;
  file: string;
  timezone: string;
  format: 'as-is' | 'mp3';
  mp3Kbps: number;
  keepDays: number;
  linkDays: number | null;
}
