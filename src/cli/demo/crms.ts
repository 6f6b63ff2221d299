/** The CRMs of the demo: stand-ins with the same three people, each with what its history must say of a call. */
import { startAmoCrmStandIn } from './standins/amocrm/server.js';
import { startBitrix24StandIn } from './standins/bitrix24/server.js';
import { startRetailCrmStandIn } from './standins/retailcrm/server.js';
import type { StandInServer } from './standins/server.js';
import { startTelegramStandIn } from './standins/telegram/server.js';

export interface DemoCrm {
  title: string;
  /** Its key among the integrations of an enterprise. */
  type: string;
  settings: Record<string, unknown>;
  server: StandInServer;
  /** One text a call in its history: direction and result, in its own words. */
  history(): string[];
  /** How it words a result. */
  word(result: string, direction: string): string;
  openCards(): number;
}

const PEOPLE = [
  { id: 6, firstName: 'Vera', lastName: 'Testova', extension: '150' },
  { id: 7, firstName: 'Ann', lastName: 'Testova', extension: '151' },
  { id: 8, firstName: 'Boris', lastName: 'Testov', extension: '152' },
];
const user_extensions = Object.fromEntries(PEOPLE.map(({ id, extension }) => [String(id), extension]));

export function startDemoCrms(): Promise<DemoCrm[]> {
  return Promise.all([retailCrm(), bitrix24(), amoCrm(), telegram()]);
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

const BITRIX_STATUS: Record<string, string> = {
  in_answered: '200',
  in_missed: '304',
  in_busy: '304',
  in_abandoned: '304',
  out_answered: '200',
  out_busy: '486',
};

async function bitrix24(): Promise<DemoCrm> {
  const users = PEOPLE.map(({ id, firstName: name, lastName, extension: inner }) => ({ id, name, lastName, inner }));
  const crm = await startBitrix24StandIn({ users: [{ id: 1, name: 'Olga', lastName: 'Testova' }, ...users] });
  return {
    title: 'Bitrix24',
    type: 'bitrix24',
    settings: { webhook_url: `${crm.url}/rest/1/secret/`, user_extensions },
    server: crm,
    history: () => crm.state.calls.map(({ type, code }) => `${type === 1 ? 'out' : 'in'} status ${code}`),
    word: (result, direction) => `status ${BITRIX_STATUS[`${direction}_${result}`] ?? '?'}`,
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

/** Of a message that is final: a mark and a headline. */
const FINAL = /^([✅❌])(Incoming|We did)?/u;

/** Calls that are all played at once are more than Telegram lets into one chat in so short a time: this one takes ten a second. */
async function telegram(): Promise<DemoCrm> {
  const crm = await startTelegramStandIn({ chats: ['100'], perChatPer3s: 30 });
  const finals = () => crm.state.messages.map(({ text }) => FINAL.exec(text)).filter((match) => match !== null);
  return {
    title: 'Telegram',
    type: 'telegram',
    settings: {
      api_url: crm.url,
      bot_token: '1:abc',
      chat_id: '100',
      language: 'en',
      per_chat: { perSecond: 8, perMinuteInGroup: 20 },
    },
    server: crm,
    history: () => finals().map(([, mark, incoming]) => `${incoming ? 'in' : 'out'} ${mark ?? ''}`),
    word: (result) => (result === 'answered' ? '✅' : '❌'),
    openCards: () => crm.state.messages.length - finals().length,
  };
}
