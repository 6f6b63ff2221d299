import { enterpriseEntry } from '../config/enterprise.js';
import { describeIssues } from '../config/issues.js';
import { TrunklineError } from '../platform/errors.js';
import { ownColumnOf } from './enterprise-row.js';
import type { OwnColumn } from './enterprise-row.js';
import { announceChange, databaseNow, lockEnterprise, writeTrunkline } from './store.js';
import type { Queryable } from './store.js';

/**
 * Changes what is ours of an enterprise (mode, smart redirect, …), in the caller's transaction, under a lock of its row. Secrets
 * are not among it.
 * @returns the new version
 * @throws TrunklineError ENTERPRISE_UNKNOWN; CONFIG_CHANGED when somebody else saved in between; CONFIG_INVALID
 */
export async function saveOwn(
  tx: Queryable,
  which: { enterprise: string; expectedVersion?: number | undefined },
  change: (own: OwnColumn) => Record<string, unknown>,
): Promise<number> {
  const { enterprise, expectedVersion } = which;
  const row = await lockEnterprise(tx, enterprise);
  if (!row) throw new TrunklineError('ENTERPRISE_UNKNOWN', `there is no enterprise ${enterprise}`);
  const own = ownColumnOf(row);
  if (expectedVersion !== undefined && expectedVersion !== own.version)
    throw new TrunklineError('CONFIG_CHANGED', `${enterprise} was changed by somebody else: read it again`);
  const next: Record<string, unknown> = { ...own, ...change(own), version: own.version + 1 };
  const parsed = enterpriseEntry.safeParse({ mode: 'off', ...next, number: enterprise });
  if (!parsed.success) throw new TrunklineError('CONFIG_INVALID', describeIssues(parsed.error.issues));
  // Where another system served it until now, what is older than this moment is that system's.
  if (next['mode'] === 'on' && (own as Record<string, unknown>)['mode'] !== 'on')
    next['takeoverAt'] = await databaseNow(tx);
  await writeTrunkline(tx, enterprise, next);
  await announceChange(tx, enterprise);
  return own.version + 1;
}
