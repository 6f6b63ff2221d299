/** Whether the owner can take the call, and what his client hears if not. */
import { expect } from 'vitest';
import { reaches } from './expecting.js';
import { TWO_PHONES } from './office.js';
import { seat } from './seat.js';
import { trial } from './trial.js';
import type { Office } from './office.js';

/** A day that is not this one, wherever on earth. */
const ANOTHER_DAY = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7];
const NEVER_NOW = `${ANOTHER_DAY} 09:00-18:00`;
/** A busy machine's, and less than a phone rings in vain. */
const AT_ONCE_MS = 2_500;

/** Somebody else talks with this phone while `meanwhile` runs. */
async function whileTalking<T>(office: Office, phone: string, by: string, meanwhile: () => Promise<T>): Promise<T> {
  const other = office.place(seat(by), { line: seat(phone).directLine });
  await other.call.reached('talking');
  const result = await meanwhile();
  await other.call.hangUp();
  return result;
}

export const OWNER_TRIALS = [
  trial('201', 'the owner is free', {
    run: (office, here) => reaches(office.place(here), '201'),
  }),
  trial('202', 'the owner is in a call', {
    run: (office, here) =>
      whileTalking(office, '202', '260', async () => {
        const call = office.place(here);
        const outcome = await reaches(call, here.desk);
        expect(call.waitedMs()).toBeLessThan(AT_ONCE_MS);
        return outcome;
      }),
  }),
  trial('203', 'the owner’s phone says it is busy', {
    phones: { '203': { then: 'busy', ringMs: 0 } },
    async run(office, here) {
      const call = office.place(here);
      const outcome = await reaches(call, '203', here.desk);
      expect(call.waitedMs()).toBeLessThan(AT_ONCE_MS);
      return outcome;
    },
  }),
  trial('204', 'the owner’s phone is not there', {
    async run(office, here) {
      const call = office.place(here);
      const outcome = await reaches(call, here.desk);
      expect(call.waitedMs()).toBeLessThan(AT_ONCE_MS);
      return outcome;
    },
  }),
  trial('205', 'the owner does not answer', {
    phones: { '205': { then: 'ring-on' } },
    run: (office, here) => reaches(office.place(here), '205', here.desk),
  }),
  trial('206', 'the owner declines', {
    phones: { '206': { then: 'decline', ringMs: 300 } },
    run: (office, here) => reaches(office.place(here), '206', here.desk),
  }),
  trial('207', 'the owner does not want to be disturbed', {
    extensions: [{ number: '207', dnd: true }],
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
  trial('208', 'the owner is not at work', {
    extensions: [{ number: '208', hours: NEVER_NOW }],
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
  trial('209', 'the owner is away and has a substitute', {
    extensions: [{ number: '209', dnd: true, substitute: '210' }],
    run: (office, here) => reaches(office.place(here), '210'),
  }),
  trial('211', 'the owner is in a call and has a substitute', {
    extensions: [{ number: '211', substitute: '212' }],
    run: (office, here) => whileTalking(office, '211', '261', () => reaches(office.place(here), '212')),
  }),
  trial(TWO_PHONES, 'the owner has two phones', {
    phones: { [TWO_PHONES]: { then: 'answer', ringMs: 600 }, [`${TWO_PHONES}b`]: { then: 'ring-on' } },
    async run(office, here) {
      const call = office.place(here);
      const by = await call.talk();
      expect({ rang: call.rang().sort(), by }).toEqual({ rang: ['220', '220b'], by: '220' });
      return 'both rang, 220 answered';
    },
  }),
  trial('213', 'nobody owns the client', {
    owner: null,
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
];
