import { describe, expect, it } from 'vitest';
import type { CallFacts } from '../../src/calls/vocabulary.js';
import { creditSettings, recordsOwed } from '../../src/integrations/credit.js';
import type { Credit } from '../../src/integrations/credit.js';
import { NOON, aCall, eventsOf, handedOn } from './example-calls.js';

type Turns = Parameters<typeof handedOn>[1];

/** In this CRM 151 to 153 are somebody, the mobile is 152's, and nobody else is. */
const ownerOf = (party: string): string | null =>
  ({ '151': 'Ann', '152': 'Boris', '153': 'Vera', '+375290000009': 'Boris' })[party] ?? null;

function owed(call: CallFacts, credit: Credit): string[] {
  return recordsOwed(call, credit, ownerOf).map(
    ({ owner, externalId, talkMs }) => `${externalId.replace(call.externalId, '#')} ${owner} ${talkMs / 1_000}`,
  );
}

const CASES: [what: string, turns: Turns, owed: Record<Credit, string[]>][] = [
  ['one talks', [['151', 30]], { first: ['# Ann 30'], last: ['# Ann 30'], longest: ['# Ann 30'], each: ['# Ann 30'] }],
  [
    'the first hands on at once',
    [
      ['151', 10],
      ['152', 300],
    ],
    { first: ['# Ann 310'], last: ['# Boris 310'], longest: ['# Boris 310'], each: ['# Ann 10', '#/2 Boris 300'] },
  ],
  [
    'the client comes back',
    [
      ['151', 100],
      ['152', 150],
      ['151', 60],
    ],
    { first: ['# Ann 310'], last: ['# Ann 310'], longest: ['# Ann 310'], each: ['# Ann 160', '#/2 Boris 150'] },
  ],
  [
    'two talk equally long',
    [
      ['151', 20],
      ['152', 20],
    ],
    { first: ['# Ann 40'], last: ['# Boris 40'], longest: ['# Ann 40'], each: ['# Ann 20', '#/2 Boris 20'] },
  ],
  [
    'a colleague goes on at his mobile',
    [
      ['152', 20],
      ['151', 30],
      ['+375290000009', 40],
    ],
    { first: ['# Boris 90'], last: ['# Boris 90'], longest: ['# Boris 90'], each: ['# Boris 60', '#/2 Ann 30'] },
  ],
  [
    'somebody the CRM does not know is among them',
    [
      ['199', 100],
      ['151', 10],
      ['199', 200],
    ],
    { first: ['# Ann 310'], last: ['# Ann 310'], longest: ['# Ann 310'], each: ['# Ann 310'] },
  ],
  [
    'nobody is known to the CRM',
    [
      ['199', 100],
      [null, 10],
    ],
    { first: ['# null 110'], last: ['# null 110'], longest: ['# null 110'], each: ['# null 110'] },
  ],
  [
    'nothing told who it was that answered first',
    [
      [null, 50],
      ['152', 10],
    ],
    { first: ['# Boris 60'], last: ['# Boris 60'], longest: ['# Boris 60'], each: ['# Boris 60'] },
  ],
];

describe.each(CASES)('%s', (_what, turns, wanted) => {
  it.each(['first', 'last', 'longest', 'each'] as const)('%s', (credit) => {
    expect(owed(handedOn(aCall(), turns).call, credit)).toEqual(wanted[credit]);
  });
});

describe('a record of each', () => {
  it('begins when its talk did and has waited for nothing, but for the first', () => {
    const { call } = handedOn(aCall(), [
      ['151', 10],
      ['152', 20],
      ['151', 5],
    ]);
    expect(recordsOwed(call, 'each', ownerOf)).toMatchObject([
      { startedAt: NOON, waitMs: 8_000, talkMs: 15_000, spanMs: 39_000 },
      { startedAt: NOON + 21_000, waitMs: 0, talkMs: 20_000, spanMs: 20_000 },
    ]);
  });

  it('in a conference has the seconds of each', () => {
    const { call } = handedOn(aCall(), [
      ['151', 60],
      ['152', 30],
    ]);
    const [one, other] = call.talks;
    if (one && other) Object.assign(other, { from: one.from + 10_000, to: one.from + 40_000 });
    expect(owed(call, 'each')).toEqual(['# Ann 60', '#/2 Boris 30']);
  });
});

describe('a call with no turns told', () => {
  const answered = eventsOf(aCall(), 'answered', '152').finished.call;

  it('is the agent’s whom the dialplan named', () => {
    for (const credit of ['first', 'last', 'longest', 'each'] as const)
      expect(owed({ ...answered, talks: [], talkMs: 0 }, credit)).toEqual(['# Boris 0']);
  });

  it('as an older version stored it, goes by its agents', () => {
    const { talks: _talks, ...older } = { ...answered, agents: ['151', '152'], finalAgent: '152' };
    expect(owed(older as CallFacts, 'first')).toEqual(['# Ann 65']);
    expect(owed(older as CallFacts, 'last')).toEqual(['# Boris 65']);
    expect(owed(older as CallFacts, 'each')).toEqual(['# Ann 65']);
  });
});

it.each(['missed', 'busy', 'abandoned', 'failed'] as const)('a call that was %s is one record of nobody', (result) => {
  const { call } = eventsOf(aCall(), result).finished;
  for (const credit of ['first', 'last', 'longest', 'each'] as const)
    expect(recordsOwed(call, credit, ownerOf)).toMatchObject([
      { owner: null, externalId: call.externalId, waitMs: 8_000 },
    ]);
});

it('who chose nothing has the last; what is no rule is refused', () => {
  expect(creditSettings.credit.parse(undefined)).toBe('last');
  expect(creditSettings.credit.safeParse('all').success).toBe(false);
});
