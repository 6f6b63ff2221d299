/** The settings of smart redirect, through the running daemon and a real database; asked over HTTP, which answers what AMI would do. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const OWNED = '+375290000001';
const TALKED = '+375290000002';
const BOTH = '+375290000003';
const STRANGER = '+375290000004';
const TRANSFERRED = '+375290000005';

const owner = { mode: 'owner' };
/** What each enterprise is there for; its number is its place. */
const ENTERPRISES: Record<string, { smartRedirect?: object; extensions?: object[]; lines?: object[] }> = {
  owner: { smartRedirect: owner },
  'owner, otherwise last': { smartRedirect: { ...owner, otherwise: 'last' } },
  'owner, otherwise first': { smartRedirect: { ...owner, otherwise: 'first' } },
  last: { smartRedirect: { mode: 'last' } },
  first: { smartRedirect: { mode: 'first' } },
  name: { smartRedirect: { mode: 'name' } },
  shadow: { smartRedirect: { mode: 'shadow', shadowOf: 'last' } },
  off: { smartRedirect: { mode: 'off' } },
  'a substitute': { smartRedirect: owner, extensions: [{ number: '151', dnd: true, substitute: '152' }] },
  'not to be disturbed': { smartRedirect: owner, extensions: [{ number: '151', dnd: true }] },
  'working now': { smartRedirect: owner, extensions: [{ number: '151', hours: hoursAround(0) }] },
  'not working now': {
    smartRedirect: owner,
    extensions: [{ number: '151', hours: hoursAround(12), substitute: '152' }],
  },
  'another phone': {
    smartRedirect: { ...owner, localContexts: ['followme'] },
    extensions: [{ number: '151', target: 'Local/300@followme' }],
  },
  'rules by line': {
    smartRedirect: {
      ...owner,
      shows: ['customer', 'line'],
      lines: {
        '*': false,
        '1': true,
        '2': { mode: 'last' },
        '3': { mode: 'name', shows: ['line', 'customer'] },
        '4': { shows: ['line'] },
      },
    },
    lines: ['1', '2', '3', '4', '5'].map((id) => ({ id, name: `Line ${id}` })),
  },
  'shadow whatever a line says': { smartRedirect: { mode: 'shadow', lines: { '1': { mode: 'last' } } } },
};
const NAMES = Object.keys(ENTERPRISES);
const numberOf = (name: string) => `04${String(NAMES.indexOf(name)).padStart(2, '0')}`;

let crm: RetailCrmStandIn;
let running: TestApp;
let asked = 0;

beforeAll(async () => {
  crm = await startRetailCrmStandIn({
    otherPerSecond: 0,
    telephonyPerSecond: 0,
    users: [{ id: 7, firstName: 'Vera', code: '151' }],
    customers: [OWNED, BOTH, TALKED].map((phone) => ({
      phone,
      ...(phone === TALKED ? {} : { managerId: 7 }),
      firstName: 'Ann',
      lastName: 'Example',
    })),
  });
  running = await startTestApp({
    enterprises: NAMES.map((name) =>
      retailCrmEnterprise({
        number: numberOf(name),
        token: `token-${numberOf(name)}`,
        amiPort: null,
        crmUrl: crm.url,
        more: { extensions: [], ...ENTERPRISES[name] },
      }),
    ),
  });
  for (const name of NAMES) await remember(numberOf(name));
}, 60_000);

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await crm.stop();
});

/** Who talked with whom: first 150, then 152; one was handed on, one was never answered, one belongs to another call. */
async function remember(enterprise: string): Promise<void> {
  const calls = [
    { phone: TALKED, day: 1, direction: 'in', result: 'answered', agents: ['150'] },
    { phone: TALKED, day: 2, direction: 'out', result: 'answered', agents: ['152'] },
    { phone: TALKED, day: 3, direction: 'in', result: 'missed', agents: [] },
    { phone: TALKED, day: 4, direction: 'in', result: 'answered', agents: ['159'], mergedInto: randomUUID() },
    { phone: BOTH, day: 1, direction: 'in', result: 'answered', agents: ['153'] },
    { phone: TRANSFERRED, day: 1, direction: 'in', result: 'answered', agents: ['150', '154'] },
  ];
  for (const { phone, day, direction, result, agents, mergedInto = null } of calls)
    await running.db.pool.query(
      `INSERT INTO calls (id, enterprise_number, external_id, pbx, unique_id, direction, phone, answered_by, agents, final_agent,
                          result, started_at, facts, merged_into)
       VALUES ($1::uuid, $2, $1::text, $3, $1::text, $4, $5, $6, $7, $8, $9, timestamptz '2026-01-01' + make_interval(days => $10), '{}', $11)`,
      [
        randomUUID(),
        enterprise,
        `webhook/${enterprise}`,
        direction,
        phone,
        agents[0] ?? null,
        agents,
        agents.at(-1) ?? null,
        result,
        day,
        mergedInto,
      ],
    );
}

/** `151 Ann Example`, or why not. */
async function goes(name: string, phone: string, line = ''): Promise<string> {
  const answer = await fetch(`${running.app.url}/api/smart-redirect/incoming-call`, {
    method: 'POST',
    headers: { token: `token-${numberOf(name)}` },
    body: new URLSearchParams({
      phone,
      unique_id: `1700000000.${(asked += 1)}`,
      channel: 'PJSIP/trunk-00000001',
      trunk: line,
    }),
  });
  const { result } = (await answer.json()) as { result: Record<'target' | 'name' | 'reason', string | null> };
  return [result.target ?? '-', result.name ?? '-', result.reason].join(', ');
}

describe('a call goes', () => {
  it.each([
    ['owner', OWNED, 'PJSIP/151, Ann Example, retailcrm names 151'],
    ['owner', TALKED, '-, Ann Example, nobody owns this client'],
    ['owner', STRANGER, '-, -, nobody owns this client'],
    ['owner, otherwise last', OWNED, 'PJSIP/151, Ann Example, retailcrm names 151'],
    ['owner, otherwise last', TALKED, 'PJSIP/152, Ann Example, last names 152'],
    ['owner, otherwise first', TALKED, 'PJSIP/150, Ann Example, first names 150'],
    ['owner, otherwise last', STRANGER, '-, -, nobody owns this client'],
    ['last', TALKED, 'PJSIP/152, Ann Example, last names 152'],
    ['last', BOTH, 'PJSIP/153, Ann Example, last names 153'],
    ['last', TRANSFERRED, 'PJSIP/154, -, last names 154'],
    ['last', STRANGER, '-, -, nobody has talked with this client'],
    ['first', TALKED, 'PJSIP/150, Ann Example, first names 150'],
    ['first', TRANSFERRED, 'PJSIP/150, -, first names 150'],
    ['name', OWNED, '-, Ann Example, only the name is wanted'],
    ['shadow', TALKED, '-, -, shadow; last names 152'],
    ['off', OWNED, '-, -, smart redirect is off'],
    ['a substitute', OWNED, 'PJSIP/152, Ann Example, 151 does not want to be disturbed'],
    ['not to be disturbed', OWNED, '-, Ann Example, 151 does not want to be disturbed'],
    ['working now', OWNED, 'PJSIP/151, Ann Example, retailcrm names 151'],
    ['not working now', OWNED, 'PJSIP/152, Ann Example, 151 is not at work now'],
    ['another phone', OWNED, 'Local/300@followme, Ann Example, retailcrm names 151'],
  ])('in mode %s, for %s: %s', async (name, phone, wanted) => {
    expect(await goes(name, phone)).toBe(wanted);
  });

  it.each([
    ['1', OWNED, 'PJSIP/151, Ann Example | Line 1, retailcrm names 151'],
    ['1', STRANGER, '-, Line 1, nobody owns this client'],
    ['2', TALKED, 'PJSIP/152, Ann Example | Line 2, last names 152'],
    ['3', OWNED, '-, Line 3 | Ann Example, only the name is wanted'],
    ['4', OWNED, 'PJSIP/151, Line 4, retailcrm names 151'],
    ['5', OWNED, '-, -, smart redirect is off on line 5'],
    ['', OWNED, '-, -, smart redirect is off on this line'],
  ])('by the rule of line %s, for %s: %s', async (line, phone, wanted) => {
    expect(await goes('rules by line', phone, line)).toBe(wanted);
  });

  it('nowhere in shadow, whatever a line says', async () => {
    expect(await goes('shadow whatever a line says', TALKED, '1')).toBe('-, -, shadow; last names 152');
    expect(await goes('shadow whatever a line says', OWNED)).toBe('-, -, shadow; retailcrm names 151');
  });
});

/** An hour long, the middle of it so many hours from now, by the zone enterprises have. */
function hoursAround(hours: number): string {
  const at = (minutes: number) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Minsk', hour: '2-digit', minute: '2-digit' }).format(
      Date.now() + hours * 3_600_000 + minutes * 60_000,
    );
  return `${at(-180)}-${at(180)}`;
}
