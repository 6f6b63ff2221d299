import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { createTestDb } from '../../support/db.js';
import type { TestDb } from '../../support/db.js';
import { startCrm } from './crm.js';
import type { TestCrm } from './crm.js';
import { createRig } from './rig.js';
import type { Rig, RigOptions } from './rig.js';

export interface Ground {
  readonly db: TestDb;
  crm: TestCrm;
  rig: Rig;
}

/** One database for a file of tests; for each of them empty tables, a CRM and a rig that tells it, put in place before it begins. */
export function groundForEach(settings: RigOptions['settings'] = {}): Ground {
  const ground = {} as { -readonly [K in keyof Ground]: Ground[K] };
  beforeAll(async () => {
    ground.db = await createTestDb({ max: 10 });
  });
  afterAll(() => ground.db.drop());
  beforeEach(async () => {
    await ground.db.pool.query('TRUNCATE deliveries, delivery_refs, integration_logs, leases');
    ground.crm = await startCrm();
    ground.rig = createRig({ pool: ground.db.pool, settings });
    ground.rig.account(ground.crm.url);
  });
  afterEach(async () => {
    await ground.rig.close();
    await ground.crm.close();
  });
  return ground;
}
