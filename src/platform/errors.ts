/**
 * Every error an operator can meet, by a stable code. `docs/errors.md` explains each; a test compares the two both ways.
 */
export const ERROR_CODES = [
  'CONFIG_INVALID',
  'CONFIG_OVERLAP',
  'CONFIG_CHANGED',
  'DB_UNREACHABLE',
  'DB_EMBEDDED_UNSUPPORTED',
  'DB_EMBEDDED_NO_USER',
  'DB_EMBEDDED_DISK_FULL',
  'DB_EMBEDDED_PORT_TAKEN',
  'DB_EMBEDDED_FAILED',
  'DB_MIGRATION_FAILED',
  'DB_EPOCH_STALE',
  'JOURNAL_FULL',
  'JOURNAL_FAILED',
  'AMI_AUTH_FAILED',
  'AMI_LOST',
  'AMI_TIMEOUT',
  'AMI_REFUSED',
  'AMI_PROTOCOL',
  'AMI_TRANSPORT_CANNOT',
  'SSH_UNREACHABLE',
  'SSH_AUTH_FAILED',
  'SSH_HOST_KEY_CHANGED',
  'SSH_FAILED',
  'RECOVERY_NO_SOURCE',
  'RECOVERY_NOTHING_THERE',
  'RECOVERY_MAY_NOT_READ',
  'RECOVERY_NO_SQLITE3',
  'RECOVERY_FAILED',
  'WEBHOOK_FORBIDDEN',
  'WEBHOOK_MALFORMED',
  'WEBHOOK_TOO_LARGE',
  'THROTTLED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'ADDRESS_REFUSED',
  'HTTP_NOT_SENT',
  'HTTP_UNKNOWN',
  'SECRET_UNREADABLE',
  'ENTERPRISE_UNKNOWN',
  'CALL_UNKNOWN',
  'CALL_AMBIGUOUS',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error with a code from the catalogue. The message is for an operator and never holds a secret. */
export class TrunklineError extends Error {
  override readonly name = 'TrunklineError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
