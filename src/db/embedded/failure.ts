import { TrunklineError } from '../../platform/errors.js';

/** What PostgreSQL's own words mean, for the error an operator sees. The last lines are kept: they name the file. */
export function failureFrom(output: string, doing: string, cause?: unknown): TrunklineError {
  const options = cause === undefined ? {} : { cause };
  const said = output.trim().split('\n').slice(-6).join(' | ');
  if (/No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/i.test(output)) {
    return new TrunklineError('DB_EMBEDDED_DISK_FULL', `${doing}: the disk is full. ${said}`, options);
  }
  if (isPortTaken(output))
    return new TrunklineError('DB_EMBEDDED_PORT_TAKEN', `${doing}: its port is taken. ${said}`, options);
  return new TrunklineError('DB_EMBEDDED_FAILED', `${doing}: ${said || 'it said nothing'}`, options);
}

export function isPortTaken(output: string): boolean {
  return /could not bind .*Address already in use|could not create any TCP\/IP sockets/is.test(output);
}

/** Another postmaster was first, or the processes of one that was killed are still leaving. Both pass: look again. */
export function isTransient(output: string): boolean {
  return /lock file "postmaster\.pid" already exists|lock file "postmaster\.pid" is empty|pre-existing shared memory block|could not (?:create|open) lock file/i.test(
    output,
  );
}
