import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/recovery/pace.js';

/** When the first so many of an account go, ms from now. */
function spread(pace: (enterprise: string, type: string) => number, enterprise: string, count: number): number[] {
  return Array.from({ length: count }, () => Math.round(pace(enterprise, 'retailcrm')));
}

describe('history is spread out', () => {
  const clock = { monotonic: () => 1_000_000 };
  const rates = new Map([
    ['0367', 10],
    ['0401', 10],
    ['0402', 1],
    ['0403', 10],
  ]);
  const rateOf = (enterprise: string) => {
    const perSecond = rates.get(enterprise);
    return perSecond === undefined ? null : { perSecond };
  };

  it('lets the first few go at once, then three a second', () => {
    const pace = createPace(clock, rateOf);
    expect(spread(pace, '0367', 10)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(spread(pace, '0367', 4)).toEqual([333, 667, 1_000, 1_333]);
  });

  it('takes half of what a slow account allows', () => {
    expect(spread(createPace(clock, rateOf), '0402', 12).slice(10)).toEqual([2_000, 4_000]);
  });

  it('lets all accounts that are told of history have four a second', () => {
    const pace = createPace(clock, rateOf);
    spread(pace, '0367', 100);
    expect(spread(pace, '0401', 12).slice(10)).toEqual([500, 1_000]);
    expect(spread(pace, '0403', 12).slice(10)).toEqual([750, 1_500]);
  });

  it('counts no account whose history is told', () => {
    let now = 1_000_000;
    const pace = createPace({ monotonic: () => now }, rateOf);
    spread(pace, '0367', 100);
    now += 60_000;
    expect(spread(pace, '0401', 12).slice(10)).toEqual([333, 667]);
  });

  it('holds nothing back where there is no account', () => {
    expect(spread(createPace(clock, rateOf), '0500', 50)).toEqual(Array.from({ length: 50 }, () => 0));
  });
});
