/**
 * The enterprise the fleet's dialplan is made for: its lines, phones and people. All of it is invented.
 *
 * | line | what happens to a call that comes in on it |
 * |---|---|
 * | 0001363 | rings 150, 151 and 152 |
 * | 0001364 | a greeting, then rings 150, 151 and 152 |
 * | 0001365 | rings 150, a staff mobile, 151 and 152 |
 * | 0001366 | rings 150 and 152 |
 * | 0001367 | a cascade: 150, then 150 and 151, then 150, 151 and 152 |
 * | 0001368 | a cascade: 150, then 150 and 151, then 150, 151 and the staff mobile |
 * | 0001369 | the same with a greeting before each step |
 * | 0001370 | rings 109 |
 *
 * A stage of a line rings for `stageSeconds`; the last one for `lastStageSeconds`.
 */
export const EXTENSIONS = ['150', '151', '152', '109', '117'] as const;
export type Extension = (typeof EXTENSIONS)[number];

/** The two trunks, by the line each is registered for. Every line can be reached over either of them. */
export const TRUNKS = ['0001363', '0001366'] as const;
export type Trunk = (typeof TRUNKS)[number];

/** The mobile of the person who also has 150 and the short number 300. */
export const MOBILE = '375290000009';
export const FOLLOW_ME = '300';
export const DEPARTMENT = '901';

export interface Stage {
  readonly greeting?: true;
  readonly ring: readonly string[];
}

const group: Stage = { ring: ['150', '151', '152'] };
const steps = (last: string, more: { greeting?: true } = {}): Stage[] => [
  { ring: ['150'], ...more },
  { ring: ['150', '151'], ...more },
  { ring: ['150', '151', last], ...more },
];

export const LINES: Readonly<Record<string, readonly Stage[]>> = {
  '0001363': [group],
  '0001364': [{ ...group, greeting: true }],
  '0001365': [{ ring: ['150', MOBILE, '151', '152'] }],
  '0001366': [{ ring: ['150', '152'] }],
  '0001367': steps('152'),
  '0001368': steps(MOBILE),
  '0001369': steps(MOBILE, { greeting: true }),
  '0001370': [{ ring: ['109'] }],
};
