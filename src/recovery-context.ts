/** What recovery and reconciliation know of a PBX and its enterprises, for the daemon and for commands. Part of the composition. */
import { randomUUID } from 'node:crypto';
import type { TrackerContext } from './calls/tracker.js';
import type { Enterprise } from './config/enterprise.js';
import { callProfiles } from './config/profile.js';
import { createHostKeys } from './db/host-keys.js';
import type { Pool } from './db/pool.js';
import { registry } from './integrations/registry.js';
import { systemClock } from './platform/clock.js';
import { TrunklineError } from './platform/errors.js';
import type { Logger } from './platform/log.js';
import { openSsh } from './platform/ssh.js';
import type { SshSession } from './platform/ssh.js';
import { readNewCdrs } from './recovery/cdr-source.js';
import { lookAtSources } from './recovery/look.js';
import type { Looked } from './recovery/look.js';
import { reconcileDay } from './recovery/reconcile-day.js';
import type { Reconciled } from './recovery/reconcile.js';

export type TrackerTimes = Omit<TrackerContext, 'pbx' | 'enterprises' | 'newCallId' | 'confirmHangups' | 'recovered'>;

/** By which records tell the same however long a live call is waited for. */
const PLAIN: TrackerTimes = { ringCollectMs: 0 };

/** Calls of the enterprises of a PBX are read from whatever tells of them. */
export function contextOf(
  pbx: string,
  enterprises: readonly Enterprise[],
  settings: TrackerTimes,
): TrackerContext | null {
  const profiles = callProfiles(enterprises).map((profile) => ({
    ...profile,
    sources: ['ami' as const, 'webhook' as const],
  }));
  if (profiles.length === 0) return null;
  return { ...settings, pbx, enterprises: profiles, newCallId: randomUUID, confirmHangups: false, recovered: true };
}

/** @throws TrunklineError SSH_UNREACHABLE, SSH_AUTH_FAILED, SSH_HOST_KEY_CHANGED */
export async function openHost(pool: Pool, { number, ssh }: Enterprise, signal: AbortSignal): Promise<SshSession> {
  if (!ssh) throw new TrunklineError('SSH_UNREACHABLE', `${number} says nothing of how its host is reached (ssh)`);
  return openSsh(ssh, createHostKeys(pool), signal);
}

/** What the recovery of an enterprise is to read, looked at. */
export function lookAt(pool: Pool, enterprise: Enterprise, signal: AbortSignal): Promise<Looked[]> {
  const { recovery, timezone } = enterprise;
  const settings = { events: recovery?.events ?? null, cdr: recovery?.cdr ?? null };
  const open = (own: AbortSignal) => openHost(pool, enterprise, own);
  return lookAtSources({ settings, timezone, now: () => systemClock.now(), open }, signal);
}

/** Reads what the PBX's records have new; null where none are set. */
export function cdrReaderOf(
  enterprise: Enterprise,
  { pool, log }: { pool: Pool; log: Logger },
): ((signal: AbortSignal) => Promise<void>) | null {
  const settings = enterprise.recovery?.cdr;
  if (!settings || settings.at === 'ami') return null;
  const { pbxKey: pbx, timezone } = enterprise;
  const open = (signal: AbortSignal) => openHost(pool, enterprise, signal);
  return (signal) =>
    readNewCdrs({ pbx, timezone, settings, pool, log, open, now: () => systemClock.now() }, signal, () => undefined);
}

/** @param onPbx all enterprises of its PBX */
export async function reconcileOf(
  pool: Pool,
  enterprise: Enterprise,
  onPbx: readonly Enterprise[],
  day: string,
): Promise<Reconciled> {
  const { number, pbxKey: pbx, timezone, integrations } = enterprise;
  const context = contextOf(pbx, onPbx, PLAIN);
  if (!context) throw new TrunklineError('CONFIG_INVALID', `${number} is switched off`);
  const types = registry.map(({ id }) => id).filter((id) => integrations[id]?.['enabled'] === true);
  const hasCdr = onPbx.some((one) => one.recovery?.cdr);
  return reconcileDay(pool, { enterprise: number, pbx, timezone, day, hasCdr, types, context });
}
