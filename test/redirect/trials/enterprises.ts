/** The enterprises of an office, as an import file writes them. */
import { retailCrmEnterprise } from '../../support/enterprises.js';
import { LOOKER, codesOf } from './office.js';
import type { Office } from './office.js';
import { enterpriseOf, secretOf, seatsOf } from './seat.js';
import type { Digit } from './seat.js';
import type { Trial } from './trial.js';

/** A port of this machine nobody listens on. */
const NOBODY = 'http://127.0.0.1:9';

/** By default, and where no trial is about it: a busy machine has a CRM's answer in time. */
export const DEADLINE_MS = 2_500;
const PATIENT_MS = 6_000;

const OWN: Partial<Record<Digit, object>> = {
  '2': { localContexts: ['nowhere'], lines: { '0002227': false } },
  '3': { mode: 'last', lines: { '0002311': { mode: 'first' } } },
  '4': { deadlineMs: DEADLINE_MS },
  '5': { mode: 'name' },
  '6': { mode: 'shadow' },
  '7': { mode: 'off' },
};

export function enterpriseEntry(
  { version, asterisk, crm, lines }: Office,
  digit: Digit,
  trials: readonly Trial[],
): object {
  const number = enterpriseOf(version, digit);
  const ownLine = digit === '1' || digit === '8' || digit === '9' ? lines[digit] : null;
  const seats = seatsOf(digit);
  return retailCrmEnterprise({
    number,
    token: `token-of-${number}`,
    amiPort: ownLine?.port ?? asterisk.amiPort,
    crmUrl: digit === '0' ? NOBODY : crm.url,
    user: digit === '9' ? LOOKER : asterisk.users.safe,
    codes: codesOf(digit),
    // All calls of a PBX are read once, not by every address it has.
    ...(ownLine ? { eventMask: 'user' } : {}),
    more: {
      extensionPattern: `^${digit}\\d\\d$`,
      selector: { lines: seats.flatMap(({ line, directLine }) => [line, directLine]) },
      extensions: trials.filter(({ seat }) => seat.id.startsWith(digit)).flatMap(({ extensions }) => extensions),
      smartRedirect: { mode: 'owner', secret: secretOf(digit), deadlineMs: PATIENT_MS, ...OWN[digit] },
    },
  });
}
