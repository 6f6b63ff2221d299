import { describe, expect, it } from 'vitest';
import type { CallEvent, CallResult } from '../../../src/calls/vocabulary.js';
import { bitrix24 } from '../../../src/integrations/bitrix24/index.js';
import type { Step } from '../../../src/integrations/contract.js';
import { attempt, deliverAll, freshMemory } from '../delivering.js';
import type { Live, Memory } from '../delivering.js';
import { aCall, eventsOf, handedOn } from '../example-calls.js';
import { aPortal } from './ground.js';

const portal = aPortal({
  clients: [{ type: 'CONTACT', id: 797, phone: '+375290000001', name: 'Petr', assignedTo: 13 }],
});
const RECORD: Step = { step: 'record', class: 'durable' };
const FINISH = 'telephony.externalCall.finish';
const URL_OF_RECORDING = 'https://pbx.example.invalid/rec/1.mp3';

const send = (live: Live, event: CallEvent, memory: Memory = freshMemory(), changes = {}) =>
  attempt(live.connection, RECORD, event, memory, changes);
const answered = () => eventsOf(aCall(), 'answered', '152').finished;
const methods = () => portal.sent().map((request) => request.map(({ method }) => method));

describe('how a call ended', () => {
  it.each([
    ['in', 'answered', '200', 65, ''],
    ['in', 'missed', '304', 0, 'no answer'],
    ['in', 'busy', '304', 0, 'busy'],
    ['in', 'abandoned', '304', 0, 'the caller hung up'],
    ['in', 'failed', '503', 0, 'failed'],
    ['out', 'answered', '200', 65, ''],
    ['out', 'missed', '480', 0, 'no answer'],
    ['out', 'busy', '486', 0, 'busy'],
    ['out', 'abandoned', '603-S', 0, 'the caller hung up'],
    ['out', 'failed', '503', 0, 'failed'],
  ] as const)('%s %s is %s', async (direction, result, code, duration, reason) => {
    const call = aCall(direction === 'out' ? { direction, caller: '151', rang: [] } : {});
    const { finished } = eventsOf(call, result, direction === 'out' ? '151' : '152');
    expect((await send(portal.connect(), finished)).kind).toBe('accepted');
    expect(portal.crm.state.calls).toMatchObject([{ code, duration, reason, type: direction === 'out' ? 1 : 2 }]);
  });

  it('is told as the portal wants it, where settings say so', async () => {
    const { finished } = eventsOf(aCall(), 'busy');
    await send(portal.connect({ status_codes: { in_busy: '486' } }), finished);
    expect(portal.crm.state.calls).toMatchObject([{ code: '486' }]);
  });

  it('has seconds of talk, or from answer to end, and 200 however short', async () => {
    const [one, other] = [answered(), answered()];
    Object.assign(one.call, { talkMs: 400, spanMs: 69_500 });
    Object.assign(other.call, { talkMs: 60_499, spanMs: 69_500 });
    await send(portal.connect(), one);
    await send(portal.connect({ duration: 'span' }), other);
    expect(portal.crm.state.calls).toMatchObject([
      { duration: 0, code: '200' },
      { duration: 70, code: '200' },
    ]);
  });
});

describe('exactly one record', () => {
  it.each(['close-after', 'truncated-json', 'lying-length'] as const)(
    'of a call registered by its card, when the answer to its finish was lost (%s)',
    async (kind) => {
      const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
      const live = portal.connect();
      const memory = freshMemory();
      await deliverAll(bitrix24, live, [ringing], memory);
      portal.crm.faults.next(1, { kind });
      expect((await send(live, finished, memory)).kind).toBe('unknown');
      expect((await send(live, finished, memory, { number: 2, afterUnknown: true })).kind).toBe('accepted');
      expect(portal.crm.state.calls).toHaveLength(1);
      expect(methods().slice(2)).toEqual([['voximplant.statistic.get']]);
    },
  );

  it('is looked for before it is finished again, and finished when it is not there', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const live = portal.connect();
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing], memory);
    portal.crm.faults.next(1, { kind: 'close-before' });
    await send(live, finished, memory);
    await send(live, finished, memory, { number: 2, afterUnknown: true });
    expect(methods().slice(2)).toEqual([['voximplant.statistic.get'], ['hide', 'finish']]);
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('although "Call is not found" answers a repeat: that counts only when the statistics have it', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const live = portal.connect();
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing, finished], memory);
    expect((await send(live, finished, memory)).kind).toBe('accepted');
    expect(methods().slice(2)).toEqual([['hide', 'finish'], ['voximplant.statistic.get']]);
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('of a call the portal has lost: it is registered and finished anew', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const live = portal.connect();
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing], memory);
    portal.crm.state.open.splice(0);
    expect((await send(live, finished, memory)).kind).toBe('accepted');
    expect(portal.crm.state.calls).toMatchObject([{ externalId: finished.call.externalId, userId: 12 }]);
    // Under its new id it is found by ours.
    expect((await send(live, finished, memory, { afterUnknown: true })).kind).toBe('accepted');
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('of a call whose registration was not answered either', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const live = portal.connect();
    const memory = freshMemory();
    portal.crm.faults.next(2, { kind: 'close-after' });
    await deliverAll(bitrix24, live, [ringing], memory);
    expect((await send(live, finished, memory)).kind).toBe('unknown');
    expect((await send(live, finished, memory, { number: 2, afterUnknown: true })).kind).toBe('accepted');
    expect(portal.crm.state.calls).toHaveLength(1);
    expect(portal.crm.state.open).toEqual([]);
    expect(portal.crm.state.openCards()).toEqual([]);
  });

  it('of a recovered call that an earlier life told already', async () => {
    const event = answered();
    await send(portal.connect(), event);
    event.call.recovered = true;
    expect((await send(portal.connect(), event)).kind).toBe('accepted');
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('by what the portal itself says of the call of a card, when the key may not view statistics and an answer was lost', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const live = portal.connect();
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [ringing], memory);
    portal.crm.moods.statistics = false;
    portal.crm.faults.next(1, { kind: 'close-after' });
    expect((await send(live, finished, memory)).kind).toBe('unknown');
    const again = await send(live, finished, memory, { number: 2, afterUnknown: true });
    expect(again).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('statistics')] });
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('for nobody but a person to judge, when the key may not view statistics and an answer was lost', async () => {
    const event = answered();
    const live = portal.connect();
    portal.crm.moods.statistics = false;
    portal.crm.faults.next(1, { kind: 'close-after' });
    expect((await send(live, event)).kind).toBe('unknown');
    const again = await send(live, event, freshMemory(), { number: 2, afterUnknown: true });
    expect(again).toMatchObject({ kind: 'rejected', code: 'UNSURE' });
    expect(again).not.toHaveProperty('config');
    expect(portal.crm.state.calls).toHaveLength(1);
    // What was never sent needs no look.
    const other = answered();
    other.call.recovered = true;
    expect(await send(live, other)).toMatchObject({
      kind: 'accepted',
      warnings: [expect.stringContaining('statistics')],
    });
  });
});

describe('with one record for each who talked', () => {
  const each = () => portal.connect({ credit: 'each' });
  const call = () =>
    handedOn(aCall(), [
      ['151', 10],
      ['152', 50],
      ['153', 5],
    ]);
  const stored = () => portal.crm.state.calls.map(({ externalId, userId, duration }) => [externalId, userId, duration]);

  it('the first is the call of the card, and all are finished in one request', async () => {
    const event = call();
    const { externalId: id } = event.call;
    const live = each();
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [eventsOf(event.call, 'answered', '151').ringing], memory);
    await send(live, event, memory);
    expect(stored()).toEqual([
      [id, 11, 10],
      [`${id}/2`, 12, 50],
      [`${id}/3`, 13, 5],
    ]);
    expect(methods().slice(1)).toEqual([
      ['voximplant.statistic.get', 'voximplant.statistic.get', 'voximplant.statistic.get'],
      ['hide', 'finish', 'register', 'finish', 'register', 'finish'],
    ]);
    expect(portal.crm.state.open).toEqual([]);
  });

  it('of which some are there is complete with the others', async () => {
    const event = call();
    await send(portal.connect({ credit: 'first' }), event);
    expect((await send(each(), event)).kind).toBe('accepted');
    expect(stored().map(([id]) => id)).toEqual([
      event.call.externalId,
      `${event.call.externalId}/2`,
      `${event.call.externalId}/3`,
    ]);
  });

  it('of which one is refused for now is unknown, and complete the next time', async () => {
    const event = call();
    const live = each();
    portal.crm.moods.troubles = [{ method: FINISH, after: 1, error: 'ERROR_CORE', text: 'Unexpected database error' }];
    expect((await send(live, event)).kind).toBe('unknown');
    expect((await send(live, event, freshMemory(), { number: 2, afterUnknown: true })).kind).toBe('accepted');
    expect(stored()).toHaveLength(3);
  });
});

describe('whose a call is that nobody took', () => {
  it('the client’s owner, whether he has a phone here or not', async () => {
    const { finished } = eventsOf(aCall({ rang: ['151'] }), 'missed');
    await send(portal.connect({ user_extensions: { '11': '151' } }), finished);
    expect(methods()).toEqual([['searchCrmEntities'], ['register', 'finish']]);
    expect(portal.crm.state.calls).toMatchObject([{ userId: 13, client: { id: 797 } }]);
  });

  it('the next along the chain when he has left, or when the portal cannot be asked', async () => {
    const crmUsers = () => [{ id: '13', name: 'Vera', extension: '153', active: false }];
    await send(portal.connect({}, { crmUsers }), eventsOf(aCall({ rang: ['151'] }), 'missed').finished);
    portal.crm.moods.troubles = [
      { method: 'telephony.externalCall.searchCrmEntities', status: 500, error: 'INTERNAL_SERVER_ERROR', text: '' },
    ];
    const outcome = await send(portal.connect(), eventsOf(aCall({ rang: ['152'] }), 'missed').finished);
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('owner')] });
    expect(portal.crm.state.calls.map(({ userId }) => userId)).toEqual([11, 12]);
  });

  it.each([
    [{ default_extension: '153' }, 13],
    [{ user_id: '12' }, 12],
    [{}, 1],
  ])('with nobody at all: %j', async (changes, userId) => {
    const { finished } = eventsOf(aCall({ external: '+375290000002', rang: [] }), 'abandoned');
    await send(portal.connect(changes), finished);
    expect(portal.crm.state.calls).toMatchObject([{ userId }]);
  });

  it('a dead letter that says what to set, where there is not even a default', async () => {
    const settings = {
      webhook_url: null,
      domain: portal.crm.url,
      access_token: 'access-token-0000',
      user_extensions: {},
    };
    const { finished } = eventsOf(aCall({ external: '+375290000002', rang: [] }), 'abandoned');
    expect(await send(portal.connect(settings), finished)).toMatchObject({
      kind: 'rejected',
      code: 'NO_USER',
      why: expect.stringContaining('user_id') as string,
    });
  });
});

describe('what the portal does not know', () => {
  it('somebody who has left is replaced by the default user, once, and said so', async () => {
    Object.assign(portal.crm.state.users[2] ?? {}, { active: false });
    const { ringing, finished } = eventsOf(aCall({ rang: ['152'] }), 'answered', '152');
    const [card, record] = await deliverAll(bitrix24, portal.connect(), [ringing, finished]);
    expect(card).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('12')] });
    expect(record).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('12')] });
    expect(portal.crm.state.calls).toMatchObject([{ userId: 1 }]);
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('neither him nor the default: a dead letter, and its card is closed', async () => {
    const { ringing, finished } = eventsOf(aCall({ rang: ['151'] }), 'answered', '152');
    const memory = freshMemory();
    const live = portal.connect({ user_id: '12' });
    await deliverAll(bitrix24, live, [ringing], memory);
    for (const user of portal.crm.state.users) user.active = false;
    const outcome = await send(live, finished, memory);
    expect(outcome).toMatchObject({ kind: 'rejected', why: expect.stringContaining('not active') as string });
    expect(outcome).not.toHaveProperty('config');
    expect(portal.crm.state.openCards()).toEqual([]);
  });

  it('a line is left out with a warning, by portals that do not make it', async () => {
    portal.crm.moods.unknownLines = 'refuse';
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const [card] = await deliverAll(bitrix24, portal.connect(), [ringing, finished]);
    expect(card).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('line')] });
    expect((await send(portal.connect(), answered())).kind).toBe('accepted');
    expect(portal.crm.state.calls).toMatchObject([{ line: null }, { line: null }]);
  });

  it.each([
    [{ send_line: false }, null],
    [{ line_numbers: { '+375170000000': '3' } }, '3'],
    [{}, '+375170000000'],
  ])('a line is named as settings say: %j', async (changes, line) => {
    await send(portal.connect(changes), answered());
    expect(portal.crm.state.calls).toMatchObject([{ line }]);
  });

  it('an unknown client becomes a lead where settings say so; one that cannot be made is a warning', async () => {
    const of = (external: string) => eventsOf(aCall({ external }), 'answered', '152').finished;
    const live = portal.connect({ crm_create: true, crm_source: 'CALL', add_to_chat: true });
    await send(live, of('+375290000002'));
    expect(portal.crm.state.clients.at(-1)).toMatchObject({ type: 'LEAD', phone: '+375290000002', assignedTo: 12 });
    expect(portal.sent()[0]?.[0]?.params).toMatchObject({ CRM_CREATE: '1', CRM_SOURCE: 'CALL', ADD_TO_CHAT: '1' });
    portal.crm.moods.leadError = 'Lead creation is disabled for local users';
    expect(await send(live, of('+375290000003'))).toMatchObject({
      kind: 'accepted',
      warnings: [expect.stringContaining('Lead creation is disabled')],
    });
    expect(portal.crm.state.calls).toMatchObject([{ addToChat: true }, { addToChat: true }]);
  });

  it('an inner number of the portal is no client: nothing is sent', async () => {
    const { ringing, finished } = eventsOf(aCall({ external: '153' }), 'answered', '152');
    const outcomes = await deliverAll(bitrix24, portal.connect(), [ringing, finished]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'skipped' });
    expect(portal.crm.exchanges).toHaveLength(0);
  });

  it.each([
    [{}, '+375290000001', '+375290000001'],
    [{ phone_format: 'digits' }, '+375290000001', '375290000001'],
    [{}, '2900000', '2900000'],
    [{ withheld_phone: '000' }, null, '000'],
  ])('a number is written as settings say (%j, %s)', async (changes, external, phone) => {
    await send(portal.connect(changes), eventsOf(aCall({ external }), 'answered', '152').finished);
    expect(portal.crm.state.calls).toMatchObject([{ phone }]);
  });
});

describe('a recording', () => {
  const withRecording = () => {
    const event = answered();
    event.call.recordingFile = URL_OF_RECORDING;
    return event;
  };
  const ready = (event: CallEvent, file: string): CallEvent =>
    ({ ...event, kind: 'recording.ready', seq: 9, file }) as CallEvent;

  it('the portal cannot fetch is tried again, without a second record, and given up with a warning', async () => {
    portal.crm.moods.recordings = 404;
    const event = withRecording();
    const live = portal.connect();
    const memory = freshMemory();
    for (let number = 1; number < 5; number += 1)
      expect(await send(live, event, memory, { number })).toMatchObject({ kind: 'retry', code: 'RECORDING' });
    expect(await send(live, event, memory, { number: 5 })).toMatchObject({
      kind: 'accepted',
      warnings: [expect.stringContaining('404')],
    });
    expect(portal.crm.state.calls).toHaveLength(1);
  });

  it('that was attached although the answer was lost is not fetched again', async () => {
    const event = withRecording();
    const live = portal.connect();
    portal.crm.faults.next(1, { kind: 'close-after' });
    await send(live, event);
    await send(live, event, freshMemory(), { number: 2, afterUnknown: true });
    expect(methods().at(-1)).toEqual(['voximplant.statistic.get']);
    expect(portal.crm.state.calls).toMatchObject([{ recordUrl: URL_OF_RECORDING }]);
  });

  it('without a name the portal takes is given one', async () => {
    const event = answered();
    event.call.recordingFile = 'https://pbx.example.invalid/rec?id=1';
    expect((await send(portal.connect(), event)).kind).toBe('accepted');
    expect(portal.sent().at(-1)?.at(-1)?.params).toMatchObject({ FILENAME: `${event.call.externalId}.mp3` });
  });

  it('that is ready only later is attached then, to every record of the call, and once', async () => {
    const event = handedOn(aCall(), [
      ['151', 10],
      ['152', 50],
    ]);
    const live = portal.connect({ credit: 'each' });
    const memory = freshMemory();
    await deliverAll(bitrix24, live, [event], memory);
    const late = ready(event, URL_OF_RECORDING);
    expect((await deliverAll(bitrix24, live, [late], memory)).map(({ kind }) => kind)).toEqual(['accepted']);
    expect(portal.crm.state.calls).toMatchObject(Array(2).fill({ recordUrl: URL_OF_RECORDING }));
    expect((await deliverAll(bitrix24, live, [late], memory)).map(({ kind }) => kind)).toEqual(['skipped']);
  });

  it('that nobody can fetch is not promised', () => {
    const settings = bitrix24.settings.parse(bitrix24.example);
    expect(bitrix24.plan(ready(answered(), '/var/spool/1.wav'), settings)).toMatchObject({
      why: expect.stringContaining('address') as string,
    });
  });
});

describe('what goes wrong in a batch is read command by command', () => {
  it.each([
    [
      'OPERATION_TIME_LIMIT',
      'Method is blocked due to operation time limit.',
      { kind: 'retry', code: 'OPERATION_TIME_LIMIT' },
    ],
    ['ERROR_CORE', 'Unexpected database error', { kind: 'retry' }],
    [
      'ERROR_CORE',
      'Unsupported phone number format',
      { kind: 'rejected', why: expect.stringContaining('Unsupported') as string },
    ],
    ['WRONG_AUTH_TYPE', 'Current authorization type is denied for this method', { kind: 'rejected', config: true }],
  ])('%s: %s', async (error, text, outcome) => {
    portal.crm.moods.troubles = [{ method: 'telephony.externalCall.register', error, text }];
    const results: CallResult = 'answered';
    expect(await send(portal.connect(), eventsOf(aCall(), results, '152').finished)).toMatchObject(outcome);
    expect(portal.crm.state.calls).toEqual([]);
  });
});
