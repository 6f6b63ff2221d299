import { describe, expect, it } from 'vitest';
import type { CallEvent, CallFacts, Transfer } from '../../../src/calls/vocabulary.js';
import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import type { Step } from '../../../src/integrations/contract.js';
import { attempt, deliverAll, freshMemory } from '../delivering.js';
import { aCall, eventsOf } from '../example-calls.js';
import { aPortal } from './ground.js';

const portal = aPortal();
const CARD: Step = { step: 'card', class: 'perishable' };
const HIDE: Step = { step: 'card.hide', class: 'closing' };

/** The events of a call that was answered by one of those it rang, and hung up. */
function answeredCall(changes: Partial<CallFacts> = {}, by = '152') {
  const call = aCall(changes);
  const { ringing, finished } = eventsOf(call, 'answered', by);
  const talking = { ...finished.call, result: null, endedAt: null };
  const answered: CallEvent = {
    kind: 'call.answered',
    seq: 3,
    at: call.startedAt + 9_000,
    call: talking,
    extension: by,
  };
  return { call, ringing, answered, finished };
}

function transferredTo(answered: CallEvent, to: string | null, changes: Partial<Transfer> = {}): CallEvent {
  const transfer: Transfer = { kind: 'blind', from: '152', to, answered: null, at: answered.at + 10_000, ...changes };
  const call = { ...answered.call, transfers: [transfer] };
  return { kind: 'call.transferred', seq: 4, at: transfer.at, call, transfer };
}

const seeing = () => portal.crm.state.openCards().map(({ userId }) => userId);
const methods = () => portal.sent().map((request) => request.map(({ method }) => method));

describe('requests of a call that was answered and recorded by link', () => {
  const recordingFile = 'https://pbx.example.invalid/rec/1.mp3';

  it('are three for ten managers: registered and shown, hidden, finished with its recording', async () => {
    const rang = Array.from({ length: 10 }, (_, index) => String(151 + index));
    const map = Object.fromEntries(rang.map((extension, index) => [String(11 + index), extension]));
    portal.crm.state.users.push(...rang.slice(3).map((inner, index) => ({ id: 14 + index, name: inner, inner })));
    const live = portal.connect({ user_extensions: map });
    const { ringing, answered, finished } = answeredCall({ rang });
    finished.call.recordingFile = recordingFile;
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing], memory);
    expect(seeing()).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    await deliverAll(bitrix24, live, [answered], memory);
    expect(seeing()).toEqual([12]);
    await deliverAll(bitrix24, live, [finished], memory);
    expect(seeing()).toEqual([]);
    expect(methods()).toEqual([['register', 'show'], ['hide'], ['finish', 'attachRecord']]);
    expect(portal.crm.state.calls).toMatchObject([{ userId: 12, duration: 65, code: '200', recordUrl: recordingFile }]);
  });

  it('are two for one manager', async () => {
    const { ringing, answered, finished } = answeredCall({ rang: ['152'] });
    finished.call.recordingFile = recordingFile;
    const outcomes = await deliverAll(bitrix24, portal.connect(), [ringing, answered, finished]);
    expect(methods()).toEqual([
      ['register', 'show'],
      ['finish', 'attachRecord'],
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'skipped', 'skipped', 'accepted']);
  });

  it('is one where nobody sees cards', async () => {
    const { ringing, answered, finished } = answeredCall();
    finished.call.recordingFile = recordingFile;
    await deliverAll(bitrix24, portal.connect({ cards: 'never' }), [ringing, answered, finished]);
    expect(methods()).toEqual([['register', 'finish', 'attachRecord']]);
  });

  it('of a client the portal does not know are not one more when he is missed', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'missed');
    await deliverAll(bitrix24, portal.connect(), [ringing, finished]);
    // The portal closes the card of whose the record is, and forgets the call: the others' are closed before.
    expect(methods()).toEqual([
      ['register', 'show'],
      ['hide', 'finish'],
    ]);
    expect(portal.crm.state.openCards()).toEqual([]);
    expect(portal.crm.state.calls).toMatchObject([{ userId: 12, code: '304', reason: 'no answer' }]);
  });
});

it('the requests are what the portal wants, to the letter', async () => {
  const { call, ringing, answered, finished } = answeredCall({ rang: ['151', '152'] });
  await deliverAll(bitrix24, portal.connect(), [ringing, answered, finished]);
  const [open] = portal.crm.state.cards;
  expect(portal.sent()).toEqual([
    [
      {
        method: 'register',
        params: {
          USER_ID: '11',
          PHONE_NUMBER: '+375290000001',
          TYPE: '2',
          CALL_START_DATE: '2026-11-20T12:00:00+03:00',
          CRM_CREATE: '0',
          SHOW: '0',
          ADD_TO_CHAT: '0',
          LINE_NUMBER: '+375170000000',
          EXTERNAL_CALL_ID: call.externalId,
        },
      },
      {
        method: 'show',
        params: { CALL_ID: '$result[register][CALL_ID]', 'USER_ID[0]': '11', 'USER_ID[1]': '12' },
      },
    ],
    [{ method: 'hide', params: { CALL_ID: open?.callId, USER_ID: [11] } }],
    [
      {
        method: 'finish',
        params: { CALL_ID: open?.callId, USER_ID: 12, DURATION: 65, STATUS_CODE: '200', ADD_TO_CHAT: 0 },
      },
    ],
  ]);
});

describe('who sees the card', () => {
  it('of an outgoing call is its caller, from the first ring to the end', async () => {
    const call = aCall({ direction: 'out', caller: '151', rang: [] });
    const { ringing, finished } = eventsOf(call, 'missed');
    const live = portal.connect();
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing], memory);
    expect(seeing()).toEqual([11]);
    await deliverAll(bitrix24, live, [finished], memory);
    expect(seeing()).toEqual([]);
    expect(portal.sent()[0]?.[0]?.params).toMatchObject({ TYPE: '1', USER_ID: '11' });
    expect(portal.crm.state.calls).toMatchObject([{ type: 1, userId: 11, code: '480' }]);
  });

  it('are all a cascade has rung, until one of them answers', async () => {
    const { ringing, answered } = answeredCall({ rang: ['151'] }, '153');
    const next: CallEvent = {
      ...ringing,
      seq: 3,
      call: { ...ringing.call, rang: ['151', '153'] },
      extensions: ['153'],
    } as CallEvent;
    const memory = freshMemory();
    await deliverAll(bitrix24, portal.connect(), [ringing, next], memory);
    expect(seeing()).toEqual([11, 13]);
    await deliverAll(bitrix24, portal.connect(), [answered], memory);
    expect(seeing()).toEqual([13]);
    expect(methods()).toEqual([['register', 'show'], ['show'], ['hide']]);
  });

  it('is whoever answered, when he wants it only then, and those who want none see none', async () => {
    const live = portal.connect({ cards: 'answer', extension_cards: { '151': 'ring', '153': 'never' } });
    const { ringing, answered } = answeredCall({ rang: ['151', '152', '153'] });
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing], memory);
    expect(seeing()).toEqual([11]);
    await deliverAll(bitrix24, live, [answered], memory);
    expect(seeing()).toEqual([12]);
    expect(methods()).toEqual([
      ['register', 'show'],
      ['show', 'hide'],
    ]);
  });

  it('is not whoever answered, when it could not be shown at the ring: it would come late', async () => {
    const { answered } = answeredCall();
    expect(await deliverAll(bitrix24, portal.connect(), [answered])).toMatchObject(Array(2).fill({ kind: 'skipped' }));
    expect(portal.crm.exchanges).toHaveLength(0);
  });

  it('is whoever took the call off another phone', async () => {
    const { ringing, answered } = answeredCall({ rang: ['151'] }, '152');
    await deliverAll(bitrix24, portal.connect(), [ringing, answered]);
    expect(seeing()).toEqual([12]);
  });

  it('is nobody, when a phone of nobody here answered', async () => {
    const { ringing, answered } = answeredCall({}, '+375290000008');
    await deliverAll(bitrix24, portal.connect(), [ringing, answered]);
    expect(seeing()).toEqual([]);
  });

  it('are the same as before, when nothing tells who answered', async () => {
    const { ringing, answered } = answeredCall();
    await deliverAll(bitrix24, portal.connect(), [ringing, { ...answered, extension: null } as CallEvent]);
    expect(seeing()).toEqual([11, 12]);
  });

  it('is whom the client is handed to, at once, and not who gave him away', async () => {
    const { ringing, answered } = answeredCall();
    await deliverAll(bitrix24, portal.connect(), [ringing, answered, transferredTo(answered, '153')]);
    expect(seeing()).toEqual([13]);
    expect(methods().at(-1)).toEqual(['show', 'hide']);
  });

  it('are those a department rings, once the client was sent there', async () => {
    const { ringing, answered } = answeredCall();
    const sent = transferredTo(answered, '600');
    const ring: CallEvent = {
      kind: 'call.ringing',
      seq: 5,
      at: sent.at + 1,
      call: sent.call,
      extensions: ['151', '153'],
    };
    await deliverAll(bitrix24, portal.connect(), [ringing, answered, sent, ring]);
    expect(seeing().sort()).toEqual([11, 13]);
  });

  it('does not change with a transfer that came to nothing', async () => {
    const { ringing, answered } = answeredCall();
    await deliverAll(bitrix24, portal.connect(), [
      ringing,
      answered,
      transferredTo(answered, '153', { answered: false }),
    ]);
    expect(seeing()).toEqual([12]);
  });

  it('is whose extension it is, when his mobile answers', async () => {
    const extensionOfMobile = (mobile: string) => (mobile === '+375290000009' ? '152' : null);
    const { ringing, answered } = answeredCall({ rang: ['151', '+375290000009'] }, '+375290000009');
    await deliverAll(bitrix24, portal.connect({}, { extensionOfMobile }), [ringing, answered]);
    expect(seeing()).toEqual([12]);
  });

  it('is known from the portal, or while that is not loaded, by his inner number', async () => {
    const { ringing } = eventsOf(aCall({ rang: ['153'] }), 'missed');
    await deliverAll(bitrix24, portal.connect({ user_extensions: {} }), [ringing]);
    expect(portal.sent()[0]?.[0]?.params).toMatchObject({ USER_PHONE_INNER: '153', SHOW: 1 });
    const crmUsers = () => [{ id: '12', name: 'Boris', extension: '152', active: true }];
    const loaded = portal.connect({ user_extensions: {} }, { crmUsers });
    await deliverAll(bitrix24, loaded, [eventsOf(aCall({ rang: ['152', '153'] }), 'missed').ringing]);
    expect(seeing()).toEqual([13, 12]);
  });

  it('is nobody: nothing is sent', async () => {
    const crmUsers = () => [{ id: '12', name: 'Boris', extension: '152', active: true }];
    const { ringing } = eventsOf(aCall({ rang: ['199'] }), 'missed');
    expect(await deliverAll(bitrix24, portal.connect({ user_extensions: {} }, { crmUsers }), [ringing])).toMatchObject([
      { kind: 'skipped' },
    ]);
    expect(portal.crm.exchanges).toHaveLength(0);
  });
});

describe('a card whose request was not answered', () => {
  it('is hidden from all who may see it by the answer, although its call id was never read', async () => {
    const { ringing, answered, finished } = answeredCall();
    const memory = freshMemory();
    const live = portal.connect();
    portal.crm.faults.next(1, { kind: 'close-after' });
    expect(await deliverAll(bitrix24, live, [ringing], memory)).toMatchObject([{ kind: 'unknown' }]);
    expect(seeing()).toEqual([11, 12]);
    await deliverAll(bitrix24, live, [answered], memory);
    expect(seeing()).toEqual([12]);
    expect(portal.crm.state.open).toHaveLength(1);
    await deliverAll(bitrix24, live, [finished], memory);
    expect(portal.crm.state.calls).toHaveLength(1);
    expect(seeing()).toEqual([]);
  });

  it('is the same card when it is repeated', async () => {
    const { ringing } = eventsOf(aCall(), 'missed');
    const memory = freshMemory();
    const live = portal.connect();
    portal.crm.faults.next(1, { kind: 'truncated-json' });
    await attempt(live.connection, CARD, ringing, memory);
    expect((await attempt(live.connection, CARD, ringing, memory, { number: 2, afterUnknown: true })).kind).toBe(
      'accepted',
    );
    expect(portal.crm.state.cards).toHaveLength(2);
    expect(portal.crm.state.open).toHaveLength(1);
  });

  it('is hidden later by the step that only hides, when the one that also shows had no time', async () => {
    const { ringing, answered } = answeredCall();
    const memory = freshMemory();
    const live = portal.connect();
    await attempt(live.connection, CARD, ringing, memory);
    portal.crm.faults.next(1, { kind: 'status', status: 503 });
    expect((await attempt(live.connection, CARD, answered, memory)).kind).toBe('retry');
    expect((await attempt(live.connection, HIDE, answered, memory)).kind).toBe('accepted');
    expect(seeing()).toEqual([12]);
    expect(JSON.parse(memory.refs['shown'] ?? '')).toEqual([12]);
  });
});

describe('a call that was asked for in the portal by a click', () => {
  const askedFor = async () => ({ call_id: portal.crm.state.open[0]?.callId ?? '' });
  const clicked = () => {
    const asked = { app: '1/secret', userId: 11, phone: '+375290000001', type: 1, line: null, externalId: null };
    const { call } = portal.crm.state.register({ ...asked, startedAt: Date.now() }, false);
    portal.crm.state.show(call, [11]);
    return eventsOf(aCall({ direction: 'out', caller: '151', rang: [] }), 'answered', '151');
  };

  it('is registered and on screen already: it is only finished, under the portal’s own id', async () => {
    const { ringing, finished } = clicked();
    await deliverAll(bitrix24, portal.connect({}, { askedFor }), [ringing, finished]);
    expect(methods()).toEqual([['finish']]);
    expect(portal.crm.state.calls).toMatchObject([{ userId: 11, duration: 65, externalId: null }]);
    expect(seeing()).toEqual([]);
  });

  it('is finished once, though the answer was lost and it bears no id of ours', async () => {
    const { finished } = clicked();
    const { callId } = portal.crm.state.open[0] ?? { callId: '' };
    const live = portal.connect({}, { askedFor: async () => ({ call_id: callId }) });
    portal.crm.faults.next(1, { kind: 'close-after' });
    const record: Step = { step: 'record', class: 'durable' };
    expect((await attempt(live.connection, record, finished, freshMemory())).kind).toBe('unknown');
    const again = await attempt(live.connection, record, finished, freshMemory(), { number: 2, afterUnknown: true });
    expect(again.kind).toBe('accepted');
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('as a callback is registered as one, for the client it was asked for', async () => {
    const { ringing } = eventsOf(aCall({ direction: 'out', caller: '151', rang: [] }), 'missed');
    const wish = { callback: '1', entity_type: 'LEAD', entity_id: '700' };
    await deliverAll(bitrix24, portal.connect({}, { askedFor: async () => wish }), [ringing]);
    expect(portal.crm.state.open).toMatchObject([{ type: 4 }]);
    expect(portal.sent()[0]?.[0]?.params).toMatchObject({ CRM_ENTITY_TYPE: 'LEAD', CRM_ENTITY_ID: '700' });
  });

  it('of which nothing came is cancelled and off the screen, once and again', async () => {
    clicked();
    const refs = await askedFor();
    const { connection } = portal.connect();
    for (let time = 1; time <= 2; time += 1)
      expect((await connection.dropAsked?.(refs, '151', AbortSignal.timeout(5_000)))?.kind).toBe('accepted');
    expect(portal.crm.state.calls).toMatchObject([{ userId: 11, code: '603-S', duration: 0 }]);
    expect(seeing()).toEqual([]);
    expect((await connection.dropAsked?.({ callback: '1' }, '151', AbortSignal.timeout(5_000)))?.kind).toBe('skipped');
  });
});

describe('what is planned', () => {
  const WEBHOOK = { webhook_url: 'https://demo.bitrix24.ru/rest/1/secret/' };
  const settings = bitrix24.settings.parse({
    ...WEBHOOK,
    cards: 'ring',
    extension_cards: { '153': 'answer' },
  });
  const plan = (event: CallEvent, chosen = settings) => bitrix24.plan(event, chosen);

  it('what only hides waits a moment, what somebody waits for does not', () => {
    const { ringing, answered, finished } = answeredCall();
    expect(plan(ringing)).toEqual([{ step: 'card', class: 'perishable', latest: true }]);
    expect(plan(answered)).toEqual([{ step: 'card', class: 'perishable', latest: true, holdMs: 500 }, HIDE]);
    expect(plan({ ...answered, extension: '153' } as CallEvent)).toEqual([
      { step: 'card', class: 'perishable', latest: true },
      HIDE,
    ]);
    expect(plan(finished)).toEqual([{ step: 'record', class: 'durable' }]);
  });

  it('nothing, with the reason where one is owed', () => {
    const { ringing, answered } = answeredCall();
    const none = bitrix24.settings.parse({ ...WEBHOOK, cards: 'never' });
    expect(plan(ringing, none)).toMatchObject({ why: expect.stringContaining('card') as string });
    expect(plan(answered, none)).toEqual([]);
    expect(plan(eventsOf(aCall({ external: null }), 'missed').finished)).toMatchObject({
      why: expect.stringContaining('withheld_phone') as string,
    });
  });
});
