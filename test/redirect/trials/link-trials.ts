/** A line to AMI that is cut in the wait, and an AMI user who may not redirect. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { asked, meets } from './crm-trials.js';
import { reaches } from './expecting.js';
import { seat } from './seat.js';
import { trial } from './trial.js';

export const LINK_TRIALS = [
  trial('801', 'AMI is cut in the wait: the CRM answers after, and during; then cut for good', {
    async run(office, here) {
      const [during, never] = [seat('802'), seat('803')];
      const line = office.lines['8'];
      meets(office, here, { kind: 'delay', ms: 1_500 });
      meets(office, during, { kind: 'delay', ms: 400 });
      const calls = [office.place(here), office.place(during)] as const;
      await Promise.all([asked(office, here), asked(office, during)]);
      line.cut();
      await sleep(700);
      line.heal();
      await Promise.all([reaches(calls[0], '801'), reaches(calls[1], '802')]);

      meets(office, never, { kind: 'delay', ms: 300 });
      const third = office.place(never);
      await asked(office, never);
      line.cut();
      const outcome = await reaches(third, here.desk);
      line.heal();
      return `801, 802 answered; ${outcome}`;
    },
  }),
  trial('901', 'the AMI user may neither set a variable nor redirect', {
    async run(office, here) {
      const outcome = await reaches(office.place(here), here.desk);
      expect(await office.decision(here)).toMatchObject({
        action: 'nothing',
        reason: expect.stringContaining('write=call') as string,
      });
      return outcome;
    },
  }),
];
