import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOnceWith } from '../../../src/integrations/create-once.js';
import { retailcrm } from '../../../src/integrations/retailcrm/index.js';
import { startRetailCrmStandIn } from '../../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../../standins/retailcrm/server.js';
import { createTestDb } from '../../support/db.js';
import type { TestDb } from '../../support/db.js';
import { attempt, connectLive, freshMemory } from '../delivering.js';
import type { Live } from '../delivering.js';
import { aCall, eventsOf } from '../example-calls.js';

let db: TestDb;
let crm: RetailCrmStandIn;
const lives: Live[] = [];

beforeEach(async () => {
  db = await createTestDb();
  crm = await startRetailCrmStandIn({ sites: ['shop-1'] });
});
afterEach(async () => {
  for (const live of lives.splice(0)) await live.close();
  await crm.stop();
  await db.drop();
});

function connect(changes: Record<string, unknown> = {}): Live {
  const raw = { enabled: true, api_url: crm.url, api_key: 'key-1', user_extensions: { '7': '151' }, ...changes };
  const live = connectLive(retailcrm, raw, {
    createOnce: createOnceWith(db.pool, { enterprise: '0367', type: 'retailcrm', account: 'a' }),
  });
  lives.push(live);
  return live;
}
const RECORD = { step: 'record', class: 'durable' } as const;
const record = (live: Live, facts: Parameters<typeof aCall>[0] = {}) =>
  attempt(live.connection, RECORD, eventsOf(aCall(facts), 'answered', '151').finished, freshMemory());

describe('a client RetailCRM does not know', () => {
  it('is made once, though he calls three times in a moment, and each call is stored', async () => {
    const live = connect({ create_customer: 'in', site: 'shop-1' });
    const first = await Promise.all([record(live), record(live), record(live)]);
    for (const outcome of first) expect(['accepted', 'retry']).toContain(outcome.kind);
    expect(first.filter(({ kind }) => kind === 'accepted').length).toBeGreaterThan(0);
    expect((await record(live)).kind).toBe('accepted');
    expect(crm.state.customers).toEqual([{ phone: '375290000001', firstName: '375290000001' }]);
  });

  it('is not made twice when the answer was lost', async () => {
    const live = connect({ create_customer: 'in' });
    crm.faults.next(1, { kind: 'close-after' }, '/customers/create');
    expect((await record(live)).kind).toBe('unknown');
    expect((await record(live)).kind).toBe('accepted');
    expect(crm.state.customers).toHaveLength(1);
  });

  it.each([
    ['never', {}, 0],
    ['in', { direction: 'out', caller: '151' }, 0],
    ['always', { direction: 'out', caller: '151' }, 1],
    ['always', { external: null }, 0],
  ] as const)('%s, %j: %i', async (create_customer, facts, made) => {
    await record(connect({ create_customer, withheld_phone: '000' }), facts);
    expect(crm.state.customers).toHaveLength(made);
    expect(crm.state.calls).toHaveLength(1);
  });

  it('who is known already is left alone', async () => {
    crm.state.customers.push({ phone: '+375290000001', firstName: 'Petr' });
    await record(connect({ create_customer: 'always' }));
    expect(crm.state.customers).toHaveLength(1);
  });

  it('whom RetailCRM refuses to make does not keep his call from being stored', async () => {
    crm.faults.next(1, { kind: 'status', status: 400, body: '{"success":false,"errorMsg":"No"}' }, '/customers/create');
    expect((await record(connect({ create_customer: 'in' }))).kind).toBe('accepted');
    expect(crm.state.calls).toHaveLength(1);
  });
});

describe('when one of a group answers', () => {
  it('the cards of the others are closed where settings say so, and his stays', async () => {
    const live = connect({ close_for_others: true, user_extensions: { '7': '151', '8': '152' } });
    const { ringing } = eventsOf(aCall(), 'answered', '151');
    const memory = freshMemory();
    await attempt(live.connection, { step: 'card.open', class: 'perishable' }, ringing, memory);
    const answered = { ...ringing, kind: 'call.answered' as const, seq: 3, extension: '151' };
    await attempt(live.connection, { step: 'card.others', class: 'closing' }, answered, memory);
    expect(crm.state.openCards()).toMatchObject([{ code: '151' }]);
  });
});
