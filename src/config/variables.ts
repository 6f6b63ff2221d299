/** Shapes of the environment's variables. Each also takes what YAML makes of the same text. */
import net from 'node:net';
import { z } from 'zod';

export const text = z.coerce.string().min(1);
export const optionalText = text.optional();

export const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
  .optional();

/** 0 takes any free port. */
export const port = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: 'must be a port number' })
  .refine((value) => Number.isInteger(value) && value >= 0 && value <= 65535, 'must be a port number');

export const publicUrl = z
  .string()
  .refine(isHttpUrl, 'must be an http or https address without query or fragment')
  .transform((value) => value.replace(/\/+$/, ''))
  .optional();

export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info');

const list = z.union([
  z.array(z.coerce.string()),
  z.string().transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
]);

export const targets = list
  .refine(
    (entries) => entries.every(isTarget),
    'must be host names, addresses or networks such as 10.0.0.0/8, with commas between',
  )
  .default([]);

/** `true`, `false`, a number of hops, or the proxies' addresses and networks. */
export const trustProxy = z
  .union([z.boolean(), z.number().int().min(0), list])
  .transform((value) => {
    if (!Array.isArray(value) || value.length !== 1) return value;
    const [only = ''] = value;
    if (/^(true|yes|on)$/i.test(only)) return true;
    if (/^(false|no|off)$/i.test(only)) return false;
    return /^\d+$/.test(only) ? Number(only) : value;
  })
  .refine(
    (value) => !Array.isArray(value) || value.every((entry) => isAddress(entry) || PROXY_NAMES.includes(entry)),
    'must be true, false, a number of hops, or addresses and networks with commas between',
  )
  .transform((value) => (Array.isArray(value) && value.length === 0 ? false : value))
  .default(false);

/** Ranges Fastify knows by name. */
const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return ['http:', 'https:'].includes(url.protocol) && url.search === '' && url.hash === '';
}

function isTarget(value: string): boolean {
  return isAddress(value) || /^\[[0-9a-fA-F:.]+\]$/.test(value) || /^(?!.*\/)[\w-]+(\.[\w-]+)*\.?$/.test(value);
}

/** An address or a network. */
export function isAddress(value: string): boolean {
  const [address = '', bits, more] = value.split('/');
  const version = net.isIP(address);
  if (version === 0 || more !== undefined) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
