import { expect } from 'vitest';
import { describeTrial } from './short.js';

describeTrial(
  'a line cut, a daemon killed and a PBX restarted while calls ring, talk and end',
  'finishes each of them once and rightly, and shows a card of what rings when it listens again',
  {
    trial: 'aimed',
    versions: [22, 16],
    look({ tallies }) {
      for (const { what, good, of } of tallies) expect(`${what}: ${good}`).toBe(`${what}: ${of}`);
      const met = new Map<string, number>();
      for (const { what, of } of tallies) {
        const [kind = ''] = what.split(',');
        met.set(kind, (met.get(kind) ?? 0) + of);
      }
      for (const [kind, of] of met) expect(of, `${kind} was met`).toBeGreaterThanOrEqual(5);
      expect(met.size).toBe(18);
    },
  },
);
