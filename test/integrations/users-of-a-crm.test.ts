import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnections } from '../../src/integrations/connections.js';
import type { CrmUser } from '../../src/integrations/contract.js';
import { createCrmUsers, whyNotBelieved } from '../../src/integrations/crm-users.js';
import type { CrmUsers } from '../../src/integrations/crm-users.js';
import { mappingHealth } from '../../src/integrations/mapping-health.js';
import { registry } from '../../src/integrations/registry.js';
import { systemClock } from '../../src/platform/clock.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { createTestDb } from '../support/db.js';
import type { TestDb } from '../support/db.js';
import { quiet } from './settings-ground.js';

const user = (id: number, active = true) => ({ id, firstName: `User ${id}`, active });

describe('the users of an account', () => {
  let db: TestDb;
  let crm: RetailCrmStandIn;
  const http = createUndiciHttp();
  let retailcrm: Record<string, unknown>;
  const turns: AbortController[] = [];

  beforeEach(async () => {
    db = await createTestDb();
    crm = await startRetailCrmStandIn({ users: [1, 2, 3, 4, 5, 6].map((id) => user(id)) });
    retailcrm = { enabled: true, api_url: crm.url, api_key: 'key-1', user_extensions: { '1': '151' } };
  });
  afterEach(async () => {
    for (const turn of turns.splice(0)) turn.abort();
    await crm.stop();
    await db.drop();
  });

  function daemon(): CrmUsers {
    const connections = createConnections({
      registry,
      source: (enterprise) => ({
        enterprise,
        timezone: 'Europe/Minsk',
        on: true,
        anonymous: 'record',
        integrations: { retailcrm },
      }),
      deps: () => ({ http, publicUrl: null }),
      log: quiet,
    });
    return createCrmUsers({
      db: db.pool,
      clock: systemClock,
      log: quiet,
      accounts: () => connections.enabled(['0367']),
      live: (enterprise, type) => connections.of(enterprise, type),
    });
  }
  const run = (users: CrmUsers) => {
    const stop = new AbortController();
    turns.push(stop);
    void users.run(stop.signal);
  };
  const ids = (users: CrmUsers) => users.of('0367', 'retailcrm').map(({ id }) => id);
  const all = ['1', '2', '3', '4', '5', '6'];

  it('are loaded by themselves, and by the next daemon from what is kept, without asking again', async () => {
    const first = daemon();
    expect(first.state('0367', 'retailcrm')).toMatchObject({ users: [], problem: 'not loaded yet' });
    run(first);
    await expect.poll(() => ids(first)).toEqual(all);
    expect(first.of('0367', 'retailcrm')[0]).toEqual({ id: '1', name: 'User 1', extension: '151', active: true });
    const asked = crm.exchanges.length;
    const second = daemon();
    run(second);
    await expect.poll(() => ids(second)).toEqual(all);
    expect(crm.exchanges).toHaveLength(asked);
  });

  it('stay when the CRM cannot be asked, and when its answer is much smaller, until a person says so', async () => {
    const users = daemon();
    await users.load('0367', 'retailcrm');
    crm.faults.next(1, { kind: 'status', status: 500 });
    expect((await users.load('0367', 'retailcrm')).problem).toContain('500');
    expect(ids(users)).toEqual(all);

    crm.state.users.splice(0, 4);
    expect((await users.load('0367', 'retailcrm')).problem).toContain('4 of 6');
    expect(ids(users)).toEqual(all);
    expect(await users.load('0367', 'retailcrm', { force: true })).toMatchObject({ problem: null });
    expect(ids(users)).toEqual(['5', '6']);
  });

  it('are forgotten when the settings point to another account', async () => {
    const users = daemon();
    await users.load('0367', 'retailcrm');
    retailcrm = { ...retailcrm, api_key: 'key-2' };
    expect((await users.load('0367', 'retailcrm')).problem).toContain('apiKey');
    expect(ids(users)).toEqual([]);
  });
});

describe('a list is believed', () => {
  const list = (...ids: string[]): CrmUser[] => ids.map((id) => ({ id, name: id, extension: null, active: true }));
  it.each([
    ['the first', [], list('1')],
    ['one where some left and some came', list('1', '2', '3', '4'), list('3', '4', '5')],
    ['any of a few', list('1', '2', '3'), list('3')],
    ['none after none', [], []],
  ])('%s', (_what, known, came) => expect(whyNotBelieved(known, came)).toBeNull());

  it.each([
    ['an empty one', list('1'), []],
    ['one of dismissed people only', list('1'), [{ ...(list('1')[0] as CrmUser), active: false }]],
    ['one where most are others', list('1', '2', '3', '4'), list('4', '5', '6', '7', '8')],
  ])('but not %s', (_what, known, came) => expect(whyNotBelieved(known, came)).toMatch(/^(the CRM|\d of \d)/));
});

describe('between extensions and users', () => {
  const users: CrmUser[] = [
    { id: '1', name: 'A', extension: '151', active: true },
    { id: '2', name: 'B', extension: '152', active: false },
    { id: '3', name: 'C', extension: '153', active: true },
    { id: '4', name: 'D', extension: '153', active: true },
  ];
  it('what is amiss is named: nobody’s, two people’s, of people who left or never were', () => {
    expect(mappingHealth(['151', '152', '153', '154'], { '2': '152', '9': '155' }, users)).toEqual([
      { kind: 'unmapped', extension: '154' },
      { kind: 'dismissed', extension: '152', user: '2' },
      { kind: 'unknown-user', extension: '155', user: '9' },
      { kind: 'shared', extension: '153', users: ['3', '4'] },
    ]);
  });
  it('nobody is unknown while the list was never loaded', () =>
    expect(mappingHealth(['151'], { '1': '151' }, [])).toEqual([]));
});
