/** A CRM that is slow, gone or talks nonsense. */
import { expect } from 'vitest';
import type { Fault } from '../../../src/cli/demo/standins/faults.js';
import { until } from '../../support/until.js';
import { reaches } from './expecting.js';
import type { Office } from './office.js';
import type { Seat } from './seat.js';
import { trial } from './trial.js';

/** The question about this client meets a fault. */
export function meets(office: Office, { client }: Seat, fault: Fault): void {
  office.crm.faults.next(1, fault, digitsOf(client));
}

/** Resolves when the CRM has been asked about him. */
export async function asked(office: Office, { client }: Seat): Promise<void> {
  await until(`the question about ${client}`, () => questionsAbout(office, client) > 0);
}

export function questionsAbout({ crm }: Office, client: string): number {
  return crm.exchanges.filter(({ query }) => query.get('phone')?.endsWith(digitsOf(client))).length;
}

const digitsOf = (client: string): string => client.slice(1);

function fails(id: string, what: string, fault: Fault) {
  return trial(id, what, {
    run(office, here) {
      meets(office, here, fault);
      return reaches(office.place(here), here.desk);
    },
  });
}

export const CRM_TRIALS = [
  trial('401', 'the CRM answers too late', {
    async run(office, here) {
      meets(office, here, { kind: 'delay', ms: 3_500 });
      const first = await reaches(office.place(here), here.desk);
      // What it said in the end is known when the client calls again.
      await until('the late answer', () => office.toldAt(here.client));
      return `${first}; when he calls again: ${await reaches(office.place(here), '401')}`;
    },
  }),
  trial('402', 'the CRM answers 100 ms before the deadline', {
    async run(office, here) {
      meets(office, here, { kind: 'delay', ms: 2_400 });
      const call = office.place(here);
      const by = await call.talk();
      // A busy machine may miss a tenth of a second; then nobody but the default route has rung.
      expect([['402'], [here.desk]]).toContainEqual(call.rang());
      return `${by} answered`;
    },
  }),
  fails('403', 'the CRM never answers', { kind: 'hang' }),
  fails('404', 'the CRM answers 500', { kind: 'status', status: 500 }),
  fails('405', 'the CRM shows a web page', { kind: 'html' }),
  fails('406', 'the CRM’s answer is cut', { kind: 'truncated-json' }),
  trial('001', 'no CRM is there', {
    run: (office, here) => reaches(office.place(here), here.desk),
  }),
];

/** Trials that tell how long a caller rang for nothing because of a CRM. */
export const DEAD_CRM = ['403', '001'];
/** Those whose CRM answered that nobody owns the client. */
export const NOBODYS = ['213'];
