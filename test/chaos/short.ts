/** A trial at its short settings, as a test: at least five rounds, and the account must add up. */
import { expect, test } from 'vitest';
import { describeWith } from '../pbx/available.js';
import type { Figures } from './settle.js';
import { openStage } from './stage.js';
import { SHORT_TIMES } from './times.js';
import { TRIALS } from './trials.js';

export interface ShortTrial {
  trial: string;
  versions: readonly (16 | 22)[];
  /** What else the figures must show; violations are looked at before. */
  look?(figures: Figures): void;
}

export function describeTrial(name: string, outcome: string, { trial: key, versions, look }: ShortTrial): void {
  const parts = versions.map((version) => `asterisk-${version}` as const);
  describeWith(['sipp', ...parts], name, () => {
    test(outcome, { timeout: 420_000 }, async () => {
      const trial = TRIALS[key];
      if (!trial) throw new Error(`no trial ${key}`);
      await using stage = await openStage({
        versions,
        times: SHORT_TIMES,
        posting: trial.posting,
        recovery: trial.recovery ?? false,
        dialplan: trial.dialplan,
      });
      const figures = await trial.run(stage, { short: true });
      expect(figures.violations, figures.violations.join('\n').slice(0, 6_000)).toEqual([]);
      const judged = figures.tallies.reduce((sum, { of }) => sum + of, 0);
      expect(Math.max(figures.rounds, judged)).toBeGreaterThanOrEqual(5);
      for (const account of Object.values(figures.accounts)) {
        const told = JSON.stringify(figures.accounts);
        expect(account.calls, told).toBeGreaterThan(20);
        expect(account.cards, told).toBeGreaterThan(0);
        expect(account.records, told).toBeGreaterThan(0);
      }
      look?.(figures);
    });
  });
}
