/** Accounts of CRMs, alive for one command, with what the daemon's own connections have: what an account learns (a renewed pair of tokens) is kept. */
import { accountDeps } from '../accounts-joint.js';
import { integrationSource } from '../app-joints.js';
import { createConnections } from '../integrations/connections.js';
import type { Connections } from '../integrations/connections.js';
import { createCrmUsers } from '../integrations/crm-users.js';
import type { Directory } from '../integrations/directory.js';
import { registry } from '../integrations/registry.js';
import { createAddressGuard } from '../platform/address-guard.js';
import { systemClock } from '../platform/clock.js';
import { createUndiciHttp } from '../platform/undici-http.js';
import type { Workbench } from './workbench.js';

export interface BenchConnections {
  connections: Connections;
  close(): Promise<void>;
}

export function openConnections(
  { config, database: { pool }, vault, secretFields, log }: Workbench,
  directory: Pick<Directory, 'byNumber'>,
): BenchConnections {
  const http = createUndiciHttp({ guard: createAddressGuard({ allowTargets: config.allowTargets }) });
  const crmUsers = createCrmUsers({ db: pool, clock: systemClock, log, accounts: () => [], live: () => null });
  const connections = createConnections({
    registry,
    source: (number) => integrationSource(directory.byNumber(number)),
    deps: (place) => ({
      http,
      publicUrl: config.publicUrl,
      ...accountDeps({ pool, save: { vault, secretFields }, directory, crmUsers: () => crmUsers }, place),
    }),
    log,
  });
  return {
    connections,
    async close() {
      await connections.close();
      await http.close();
    },
  };
}
