/** A dialplan that is not as it should be. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { asked, meets } from './crm-trials.js';
import { reaches } from './expecting.js';
import { PASSING_ROUTE } from './office.js';
import { trial } from './trial.js';

/** Every call of a PBX goes through our file: this is for when no other is up. */
export const OURS_IS_GONE = trial('239', 'our own context is taken away while the call waits, and comes back', {
  inbound: ['Set(TRUNKLINE_WAIT=5)'],
  async run(office, here) {
    meets(office, here, { kind: 'delay', ms: 1_500 });
    const probe = await office.asterisk.probe();
    try {
      const call = office.place(here);
      await asked(office, here);
      for (const Extension of ['go', 'release'])
        await probe.action('DialplanExtensionRemove', { Context: 'web-zapros', Extension });
      const { action, reason } = await office.decision(here);
      expect({ action, reason }).toMatchObject({
        action: 'nothing',
        reason: expect.stringContaining('web-zapros') as string,
      });
      await probe.action('Reload', { Module: 'pbx_config' });
      return await reaches(call, here.desk);
    } finally {
      await probe.close();
    }
  },
});

export const DIALPLAN_TRIALS = [
  trial('233', 'the default route is a context that is not there', {
    owner: null,
    inbound: ['Set(TRUNKLINE_DEFAULT=nowhere)', 'Set(TRUNKLINE_LAST_RESORT=PJSIP/234)'],
    run: (office, here) => reaches(office.place(here), '234'),
  }),
  trial('235', 'the default route is not there, nor a last resort', {
    owner: null,
    inbound: ['Set(TRUNKLINE_DEFAULT=nowhere)'],
    async run(office, here) {
      const call = office.place(here);
      await call.call.reached('ringing');
      await sleep(3_000);
      expect({ rang: call.rang(), state: call.call.state }).toEqual({ rang: [], state: 'ringing' });
      await call.call.hangUp();
      return 'it rings on';
    },
  }),
  trial('229', 'a reload takes the default route away while the call waits', {
    owner: null,
    inbound: ['Set(TRUNKLINE_DEFAULT=passing)', 'Set(TRUNKLINE_LAST_RESORT=PJSIP/236)'],
    async run(office, here) {
      meets(office, here, { kind: 'hang' });
      const probe = await office.asterisk.probe();
      try {
        const call = office.place(here);
        await asked(office, here);
        office.asterisk.configure(PASSING_ROUTE.file, '');
        await probe.action('Reload', { Module: 'pbx_config' });
        return await reaches(call, '236');
      } finally {
        await probe.close();
      }
    },
  }),
  trial('237', 'the owner’s target leads into a context that is not there', {
    extensions: [{ number: '237', target: 'Local/300@nowhere' }],
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
  trial('238', 'there is no secret to sign with', {
    inbound: ['Set(TRUNKLINE_SECRET=)'],
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
];
