/** What an enterprise may want of smart redirect. */
import { expect } from 'vitest';
import type { Office } from './office.js';
import { reaches } from './expecting.js';
import type { Seat } from './seat.js';
import { seat } from './seat.js';
import { trial } from './trial.js';

/** Talks with this phone by a line that leads there, and waits until the talk is in the enterprise's history. */
async function talksWith(office: Office, here: Seat, phone: string): Promise<void> {
  await reaches(office.place(here, { line: seat(phone).directLine }), phone);
  await office.recorded(here.client, phone);
}

export const MODE_TRIALS = [
  trial('301', 'mode last, a client who talked with two', {
    owner: '304',
    async run(office, here) {
      for (const phone of ['302', '303']) await talksWith(office, here, phone);
      return reaches(office.place(here), '303');
    },
  }),
  trial('311', 'mode first, a client who talked with two', {
    owner: '314',
    async run(office, here) {
      for (const phone of ['312', '313']) await talksWith(office, here, phone);
      return reaches(office.place(here), '312');
    },
  }),
  trial('501', 'mode name', {
    async run(office, here) {
      const call = office.place(here);
      const outcome = await reaches(call, here.desk);
      const [leg] = call.ringing();
      const invite = office.phones.trace().find(({ callId }) => callId === leg?.callId);
      expect(invite?.text).toMatch(/^From: "Client 501" </m);
      return `${outcome}, shown “Client 501”`;
    },
  }),
  trial('601', 'mode shadow', {
    async run(office, here) {
      const outcome = await reaches(office.place(here), here.desk);
      expect(await office.decision(here)).toMatchObject({
        action: 'release',
        chosen: '601',
        reason: expect.stringMatching(/^shadow/) as string,
      });
      return `${outcome}; 601 would have been chosen`;
    },
  }),
  trial('701', 'mode off', {
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
];
