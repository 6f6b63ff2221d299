import { importEnterprises } from '../../src/integrations/import-enterprises.js';
import { parseEnterpriseFile } from '../../src/config/enterprise-file.js';
import { createDirectory } from '../../src/integrations/directory.js';
import type { Directory } from '../../src/integrations/directory.js';
import { createSecretFields } from '../../src/integrations/secret-fields.js';
import type { SaveDeps } from '../../src/integrations/save-integration.js';
import { createVault } from '../../src/integrations/secrets.js';
import { inTransaction } from '../../src/integrations/store.js';
import type { Pool } from '../../src/integrations/store.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { createSecretBox } from '../../src/platform/secret-box.js';

export const quiet = createLogger('silent');

/** What settings are saved and read with, under one key of 32 equal bytes. */
export function settingsDeps(keys: () => Buffer[] = () => [Buffer.alloc(32, 1)]): SaveDeps {
  return { vault: createVault({ box: createSecretBox(keys), log: quiet }), secretFields: createSecretFields() };
}

export async function importText(pool: Pool, text: string, deps = settingsDeps()) {
  return inTransaction(pool, (tx) => importEnterprises(tx, deps, parseEnterpriseFile(text)));
}

export function directoryOn(db: Pool, deps = settingsDeps(), refreshMs?: number): Directory {
  return createDirectory({
    db,
    vault: deps.vault,
    clock: systemClock,
    log: quiet,
    ...(refreshMs ? { refreshMs } : {}),
  });
}

export const FIRST = `
enterprises:
  - number: "0367"
    name: Example Ltd
    token: unit-token-0001
    pbx: { host: 127.0.0.1, port: 5038, username: crm, secret: ami-hidden }
    smartRedirect: { mode: owner, secret: redirect-hidden }
    clientId: 0123456789abcdef0123456789abcdef
    integrations:
      retailcrm: { enabled: true, api_url: "http://127.0.0.1:9001", api_key: key-hidden, shelf: 3 }
      uon: { enabled: true, api_key: uon-hidden, subdomain: tour }
`;
