/** The light of an integration's card: off, active, or what is wrong, in the order a person would want to hear it. Pure. */
import type { LaneStatus } from '../delivery/worker.js';

export interface Light {
  state: 'off' | 'active' | 'error';
  /**
   * `off`, `enterprise-off`, `shadow` (nothing is sent yet), `ok`; `settings` (they do not parse), `paused` (the CRM refuses
   * our credentials or settings: nothing is sent until they change), `breaker` (the CRM does not answer), `last-failed`.
   */
  code: 'off' | 'enterprise-off' | 'shadow' | 'ok' | 'settings' | 'paused' | 'breaker' | 'last-failed';
  /** In the words of whoever found it, without secrets; null where the code says all. */
  reason: string | null;
  /** ISO; since when, where it is known. */
  since: string | null;
}

export interface LastAttempt {
  status: string;
  error: string | null;
  at: Date;
}

export interface LightOf {
  enabled: boolean;
  mode: 'off' | 'shadow' | 'on';
  /** Why its settings do not parse. */
  problem: string | null;
  lane: Pick<LaneStatus, 'paused' | 'breaker'> | null;
  /** The newest attempt that came to something. */
  last: LastAttempt | null;
}

export function lightOf({ enabled, mode, problem, lane, last }: LightOf): Light {
  const light = (
    state: Light['state'],
    code: Light['code'],
    reason: string | null = null,
    since: Date | null = null,
  ): Light => ({
    state,
    code,
    reason,
    since: since?.toISOString() ?? null,
  });
  if (!enabled) return light('off', 'off');
  if (problem !== null) return light('error', 'settings', problem);
  if (mode === 'off') return light('off', 'enterprise-off');
  if (lane?.paused)
    return light('error', 'paused', `${lane.paused.code}: ${lane.paused.why}`, new Date(lane.paused.since));
  if (lane?.breaker === 'open') return light('error', 'breaker', last?.error ?? null, last?.at ?? null);
  if (last && last.status !== 'success') return light('error', 'last-failed', last.error, last.at);
  return mode === 'shadow' ? light('active', 'shadow') : light('active', 'ok');
}
