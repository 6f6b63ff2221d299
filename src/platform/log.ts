import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type { Logger } from 'pino';

/** Names under which a secret could reach a log line; pino blanks them wherever they stand, two levels deep. */
const SECRET_NAMES = [
  'secret',
  'password',
  'token',
  'api_key',
  'apiKey',
  'access_token',
  'refresh_token',
  'client_secret',
  'bot_token',
  'webhook_url',
  'incoming_webhook',
  'authorization',
  'Token',
];

/** The process's logger: one JSON line per thing that matters, on standard output. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = {
    level,
    redact: { paths, censor: '[secret]' },
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
}
