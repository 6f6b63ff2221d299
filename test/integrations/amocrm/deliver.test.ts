import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallEvent, CallResult } from '../../../src/calls/vocabulary.js';
import { amocrm } from '../../../src/integrations/amocrm/index.js';
import { attempt, deliverAll, freshMemory } from '../delivering.js';
import { NOON, aCall, eventsOf, handedOn } from '../example-calls.js';
import { OPEN, RECORD, amoCrmGround } from './ground.js';
import type { Ground } from './ground.js';

let ground: Ground;
beforeEach(async () => {
  ground = await amoCrmGround();
});
afterEach(() => ground.stop());

const record = (event: CallEvent, changes: Record<string, unknown> = {}, deps = {}) =>
  attempt(ground.connect(changes, deps).connection, RECORD, event, freshMemory());
const calls = () => ground.sent('/api/v4/calls');
const noted = () => ground.crm.state.notes.map(({ kind, params }) => `${kind} ${String(params['uniq'])}`);

describe('an answered call', () => {
  it('is a pop-up for those who ring and one record, in two requests', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const outcomes = await deliverAll(amocrm, ground.connect(), [ringing, finished]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
    expect(ground.asked()).toEqual(['POST /api/v2/events/', 'POST /api/v4/calls']);
    expect(JSON.parse(ground.crm.exchanges[0]?.body ?? '')).toEqual({
      add: [{ type: 'phone_call', phone_number: '+375290000001', users: [11, 12] }],
    });
    const uniq = finished.call.externalId;
    expect(calls()).toEqual([
      {
        direction: 'inbound',
        uniq,
        duration: 65,
        source: 'Trunkline',
        phone: '+375290000001',
        call_result: 'Answered: 152 1:05; waited 0:08',
        call_status: 4,
        call_responsible: 12,
        responsible_user_id: 12,
        created_by: 12,
        created_at: NOON / 1_000,
        request_id: uniq,
      },
    ]);
    expect(ground.crm.exchanges[1]?.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'content-type': 'application/json',
    });
  });

  it('has the recording’s address when it is one', async () => {
    const { finished } = eventsOf(aCall({ recordingFile: 'https://pbx.example.invalid/1 2.mp3' }), 'answered', '151');
    const path = eventsOf(aCall({ recordingFile: '/var/spool/asterisk/1.wav' }), 'answered', '151');
    await record(finished);
    await record(path.finished);
    expect(calls()).toMatchObject([{ link: 'https://pbx.example.invalid/1%202.mp3' }, {}]);
    expect(calls()[1]).not.toHaveProperty('link');
  });

  it('by a colleague who is no user there has his extension for a name, and somebody responsible', async () => {
    const { finished } = eventsOf(aCall({ rang: ['199', '153'] }), 'answered', '199');
    await record(finished, { missed_to: ['rung'] });
    expect(calls()).toMatchObject([{ call_responsible: '199', responsible_user_id: 13, created_by: 13 }]);
  });

  it('has seconds of the span from answer to end where settings say so', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    finished.call.spanMs = 70_400;
    await record(finished, { duration: 'span' });
    expect(calls()).toMatchObject([{ duration: 70 }]);
  });

  it('says in words who handed it to whom', async () => {
    const event = handedOn(aCall({ queue: 'sales' }), [
      ['151', 10],
      [null, 4],
      ['152', 3_650],
    ]);
    const crmUsers = () => [{ id: '11', name: 'Ann Testova', extension: null, active: true }];
    await record(event, {}, { crmUsers });
    await record({ ...event, call: { ...event.call, approximate: true } }, { language: 'ru' }, { crmUsers });
    expect(calls().map((call) => call['call_result'])).toEqual([
      'Answered: Ann Testova (151) 0:10 → unknown number 0:04 → 152 1:00:50; waited 0:08; queue sales',
      expect.stringMatching(
        /^Разговор состоялся: Ann Testova \(151\) 0:10 → .*; ожидание 0:08; .*приблизительна/,
      ) as string,
    ]);
  });
});

describe('how a call ended', () => {
  it.each([
    ['missed', 6, 'Not answered: 151, 152; waited 0:08'],
    ['busy', 7, 'Busy: 151, 152; waited 0:08'],
    ['failed', 6, 'Could not be connected: 151, 152; waited 0:08'],
    ['abandoned', 6, 'The client hung up before anybody answered: 151, 152; waited 0:08'],
  ] as [CallResult, number, string][])('%s is status %i', async (result, call_status, call_result) => {
    await record(eventsOf(aCall(), result).finished, { missed_to: ['rung'] });
    expect(calls()).toMatchObject([{ call_status, call_result, duration: 0, responsible_user_id: 12, created_by: 12 }]);
    expect(calls()[0]).not.toHaveProperty('call_responsible');
  });

  it('failed is a wrong number where settings say so', async () => {
    await record(eventsOf(aCall(), 'failed').finished, { failed_status: 5 });
    expect(calls()).toMatchObject([{ call_status: 5 }]);
  });
});

describe('an outgoing call', () => {
  it('has no pop-up, and is the caller’s whether it was answered or not', async () => {
    const { ringing, finished } = eventsOf(aCall({ direction: 'out', caller: '151', rang: [] }), 'missed');
    await deliverAll(amocrm, ground.connect(), [ringing, finished]);
    expect(amocrm.plan(ringing, ground.connect().settings)).toEqual({
      why: expect.stringContaining('incoming') as string,
    });
    expect(ground.crm.state.notices).toEqual([]);
    expect(calls()).toMatchObject([
      { direction: 'outbound', call_status: 6, call_responsible: 11, responsible_user_id: 11, created_by: 11 },
    ]);
  });
});

describe('pop-ups', () => {
  it('are for users of amoCRM only, mobiles of theirs included, and never for everybody', async () => {
    const extensionOfMobile = (mobile: string) => (mobile === '+375290000009' ? '153' : null);
    const rang = ['151', '199', '+375290000009', '+375290000008'];
    const { connection } = ground.connect({}, { extensionOfMobile });
    await attempt(connection, OPEN, eventsOf(aCall({ rang }), 'missed').ringing, freshMemory());
    expect(ground.crm.state.notices).toMatchObject([{ users: [11, 13] }]);
    const nobody = eventsOf(aCall({ rang: ['199'] }), 'missed').ringing;
    expect(await attempt(connection, OPEN, nobody, freshMemory())).toMatchObject({ kind: 'skipped' });
    expect(ground.crm.state.notices).toHaveLength(1);
  });

  it('are shown to who answered, where settings want it so', async () => {
    const { ringing } = eventsOf(aCall(), 'missed');
    const answered: CallEvent = { ...ringing, kind: 'call.answered', extension: '152' };
    await deliverAll(amocrm, ground.connect({ cards: 'answer' }), [ringing, answered]);
    expect(ground.crm.state.notices).toMatchObject([{ users: [12] }]);
  });

  it('are not shown twice when the answer to the first was lost', async () => {
    const { ringing } = eventsOf(aCall(), 'missed');
    const { connection } = ground.connect();
    const memory = freshMemory();
    ground.crm.faults.next(1, { kind: 'close-after' });
    expect((await attempt(connection, OPEN, ringing, memory)).kind).toBe('unknown');
    expect((await attempt(connection, OPEN, ringing, memory)).kind).toBe('skipped');
    expect(ground.crm.state.notices).toHaveLength(1);
  });

  it('are taken whatever a yes looks like', async () => {
    ground.crm.faults.next(1, { kind: 'truncated-json' });
    const { ringing } = eventsOf(aCall(), 'missed');
    expect((await attempt(ground.connect().connection, OPEN, ringing, freshMemory())).kind).toBe('accepted');
  });
});

describe('whose a call is that nobody took', () => {
  const missed = (external: string, rang = ['152', '151']) => eventsOf(aCall({ external, rang }), 'missed').finished;

  it('the client’s owner, else who last talked with him, else who rang last', async () => {
    for (const phones of [['+375290000056'], ['+375290000057']]) ground.crm.state.contact({ phones });
    const lastTalked = (phone: string) => Promise.resolve(phone === '+375290000056' ? '153' : null);
    for (const external of ['+375290000001', '+375290000056', '+375290000057'])
      await record(missed(external), {}, { lastTalked });
    expect(calls().map((call) => call['responsible_user_id'])).toEqual([12, 13, 11]);
  });

  it('nobody’s: recorded all the same, with a warning', async () => {
    const outcome = await record(missed('+375290000001', []), { missed_to: ['rung', 'default'] });
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('default_extension')] });
    expect(calls()[0]).not.toHaveProperty('responsible_user_id');
  });

  it('nobody’s who has left, whatever the settings say', async () => {
    const crmUsers = () => [{ id: '12', name: 'Boris', extension: null, active: false }];
    await record(missed('+375290000001'), {}, { crmUsers });
    expect(calls()).toMatchObject([{ responsible_user_id: 11 }]);
  });

  it('a user amoCRM refuses does not cost the record', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    const outcome = await record(finished, { user_extensions: { '99': '151' } });
    expect(outcome).toMatchObject({
      kind: 'accepted',
      warnings: [expect.stringContaining('without a responsible user')],
    });
    expect(noted()).toHaveLength(1);
  });
});

describe('a record that is sent again', () => {
  it('is looked for on the contact, on leads, on companies and on customers first', async () => {
    const { state } = ground.crm;
    const places: (() => void)[] = [
      () => undefined,
      () => void state.lead({ contactIds: [state.contact({ phones: ['+375290000031'] }).id] }),
      () => void state.company({ phones: ['+375290000032'] }),
      () => void state.lead({ companyIds: [state.company({ phones: ['+375290000033'] }).id] }),
      () => void state.customers.push({ id: 7, contactIds: [state.contact({ phones: ['+375290000034'] }).id] }),
    ];
    for (const [index, make] of places.entries()) {
      make();
      const external = index === 0 ? '+375290000001' : `+3752900000${30 + index}`;
      const { finished } = eventsOf(aCall({ external }), 'answered', '151');
      const { connection } = ground.connect();
      const memory = freshMemory();
      ground.crm.faults.next(1, { kind: 'close-after' });
      expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('unknown');
      expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('accepted');
    }
    expect(state.notes.map(({ kind }) => kind)).toEqual(['contacts', 'leads', 'companies', 'leads', 'customers']);
  });

  it('is found among many older calls of the client', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    const [contact] = ground.crm.state.contacts;
    const old = { note_type: 'call_in', params: { uniq: 'old', duration: 1, source: 'x' } } as const;
    for (let nth = 0; nth < 300; nth += 1) ground.crm.state.addNote('contacts', contact?.id ?? 0, old, 1);
    const memory = freshMemory();
    const { connection } = ground.connect();
    ground.crm.faults.next(1, { kind: 'close-after' });
    await attempt(connection, RECORD, finished, memory);
    expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('accepted');
    expect(ground.crm.state.notes).toHaveLength(301);
  });

  it('after a fault of theirs is looked for too: it may have been stored behind it', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    const memory = freshMemory();
    const { connection } = ground.connect();
    ground.crm.faults.next(1, { kind: 'status', status: 504 });
    expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('unknown');
    await attempt(connection, RECORD, finished, memory);
    expect(ground.asked().filter((one) => one === 'POST /api/v4/calls')).toHaveLength(2);
    expect(ground.asked()[1]).toBe('GET /api/v4/contacts');
    expect(noted()).toHaveLength(1);
  });

  it('of several sends what is missing, one a request', async () => {
    const event = handedOn(aCall(), [
      ['151', 10],
      ['152', 50],
      ['153', 5],
    ]);
    const id = event.call.externalId;
    const { connection } = ground.connect({ credit: 'each' });
    const memory = freshMemory();
    const both = { errors: [{ title: 'Busy', request_id: `${id}/2` }], _embedded: { calls: [{ request_id: id }] } };
    ground.crm.faults.next(1, { kind: 'status', status: 200, body: JSON.stringify(both) });
    expect(await attempt(connection, RECORD, event, memory)).toMatchObject({ kind: 'retry', code: 'PARTIAL' });
    await attempt(ground.connect({ credit: 'first' }).connection, RECORD, event, freshMemory());
    expect((await attempt(connection, RECORD, event, memory)).kind).toBe('accepted');
    expect(calls().slice(-2)).toMatchObject([{ uniq: `${id}/2` }, { uniq: `${id}/3` }]);
    expect(noted()).toHaveLength(3);
  });

  it('is not sent while nobody knows whether it is there', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    const memory = freshMemory();
    const { connection } = ground.connect();
    ground.crm.faults.next(1, { kind: 'close-after' });
    await attempt(connection, RECORD, finished, memory);
    ground.crm.faults.next(1, { kind: 'status', status: 500 }, '/notes');
    expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('retry');
    expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('accepted');
    expect(noted()).toHaveLength(1);
  });
});

describe('numbers', () => {
  it.each([
    ['2900000', '2900000'],
    ['8 (029) 000-00-01', '80290000001'],
    ['+79000000001', '+79000000001'],
  ])('%s is sent as %s', async (external, phone) => {
    ground.crm.state.contact({ phones: [external] });
    await record(eventsOf(aCall({ external }), 'answered', '151').finished);
    expect(calls()).toMatchObject([{ phone }]);
  });

  it.each([null, 'hello', '12', '1'.repeat(16)])('%j is none, and the plan says so', (external) => {
    const { ringing, finished } = eventsOf(aCall({ external }), 'missed');
    for (const event of [ringing, finished])
      expect(amocrm.plan(event, ground.connect().settings)).toEqual({
        why: expect.stringContaining('no number') as string,
      });
  });
});
