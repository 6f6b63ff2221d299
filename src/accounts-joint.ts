/** What an account of a CRM is given beside its settings, from the rest of the daemon. Part of the composition, beside app.ts. */
import { staffDeps } from './app-joints.js';
import type { Pool } from './db/pool.js';
import type { AccountPlace } from './integrations/connections.js';
import type { ConnectionDeps } from './integrations/contract.js';
import { createOnceWith } from './integrations/create-once.js';
import type { CrmUsers } from './integrations/crm-users.js';
import type { Directory } from './integrations/directory.js';
import { keepSecrets } from './integrations/keep-secrets.js';
import type { SaveDeps } from './integrations/save-integration.js';
import { whoTalked } from './redirect/store.js';
import { askedFor } from './click/store.js';

export interface AccountDeps {
  pool: Pool;
  save: SaveDeps;
  directory: Pick<Directory, 'byNumber'>;
  crmUsers(): CrmUsers;
  /** As the enterprise's CRMs know him; absent: nobody asks them here. */
  clientName?(enterprise: string, phone: string): Promise<string | null>;
}

export function accountDeps(
  { pool, save, directory, crmUsers, clientName }: AccountDeps,
  place: AccountPlace,
): Omit<ConnectionDeps, 'log' | 'enterprise' | 'timezone' | 'http' | 'publicUrl'> {
  const { enterprise, type } = place;
  return {
    ...staffDeps(() => directory.byNumber(enterprise)),
    crmUsers: () => crmUsers().of(enterprise, type),
    lastTalked: async (phone) => (await whoTalked(pool, enterprise, phone)).last,
    ...(clientName ? { clientName: (phone: string) => clientName(enterprise, phone) } : {}),
    createOnce: createOnceWith(pool, place),
    askedFor: (call) => askedFor(pool, enterprise, type, call.uid),
    keepSecrets: (fields) => keepSecrets(pool, save, place, fields),
  };
}
