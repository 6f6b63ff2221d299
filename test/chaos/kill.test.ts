import { expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import { kills } from './kills.js';
import { openStage } from './stage.js';

describeWith(['sipp', 'asterisk-16', 'asterisk-22'], 'a daemon killed again and again under calls', () => {
  test(
    'leaves one record of every call it had heard of, and lists when it heard nothing',
    { timeout: 180_000 },
    async () => {
      await using stage = await openStage({ versions: [22, 16], times: 'short' });
      const figures = await kills(stage, { kills: 6, lifeMs: 3_000, perSecond: 3, talkSeconds: [1, 4] });
      expect(figures.violations.join('\n')).toBe('');
      for (const account of Object.values(figures.accounts)) {
        expect(account.calls).toBeGreaterThan(20);
        expect(account.records + account.inGaps).toBe(account.calls);
      }
    },
  );
});
