/** How long to wait before a PBX is tried again. Milliseconds. */
export interface BackoffSettings {
  firstMs: number;
  maxMs: number;
  /** After a refused log-in: few enough tries that no guard on the PBX bans us. */
  authFirstMs: number;
  authFactor: number;
  authMaxMs: number;
}

export const DEFAULT_BACKOFF: BackoffSettings = {
  firstMs: 50,
  maxMs: 60_000,
  authFirstMs: 20_000,
  authFactor: 4,
  authMaxMs: 300_000,
};

/**
 * The wait before try number `attempt` (1 is the first after a loss): doubling from 50 ms to a minute, or, while the PBX
 * refuses the log-in, from 20 s to 5 min by four. A part is left to chance, so that a thousand sessions lost at once do
 * not come back at once.
 */
export function backoffMs(attempt: number, refused: boolean, settings: BackoffSettings, random: () => number): number {
  const { firstMs, maxMs, authFirstMs, authFactor, authMaxMs } = settings;
  const exponent = Math.min(Math.max(attempt, 1) - 1, 30);
  if (refused) return Math.min(authMaxMs, authFirstMs * authFactor ** exponent) * (1 + random() / 4);
  return Math.min(maxMs, firstMs * 2 ** exponent) * (0.5 + random() / 2);
}
