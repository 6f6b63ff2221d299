/** What callers do, many of them at once, and who is left alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { headerOf } from '../../pbx/ami-probe.js';
import { asked, meets, questionsAbout } from './crm-trials.js';
import { reaches } from './expecting.js';
import { seat } from './seat.js';
import { trial } from './trial.js';

/** Between a person's digits and what a PBX would do by them. */
const DIGITS_MS = 1_300;
const MANY = Array.from({ length: 20 }, (_, n) => String(240 + n));
const APART_MS = 200;

export const MANY_CALLS = trial('240', `twenty calls at ${1_000 / APART_MS} a second`, {
  async run(office) {
    const outcomes = await Promise.all(
      MANY.map(async (id, n) => {
        await sleep(n * APART_MS);
        return reaches(office.place(seat(id)), id);
      }),
    );
    return `${outcomes.length} answered by their owners`;
  },
});

export const CALLER_TRIALS = [
  trial('221', 'the caller presses # and *2', {
    async run(office, here) {
      const call = office.place(here);
      const manager = await office.phones.incoming((one) => one.who.number === '221');
      await Promise.all([call.call.reached('talking'), manager.reached('talking')]);
      for (const digits of ['#', '222', '*2', '222']) await call.call.dtmf(digits);
      await sleep(DIGITS_MS);
      expect({ rang: call.rang(), caller: call.call.state, manager: manager.state }).toEqual({
        rang: ['221'],
        caller: 'talking',
        manager: 'talking',
      });
      // The same keys do it where they may.
      await manager.dtmf('#');
      await sleep(DIGITS_MS);
      await manager.dtmf('222');
      const next = await office.phones.incoming((one) => one.who.number === '222');
      await next.reached('talking');
      await sleep(APART_MS);
      expect(call.call.state).toBe('talking');
      await call.call.hangUp();
      return 'nothing; the manager’s own # does';
    },
  }),
  trial('223', 'the caller hangs up in the wait', {
    async run(office, here) {
      meets(office, here, { kind: 'delay', ms: 900 });
      const call = office.place(here);
      await asked(office, here);
      await call.call.hangUp();
      await sleep(1_500);
      expect({ rang: call.rang(), status: call.leg.finalStatus }).toEqual({ rang: [], status: 487 });
      return 'nobody rang';
    },
  }),
  trial('224', 'somebody takes the waiting call 100 ms before the deadline', {
    phones: { '225': { then: 'answer', ringMs: 0 } },
    async run(office, here) {
      meets(office, here, { kind: 'delay', ms: 2_450 });
      const probe = await office.asterisk.probe();
      try {
        const call = office.place(here);
        const event = await probe.find(
          (one) => headerOf(one, 'UserEvent') !== undefined && headerOf(one, 'Line') === here.line,
        );
        await sleep(2_400);
        const where = { Context: 'from-trunk', Exten: seat('225').directLine, Priority: '1' };
        await probe.action('Redirect', { Channel: headerOf(event, 'Uniqueid') ?? '', ...where });
        await call.call.reached('talking');
        const by = await call.talk(1_000);
        expect({ rang: call.rang(), by }).toEqual({ rang: ['225'], by: '225' });
        return 'their talk goes on';
      } finally {
        await probe.close();
      }
    },
  }),
  trial('226', 'one client on two lines at once', {
    async run(office, here) {
      meets(office, here, { kind: 'delay', ms: 600 });
      const both = [office.place(here), office.place(here, { line: seat('228').line })];
      const answered = await Promise.all(both.map((call) => call.talk()));
      // The second finds the owner's phone ringing, unless both looked at the same moment.
      expect(answered).toContain('226');
      for (const by of answered) expect(['226', here.desk]).toContain(by);
      expect(questionsAbout(office, here.client)).toBe(1);
      return `${answered.sort().join(' and ')} answered; the CRM was asked once`;
    },
  }),
  trial('227', 'on a line that is left alone', {
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
  trial('230', 'the mobile of a colleague calls', {
    extensions: [{ number: '263', mobile: '+375290000230' }],
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
  trial('231', 'the caller hides his number', {
    inbound: ['Set(TRUNKLINE_DEFAULT=own-phone)'],
    owner: '264',
    run: (office, here) => reaches(office.place(here, { from: 'anonymous' }), here.id),
  }),
  trial('232', 'a colleague calls from his extension', {
    owner: null,
    run: (office, here) => reaches(office.place(here, { from: '269' }), here.desk),
  }),
];
