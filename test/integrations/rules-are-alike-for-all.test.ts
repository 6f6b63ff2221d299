import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallEvent, CallFacts } from '../../src/calls/vocabulary.js';
import type { Plan } from '../../src/integrations/contract.js';
import { owedPlan } from '../../src/integrations/owed-plan.js';
import { peopleOf } from '../../src/integrations/people.js';
import { responsibleFor } from '../../src/integrations/responsible.js';
import { cardsOf, ruleSettings, rulesOf } from '../../src/integrations/rules.js';
import { aCall, eventsOf } from './example-calls.js';

const settings = (changes: object = {}) => z.object(ruleSettings).parse(changes);

/** A CRM that wants everything. */
const connector = {
  plan: (event: CallEvent): Plan =>
    event.kind === 'call.finished'
      ? [
          { step: 'card.close', class: 'closing' },
          { step: 'record', class: 'durable' },
        ]
      : [{ step: 'card.open', class: 'perishable' }],
};

/** What is owed of a call that rang 151 and 152 and was answered by 152: steps or the reason. */
function owed(changes: object, call: Partial<CallFacts> = {}): unknown[] {
  const { ringing, finished } = eventsOf(aCall(call), 'answered', '152');
  return [ringing, finished].map((event) => {
    const plan = owedPlan(connector, settings(changes), event, 'card');
    return 'why' in plan ? plan.why : plan.map(({ step }) => step);
  });
}
const ALL = [['card.open'], ['card.close', 'record']];
const off = (what: string) => Array(2).fill(expect.stringContaining(what) as string);

describe('calls an account is told of', () => {
  it('all with a client, when nobody chose', () => {
    expect(owed({})).toEqual(ALL);
    expect(owed({}, { direction: 'out', caller: '151' })).toEqual(ALL);
    expect(owed({}, { direction: 'internal' })).toEqual(off('internal'));
  });

  it('of one direction', () => {
    expect(owed({ directions: 'out' })).toEqual(off('incoming'));
    expect(owed({ directions: 'in' }, { direction: 'out' })).toEqual(off('outgoing'));
    expect(owed({ directions: 'in' })).toEqual(ALL);
  });

  it('on some lines, however their numbers are written', () => {
    expect(owed({ lines: ['375170000000'] })).toEqual(ALL);
    expect(owed({ lines: [375170000000] })).toEqual(ALL);
    expect(owed({ lines: ['0001363'] })).toEqual(off('+375170000000'));
    expect(owed({ lines: ['0001363'] }, { line: null })).toEqual(off('unknown'));
    expect(owed({ except_lines: ['+375170000000'] })).toEqual(off('+375170000000'));
    expect(owed({ except_lines: ['0001363'] }, { line: null })).toEqual(ALL);
  });

  it('without any card, when they were recovered', () =>
    expect(owed({}, { recovered: true })).toEqual([expect.stringContaining('history') as string, ['record']]));
});

describe('who sees a card', () => {
  const { ringing } = eventsOf(aCall(), 'missed');
  const answered: CallEvent = { ...ringing, kind: 'call.answered', extension: '152' };

  it.each([
    ['ring', ['151', '152'], []],
    ['answer', [], ['152']],
    ['never', [], []],
  ])('%s', (cards, ring, answer) => {
    expect(cardsOf(ringing, settings({ cards }))).toEqual(ring);
    expect(cardsOf(answered, settings({ cards }))).toEqual(answer);
  });

  it('each by his own choice', () => {
    const mixed = settings({ cards: 'never', extension_cards: { '151': 'ring', '152': 'answer' } });
    expect(cardsOf(ringing, mixed)).toEqual(['151']);
    expect(cardsOf(answered, mixed)).toEqual(['152']);
  });

  it('of an outgoing call the caller', () => {
    const call = aCall({ direction: 'out', caller: '153' });
    expect(cardsOf({ ...answered, call, extension: null }, settings({ cards: 'answer' }))).toEqual(['153']);
  });
});

describe('whose a missed call is', () => {
  const people = peopleOf({ '7': '151', '8': '152', '9': '153' }, [], (mobile) =>
    mobile === '+375290000009' ? '153' : null,
  );
  const choose = (
    changes: object,
    owner: string | null | Error,
    talked: string | null,
    call: Partial<CallFacts> = {},
  ) =>
    responsibleFor(eventsOf(aCall(call), 'missed').finished.call, settings(changes), {
      owner: () =>
        owner instanceof Error
          ? Promise.reject(owner)
          : Promise.resolve(owner === null ? null : { userId: owner, extension: null, contactName: null }),
      lastTalked: () => Promise.resolve(talked),
      personOf: people.userOf,
      personOfUser: (id) => (people.extensionOf(id) === null ? null : id),
    });

  it('the first along the chain whom the CRM knows', async () => {
    const last = { default_extension: '151' };
    expect(await choose(last, '9', '152')).toEqual({ person: '9', warnings: [] });
    expect(await choose(last, '99', '+375290000009')).toEqual({ person: '9', warnings: [] });
    expect(await choose(last, null, '999')).toEqual({ person: '8', warnings: [] });
    expect(await choose(last, null, null, { rang: ['999'] })).toEqual({ person: '7', warnings: [] });
    expect(await choose({}, null, null, { rang: [] })).toEqual({ person: null, warnings: [] });
  });

  it('in the order of the settings', async () =>
    expect((await choose({ missed_to: ['rung', 'owner'] }, '9', null)).person).toBe('8'));

  it('of an outgoing call its caller', async () =>
    expect((await choose({}, '9', null, { direction: 'out', caller: '151' })).person).toBe('7'));

  it('the next one, with a warning, when the CRM cannot be asked', async () =>
    expect(await choose({}, new Error('busy'), null)).toEqual({
      person: '8',
      warnings: [expect.stringContaining('busy')],
    }));
});

describe('who is who', () => {
  const user = (id: string, extension: string | null, active = true) => ({ id, name: id, extension, active });

  it('by the settings first, then by what the CRM remembers of those who still work there', () => {
    const people = peopleOf({ '7': '151' }, [
      user('7', '199'),
      user('8', '152'),
      user('9', '153', false),
      user('10', '151'),
    ]);
    expect(['151', '152', '153', '199'].map(people.userOf)).toEqual(['7', '8', null, '7']);
    expect(['7', '8', '9'].map(people.extensionOf)).toEqual(['151', '152', null]);
  });
});

it('settings that know no rules have the defaults', () =>
  expect(rulesOf({ api_key: 'x' })).toMatchObject({ directions: 'both', cards: 'ring', credit: 'last' }));
