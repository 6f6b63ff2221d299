/** Times and amounts of the lane of recordings, with their defaults; the configuration may set others. */
export interface LaneSettings {
  /** From the end of a call to the first look. */
  firstLookMs: number;
  /** A file that has not grown for so long is complete. */
  stableMs: number;
  /** A CRM that takes one record waits for it at most so long. */
  waitMs: number;
  /** Nothing there after so long: there is none. */
  absentMs: number;
  /** The same where the PBX said nothing of a recording, and would have. */
  unsaidMs: number;
  /** A header that is still wrong after so long will not become right: what can be heard is taken. */
  unsoundMs: number;
  /** Looked for no longer. */
  lookMs: number;
  /** A source that cannot be asked is asked no longer. */
  giveUpMs: number;
  /** The longest pause between two looks. */
  mostPauseMs: number;
  leaseMs: number;
  pollMs: number;
  parallel: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const DEFAULT_LANE: LaneSettings = {
  firstLookMs: SECOND,
  stableMs: 2 * SECOND,
  waitMs: 90 * SECOND,
  absentMs: 60 * SECOND,
  unsaidMs: 10 * SECOND,
  unsoundMs: 5 * MINUTE,
  lookMs: 24 * HOUR,
  giveUpMs: 72 * HOUR,
  mostPauseMs: HOUR,
  leaseMs: 2 * MINUTE,
  pollMs: SECOND,
  parallel: 4,
};
