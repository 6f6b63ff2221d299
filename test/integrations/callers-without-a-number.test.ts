import { describe, expect, it } from 'vitest';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { createConnections } from '../../src/integrations/connections.js';
import type { IntegrationSource } from '../../src/integrations/connections.js';
import { registry } from '../../src/integrations/registry.js';
import { createLogger } from '../../src/platform/log.js';
import { aCall, eventsOf } from './example-calls.js';

type Choice = IntegrationSource['anonymous'];

/** What RetailCRM is owed while it rings and when it ended: names of steps, or why none. */
function owed(anonymous: Choice, call: Partial<CallFacts>, settings: object = { withheld_phone: '000' }) {
  const retailcrm = { enabled: true, api_url: 'https://demo.retailcrm.ru', api_key: 'key-1', ...settings };
  const connections = createConnections({
    registry,
    source: (enterprise) => ({
      enterprise,
      timezone: 'Europe/Minsk',
      on: true,
      anonymous,
      integrations: { retailcrm },
    }),
    deps: () => ({ http: { request: () => Promise.reject(new Error('nothing is sent here')) }, publicUrl: null }),
    log: createLogger('silent'),
  });
  const { ringing, finished } = eventsOf(aCall({ external: null, ...call }), 'answered', '151');
  return [ringing, finished].map((event) => {
    const plan = connections.plan('0367', event)[0]?.plan ?? [];
    return 'why' in plan ? plan.why : plan.map(({ step }) => step);
  });
}

const saying = (...words: string[]) => expect.stringMatching(new RegExp(words.join('.*'))) as string;

describe('of a caller without a number a CRM is told', () => {
  it('the finished call and no card, when nobody chose', () =>
    expect(owed('record', {})).toEqual([saying('no number', 'no card'), ['card.close', 'record']]));

  it('the card as well, where the enterprise wants it', () =>
    expect(owed('card', {})).toEqual([['card.open'], ['card.close', 'record']]));

  it('nothing, where the enterprise ignores them', () =>
    expect(owed('ignore', {})).toEqual([saying('ignores'), saying('ignores')]));

  it.each(['record', 'card', 'ignore'] as const)('nothing it keeps no calls of, and the reason (%s)', (choice) =>
    expect(owed(choice, {}, {})).toEqual([saying('withheld_phone'), saying('withheld_phone')]),
  );

  it('the same as of one who wrote no number at all', () => {
    for (const external of ['hello', '1\\2']) {
      expect(owed('record', { external })).toEqual([saying('no card'), ['card.close', 'record']]);
      expect(owed('ignore', { external })).toEqual([saying('ignores'), saying('ignores')]);
    }
  });
});

describe('the choice does not touch', () => {
  it.each(['+375290000001', '2900000', '10010'])('a caller with a number (%s)', (external) =>
    expect(owed('ignore', { external })).toEqual([['card.open'], ['card.close', 'record']]),
  );

  it.each(['record', 'card', 'ignore'] as const)('an outgoing call whose number was not learnt (%s)', (choice) =>
    expect(owed(choice, { direction: 'out', caller: '151' })).toEqual([saying('no card'), ['card.close', 'record']]),
  );

  it('an internal call, which is nobody’s', () =>
    expect(owed('card', { direction: 'internal', caller: '152' })).toEqual([saying('internal'), saying('internal')]));
});
