/** The CRMs of the demo: stand-ins with the same three people, each with what its history must say of a call. */
import { startAmoCrmStandIn } from './standins/amocrm/server.js';
import { startRetailCrmStandIn } from './standins/retailcrm/server.js';
import type { StandInServer } from './standins/server.js';

export interface DemoCrm {
  title: string;
  /** Its key among the integrations of an enterprise. */
  type: string;
  settings: Record<string, unknown>;
  server: StandInServer;
  /** One text a call in its history: direction and result, in its own words. */
  history(): string[];
  /** How it words a result. */
  word(result: string): string;
  openCards(): number;
}

const PEOPLE = [
  { id: 6, firstName: 'Vera', lastName: 'Testova', extension: '150' },
  { id: 7, firstName: 'Ann', lastName: 'Testova', extension: '151' },
  { id: 8, firstName: 'Boris', lastName: 'Testov', extension: '152' },
];
const user_extensions = Object.fromEntries(PEOPLE.map(({ id, extension }) => [String(id), extension]));

export function startDemoCrms(): Promise<DemoCrm[]> {
  return Promise.all([retailCrm(), amoCrm()]);
}

async function retailCrm(): Promise<DemoCrm> {
  const crm = await startRetailCrmStandIn({
    users: PEOPLE.map(({ extension: code, ...person }) => ({ ...person, code })),
  });
  return {
    title: 'RetailCRM',
    type: 'retailcrm',
    settings: { api_url: crm.url, api_key: 'key-1', user_extensions },
    server: crm,
    history: () => crm.state.calls.map((call) => `${call.type} ${call.result}`),
    word: (result) => (result === 'missed' || result === 'abandoned' ? 'no answer' : result),
    openCards: () => crm.state.openCards().length,
  };
}

const AMO_STATUS: Record<string, number> = { answered: 4, busy: 7 };

async function amoCrm(): Promise<DemoCrm> {
  const users = PEOPLE.map(({ id, firstName, lastName }) => ({ id, name: `${firstName} ${lastName}` }));
  const crm = await startAmoCrmStandIn({ users });
  return {
    title: 'amoCRM',
    type: 'amocrm',
    settings: { base_url: crm.url, access_token: 'token-1', user_extensions },
    server: crm,
    history: () =>
      crm.state.notes.map(
        ({ noteType, params }) => `${noteType === 'call_out' ? 'out' : 'in'} status ${String(params['call_status'])}`,
      ),
    word: (result) => `status ${AMO_STATUS[result] ?? 6}`,
    openCards: () => 0,
  };
}
