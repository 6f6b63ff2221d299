/** What can be wrong; a leaf. README.md says when. */
export const ALERT_KINDS = [
  'error-rate',
  'pbx-link',
  'dead-letters',
  'queue-age',
  'refused',
  'token-ends',
  'day-differs',
] as const;

export type AlertKind = (typeof ALERT_KINDS)[number];

/** Figures and words of the last look: whatever its text needs. */
export type AlertDetail = Readonly<Record<string, string | number | null>>;

export interface AlertKey {
  enterprise: string;
  kind: AlertKind;
  subject: string;
}

export interface Observation extends AlertKey {
  level: number;
  detail: AlertDetail;
}

export const CHANNELS = ['telegram', 'webhook'] as const;
export type Channel = (typeof CHANNELS)[number];

export const NOTICES = ['began', 'worse', 'reminder', 'over'] as const;
export type What = (typeof NOTICES)[number];

/** The scope that is no enterprise's. */
export const PLATFORM = '';

/** Parts of the threshold that are told; 100 is the threshold. */
const STEPS = [50, 70, 90, 100];

/** The step a percentage has reached; 0: none. */
export function stepOf(percent: number, threshold: number): number {
  return STEPS.findLast((step) => percent >= (threshold * step) / 100) ?? 0;
}

export function keyOf({ enterprise, kind, subject }: AlertKey): string {
  return `${kind}/${enterprise}/${subject}`;
}
