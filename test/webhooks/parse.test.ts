import { describe, expect, test } from 'vitest';
import { parseFleetEvent, toFact } from '../../src/webhooks/parse.js';

const dial = {
  UniqueId: '1700000000.6',
  Phone: '375290000001',
  Extensions: ['150', '151'],
  CallType: 0,
  Trunk: '0001363',
};

describe('what the fleet posts is read as meant', () => {
  test.each<[unknown, string[]]>([
    [undefined, []],
    ['', []],
    [null, []],
    [[''], []],
    [{}, []],
    [151, ['151']],
    [
      [151, '152'],
      ['151', '152'],
    ],
    ['151', ['151']],
    ['150&151&', ['150', '151']],
    [['150&375290000009&152'], ['150', '375290000009', '152']],
    [
      ['SIP/150', 'PJSIP/151', 'SIP/152-0000000c'],
      ['150', '151', '152'],
    ],
    [
      ['Local/152@dialexecute-00000001;2', 'Local/300@inoffice/n'],
      ['152', '300'],
    ],
    [['SIP/0001363/375290000009'], ['375290000009']],
    [['<unknown>', '"151"\n'], ['151']],
  ])('Extensions %j', (given, expected) => {
    expect(parseFleetEvent('dial', { ...dial, Extensions: given }).extensions).toEqual(expected);
  });

  test('a text with control and invisible characters comes out clean', () => {
    const hostile = { Phone: '\u202e375290000001\r\n', Trunk: '0001363\u0000\r\nEvent: x', Extensions: ['15\u001b1'] };
    expect(parseFleetEvent('dial', { ...dial, ...hostile })).toMatchObject({
      phone: '375290000001',
      trunk: '0001363Event: x',
      extensions: ['151'],
    });
  });

  test.each([
    [0, 0],
    ['0', 0],
    [1, 1],
    ['2', 2],
    [' 2\n', 2],
    ['', null],
    [7, null],
    [undefined, null],
  ])('CallType %j', (given, expected) => {
    expect(parseFleetEvent('dial', { ...dial, CallType: given }).callType).toBe(expected);
  });

  test.each([
    [2, '2'],
    ['2', '2'],
    ['"0"', '0'],
    ['', null],
  ])('CallStatus %j', (given, expected) => {
    expect(parseFleetEvent('hangup', { ...dial, CallStatus: given }).callStatus).toBe(expected);
  });

  test.each([
    [true, true],
    ['true', true],
    [1, true],
    [false, false],
    ['', false],
    [undefined, false],
  ])('ExternalInitiated %j', (given, expected) => {
    expect(parseFleetEvent('dial', { ...dial, ExternalInitiated: given }).externalInitiated).toBe(expected);
  });

  test('empty and <unknown> values are null, numbers are text, quotes and line ends around a value are dropped', () => {
    const read = parseFleetEvent('new_callerid', {
      UniqueId: '"1700000000.6"\n',
      Channel: 'SIP/0001363-00000004',
      CallerIDNum: 375290000001,
      CallerIDName: '<Unknown>',
      ConnectedLineNum: '<unknown>',
      ConnectedLineName: '',
      Context: 'from-out-office\r\n',
    });
    expect(read).toMatchObject({
      uid: '1700000000.6',
      channel: 'SIP/0001363-00000004',
      callerNum: '375290000001',
      callerName: null,
      connectedNum: null,
      connectedName: null,
      context: 'from-out-office',
      exten: null,
    });
  });

  test('dates are kept as posted when they are dates', () => {
    const read = parseFleetEvent('hangup', {
      ...dial,
      StartTime: '',
      DateReceived: '2025-01-15 12:05:30',
      EndTime: 'soon',
    });
    expect(read).toMatchObject({ startTime: null, dateReceived: '2025-01-15 12:05:30', endTime: null });
  });

  test('names of fields are found whatever their case, and unknown ones do no harm', () => {
    const read = parseFleetEvent('bridge_leave', {
      uniqueid: '1.1',
      bridgeuniqueID: 'b',
      BridgeNumChannels: '2',
      __proto__: 1,
      More: [],
    });
    expect(read).toMatchObject({ uid: '1.1', bridge: 'b', bridgeNumChannels: 2 });
  });

  test('bridge_create and bridge_destroy need no unique id', () => {
    expect(
      parseFleetEvent('bridge_create', { UniqueId: '', BridgeUniqueid: 'b', BridgeNumChannels: '0' }),
    ).toMatchObject({
      uid: null,
      bridge: 'b',
      bridgeNumChannels: 0,
    });
  });
});

describe('what cannot be read is refused', () => {
  test.each([[null], ['text'], [1], [[dial]], [undefined]])('a body that is %j', (body) => {
    expect(() => parseFleetEvent('dial', body)).toThrow(expect.objectContaining({ code: 'WEBHOOK_MALFORMED' }));
  });

  test.each([[''], ['<unknown>'], ['../../etc/passwd'], ['a b'], ["1';--"], ['x'.repeat(151)], [null], [{}]])(
    'a unique id like %j',
    (uid) => {
      expect(() => parseFleetEvent('dial', { ...dial, UniqueId: uid })).toThrow(
        expect.objectContaining({ code: 'WEBHOOK_MALFORMED' }),
      );
    },
  );

  test('an event nobody posts', () => {
    expect(() => parseFleetEvent('constructor', dial)).toThrow(expect.objectContaining({ code: 'WEBHOOK_MALFORMED' }));
  });
});

test('a stored post becomes a fact of its enterprise at the time it arrived', () => {
  expect(toFact({ enterprise: '0999', event: 'dial', raw: dial, arrivedAt: 1_700_000_001_000 })).toMatchObject({
    kind: 'fleet',
    source: 'webhook',
    at: 1_700_000_001_000,
    arrivedAt: 1_700_000_001_000,
    stamped: false,
    enterprise: '0999',
    fleet: { event: 'dial', uid: '1700000000.6', extensions: ['150', '151'], callType: 0 },
  });
});
