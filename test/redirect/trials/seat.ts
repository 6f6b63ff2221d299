/**
 * Where a trial happens: its line, its client and his manager's phone are called by three digits of its own, so that trials
 * run side by side on one PBX. The seat 201 has the line 0002201, the client +375290000201 and the phone 201; its first digit is
 * the enterprise, whose default route rings 200.
 */
export interface Seat {
  readonly id: string;
  readonly line: string;
  /** A line that rings the phone itself; smart redirect has no part in it. */
  readonly directLine: string;
  /** As the trunk shows him, and as he is known everywhere else. */
  readonly from: string;
  readonly client: string;
  /** The phone calls go to that nobody owns. */
  readonly desk: string;
}

export function seat(id: string): Seat {
  return {
    id,
    line: `0002${id}`,
    directLine: `0003${id}`,
    from: `80290000${id}`,
    client: `+375290000${id}`,
    desk: `${id.charAt(0)}00`,
  };
}

/** What each enterprise of a PBX is there for, by the first digit of its seats. */
export const ENTERPRISES = {
  '0': 'a CRM that is not there',
  '1': 'the daemon that is stopped, killed and frozen',
  '2': 'everything else',
  '3': 'modes last and first',
  '4': 'a CRM that goes wrong',
  '5': 'mode name',
  '6': 'mode shadow',
  '7': 'mode off',
  '8': 'a line to AMI that is cut',
  '9': 'an AMI user who may not redirect',
} as const;
export type Digit = keyof typeof ENTERPRISES;

/** Seats of the enterprise `2`, and of each of the others. */
const MOST = { '2': 70, others: 20 };

export function seatsOf(digit: Digit): Seat[] {
  const count = digit === '2' ? MOST['2'] : MOST.others;
  return Array.from({ length: count }, (_, n) => seat(`${digit}${String(n).padStart(2, '0')}`));
}

/** Enterprises the daemon of this process serves by the PBX's own AMI port share its secret; the others have their own. */
export const secretOf = (digit: Digit): string => (['1', '8', '9'].includes(digit) ? `word-of-${digit}` : 'word-1');

/** The number of the enterprise a seat belongs to. */
export const enterpriseOf = (version: 16 | 22, id: string): string => `0${version}${id.charAt(0)}`;
