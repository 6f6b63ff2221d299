import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../src/calls/vocabulary.js';
import { retailcrm } from '../../../src/integrations/retailcrm/index.js';
import { startRetailCrmStandIn } from '../../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../../standins/retailcrm/server.js';
import { attempt, connectLive, deliverAll, freshMemory } from '../delivering.js';
import type { Live } from '../delivering.js';
import { aCall, eventsOf, handedOn } from '../example-calls.js';

let crm: RetailCrmStandIn;
const lives: Live[] = [];

beforeEach(async () => {
  crm = await startRetailCrmStandIn();
});
afterEach(async () => {
  for (const live of lives.splice(0)) await live.close();
  await crm.stop();
});

const OPEN = { step: 'card.open', class: 'perishable' } as const;
const CLOSE = { step: 'card.close', class: 'closing' } as const;
const RECORD = { step: 'record', class: 'durable' } as const;

function connect(changes: Record<string, unknown> = {}, deps: Parameters<typeof connectLive>[2] = {}): Live {
  const raw = {
    enabled: true,
    api_url: crm.url,
    api_key: 'key-1',
    user_extensions: { '7': '151', '8': '152' },
    ...changes,
  };
  const live = connectLive(retailcrm, raw, deps);
  lives.push(live);
  return live;
}

/** What was sent in the field `event` or `calls`, request by request; questions aside. */
function sent(): unknown[] {
  const told = crm.exchanges.filter(({ method }) => method === 'POST');
  return told.map((exchange) => {
    const form = new URLSearchParams(exchange.body);
    const calls = JSON.parse(form.get('calls') ?? 'null') as unknown[] | null;
    return calls ? calls[0] : JSON.parse(form.get('event') ?? 'null');
  });
}

describe('an answered call', () => {
  it('is a card for every rung code, closed for the same codes, and one record', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'answered', '152');
    const externalId = finished.call.externalId;
    expect((await deliverAll(retailcrm, connect(), [ringing, finished])).map(({ kind }) => kind)).toEqual(
      Array(3).fill('accepted'),
    );
    expect(sent()).toEqual([
      {
        phone: '375290000001',
        type: 'in',
        codes: ['151', '152'],
        callExternalId: externalId,
        externalPhone: '375170000000',
      },
      {
        phone: '375290000001',
        type: 'hangup',
        codes: ['151', '152'],
        hangupStatus: 'answered',
        callExternalId: externalId,
      },
      {
        date: '2026-11-20 12:00:00',
        type: 'in',
        phone: '375290000001',
        code: '152',
        result: 'answered',
        duration: 65,
        durationWaiting: 8,
        externalId,
        externalPhone: '375170000000',
      },
    ]);
    expect(crm.state.openCards()).toEqual([]);
    expect(crm.state.strayHangups).toEqual([]);
  });

  it('carries the key in a header only, in urlencoded bodies with one field', async () => {
    const { ringing } = eventsOf(aCall(), 'answered', '152');
    await deliverAll(retailcrm, connect(), [ringing]);
    const [exchange] = crm.exchanges;
    expect(exchange?.headers).toMatchObject({
      'x-api-key': 'key-1',
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([...new URLSearchParams(exchange?.body).keys()]).toEqual(['event']);
    expect([...(exchange?.query.keys() ?? [])]).toEqual([]);
  });

  it('belongs to whoever talked last', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    finished.call.agents = ['151', '153'];
    finished.call.finalAgent = '153';
    await attempt(connect().connection, RECORD, finished, freshMemory());
    expect(sent()).toMatchObject([{ code: '153' }]);
  });

  it('has seconds of talk, or of the span from answer to end where settings say so; both rounded', async () => {
    const { finished } = eventsOf(aCall(), 'answered', '151');
    Object.assign(finished.call, { talkMs: 60_499, spanMs: 69_500, waitMs: 8_500 });
    await attempt(connect().connection, RECORD, finished, freshMemory());
    finished.call.externalId += '-2';
    await attempt(connect({ duration: 'span' }).connection, RECORD, finished, freshMemory());
    expect(sent()).toMatchObject([{ duration: 60, durationWaiting: 9 }, { duration: 70 }]);
  });
});

describe('how a call ended', () => {
  it.each([
    ['missed', 'no answered', 'no answer'],
    ['busy', 'busy', 'busy'],
    ['failed', 'failed', 'failed'],
    ['abandoned', 'cancel', 'no answer'],
  ] as const)('%s is "%s" to the card and "%s" to the history', async (result, hangupStatus, uploaded) => {
    const { ringing, finished } = eventsOf(aCall(), result);
    await deliverAll(retailcrm, connect(), [ringing, finished]);
    expect(sent()).toMatchObject([
      { type: 'in' },
      { type: 'hangup', hangupStatus },
      { result: uploaded, duration: 0, code: '152' },
    ]);
  });
});

describe('an outgoing call', () => {
  it('shows the card to the caller and is recorded on him, answered or not', async () => {
    const { ringing, finished } = eventsOf(aCall({ direction: 'out', caller: '151', rang: [] }), 'missed');
    await deliverAll(retailcrm, connect(), [ringing, finished]);
    expect(sent()).toMatchObject([
      { type: 'out', codes: ['151'] },
      { type: 'hangup', codes: ['151'] },
      { type: 'out', code: '151', result: 'no answer' },
    ]);
  });
});

describe('cards', () => {
  it('a cascade opens more of them, and all are closed together', async () => {
    const live = connect();
    const { ringing, finished } = eventsOf(aCall({ rang: ['151'] }), 'answered', '153');
    const next: CallEvent = {
      ...ringing,
      seq: 4,
      call: { ...ringing.call, rang: ['151', '153'] },
      ...{ extensions: ['153'] },
    };
    finished.call.rang = ['151', '153'];
    await deliverAll(retailcrm, live, [ringing, next, finished]);
    expect(sent()).toMatchObject([
      { codes: ['151'] },
      { codes: ['153'] },
      { type: 'hangup', codes: ['151', '153'] },
      {},
    ]);
    expect(crm.state.openCards()).toEqual([]);
  });

  it('one that could not be closed in its time is closed with the record', async () => {
    const { ringing, finished } = eventsOf(aCall({ rang: ['151'] }), 'answered', '151');
    const [{ connection }, memory] = [connect(), freshMemory()];
    await attempt(connection, OPEN, ringing, memory);
    expect(crm.state.openCards()).toHaveLength(1);
    expect((await attempt(connection, RECORD, finished, memory)).kind).toBe('accepted');
    expect(crm.state.openCards()).toEqual([]);
  });

  it('a code RetailCRM does not know is a warning, and the others see their card', async () => {
    const { ringing } = eventsOf(aCall({ rang: ['151', '199'] }), 'missed');
    const outcome = await attempt(connect().connection, OPEN, ringing, freshMemory());
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('199')] });
    expect(crm.state.openCards()).toMatchObject([{ code: '151' }]);
  });

  it('a staff mobile counts as its owner’s extension, and is left out when it is nobody’s', async () => {
    const extensionOfMobile = (mobile: string) => (mobile === '+375290000009' ? '152' : null);
    const { ringing, finished } = eventsOf(
      aCall({ rang: ['151', '+375290000009', '+375290000008'] }),
      'answered',
      '+375290000009',
    );
    await deliverAll(retailcrm, connect({}, { extensionOfMobile }), [ringing, finished]);
    expect(sent()).toMatchObject([{ codes: ['151', '152'] }, { codes: ['151', '152'] }, { code: '152' }]);
  });

  it('nobody rung with a code: nothing is sent', async () => {
    const { ringing } = eventsOf(aCall({ rang: ['+375290000008'] }), 'missed');
    expect(await attempt(connect().connection, OPEN, ringing, freshMemory())).toMatchObject({ kind: 'skipped' });
    expect(crm.exchanges).toHaveLength(0);
  });

  it('none opened: none closed', async () => {
    const { finished } = eventsOf(aCall(), 'missed');
    expect(await attempt(connect().connection, CLOSE, finished, freshMemory())).toMatchObject({ kind: 'skipped' });
    expect(crm.exchanges).toHaveLength(0);
  });

  it('one that may have been opened is closed for everybody who rang', async () => {
    const { finished } = eventsOf(aCall(), 'missed');
    await attempt(connect().connection, CLOSE, finished, { refs: {}, card: 'unknown' });
    expect(sent()).toMatchObject([{ type: 'hangup', codes: ['151', '152'] }]);
  });

  it('one is closed for whom the call was handed on to, though only the first opening was answered', async () => {
    const finished = handedOn(aCall({ rang: ['151'] }), [
      ['151', 10],
      ['152', 50],
    ]);
    const shown = { refs: { codes: '["151"]' }, card: 'accepted' } as const;
    await attempt(connect().connection, CLOSE, finished, shown);
    expect(sent()).toMatchObject([{ type: 'hangup', codes: ['151', '152'] }]);
  });
});

describe('a call handed on, with one record for each', () => {
  const each = () => connect({ credit: 'each', duration: 'span' }).connection;
  const call = () =>
    handedOn(aCall(), [
      ['151', 10],
      ['152', 50],
      ['151', 5],
    ]);
  const uploaded = () => JSON.parse(new URLSearchParams(crm.exchanges.at(-1)?.body).get('calls') ?? '[]') as object[];

  it('is one request, in which only the first waited and each begins with his talk', async () => {
    const event = call();
    const { externalId } = event.call;
    expect(await attempt(each(), RECORD, event, freshMemory())).toEqual({ kind: 'accepted', refs: { externalId } });
    const alike = { type: 'in', phone: '375290000001', result: 'answered', externalPhone: '375170000000' };
    expect(uploaded()).toEqual([
      { ...alike, externalId, code: '151', date: '2026-11-20 12:00:00', duration: 69, durationWaiting: 8 },
      {
        ...alike,
        externalId: `${externalId}/2`,
        code: '152',
        date: '2026-11-20 12:00:21',
        duration: 50,
        durationWaiting: 0,
      },
    ]);
    expect(crm.state.calls).toHaveLength(2);
  });

  it('of which some were stored before is complete with the others', async () => {
    const event = call();
    await attempt(connect({ credit: 'first' }).connection, RECORD, event, freshMemory());
    expect((await attempt(each(), RECORD, event, freshMemory())).kind).toBe('accepted');
    expect(crm.state.calls.map(({ externalId }) => externalId)).toEqual([
      event.call.externalId,
      `${event.call.externalId}/2`,
    ]);
  });

  it.each([0, 1])('of which RetailCRM says it took %i is sent again', async (processedCallsCount) => {
    const event = call();
    crm.faults.next(1, { kind: 'status', status: 200, body: JSON.stringify({ success: true, processedCallsCount }) });
    const memory = freshMemory();
    expect(await attempt(each(), RECORD, event, memory)).toMatchObject({ kind: 'retry', code: 'PARTIAL' });
    expect((await attempt(each(), RECORD, event, memory)).kind).toBe('accepted');
    expect(crm.state.calls).toHaveLength(2);
  });

  it('by somebody RetailCRM does not know is the record of those it does', async () => {
    const mobile = handedOn(aCall(), [
      ['+375290000008', 20],
      ['152', 5],
    ]);
    await attempt(each(), RECORD, mobile, freshMemory());
    expect(uploaded()).toMatchObject([{ code: '152', externalId: mobile.call.externalId, duration: 27 }]);
  });
});

describe('whose a call is that nobody took', () => {
  it('the client’s owner, else who last talked with him, else who rang last', async () => {
    const [owned, talked, rung] = ['+375290000055', '+375290000056', '+375290000057'].map((external) => {
      return eventsOf(aCall({ external, rang: ['152', '151'] }), 'missed').finished;
    });
    crm.state.customers.push({ phone: '375290000055', firstName: 'Petr', managerId: 7 });
    const lastTalked = (phone: string) => Promise.resolve(phone === '+375290000056' ? '153' : null);
    for (const event of [owned, talked, rung])
      await attempt(connect({}, { lastTalked }).connection, RECORD, event as CallEvent, freshMemory());
    expect(sent()).toMatchObject([{ code: '151' }, { code: '153' }, { code: '151' }]);
  });

  it('in the order of the settings', async () => {
    const { finished } = eventsOf(aCall({ rang: ['152', '151'] }), 'missed');
    const settings = { missed_to: ['default', 'rung'], default_extension: '153' };
    await attempt(connect(settings).connection, RECORD, finished, freshMemory());
    expect(crm.exchanges).toHaveLength(1);
    expect(sent()).toMatchObject([{ code: '153' }]);
  });

  it('the next in order, with a warning, when RetailCRM does not answer whose he is', async () => {
    const { finished } = eventsOf(aCall({ rang: ['152'] }), 'missed');
    crm.faults.next(1, { kind: 'status', status: 500 }, '/manager');
    const outcome = await attempt(connect().connection, RECORD, finished, freshMemory());
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('owner')] });
    expect(sent()).toMatchObject([{ code: '152' }]);
  });

  it('nobody rung: the default extension', async () => {
    const { finished } = eventsOf(aCall({ rang: [] }), 'abandoned');
    const outcome = await attempt(connect({ default_extension: '153' }).connection, RECORD, finished, freshMemory());
    expect(outcome).not.toHaveProperty('warnings');
    expect(sent()).toMatchObject([{ code: '153' }]);
  });

  it('nobody rung and no default: the lowest mapped extension, with a warning, since RetailCRM refuses a call without one', async () => {
    const { finished } = eventsOf(aCall({ rang: [] }), 'abandoned');
    const outcome = await attempt(
      connect({ user_extensions: { '8': '152', '7': '151' } }).connection,
      RECORD,
      finished,
      freshMemory(),
    );
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('default_extension')] });
    expect(sent()).toMatchObject([{ code: '151' }]);
  });
});

describe('numbers and lines', () => {
  it('a plus where settings say so', async () => {
    const { ringing } = eventsOf(aCall(), 'missed');
    await attempt(connect({ phone_format: 'plus' }).connection, OPEN, ringing, freshMemory());
    expect(sent()).toMatchObject([{ phone: '+375290000001' }]);
  });

  it.each(['0001363', '3880000', 'megafon-1', '151'])(
    'line %s is no phone number and is not sent as one',
    async (line) => {
      const { ringing } = eventsOf(aCall({ line }), 'missed');
      await attempt(connect().connection, OPEN, ringing, freshMemory());
      expect(sent()[0]).not.toHaveProperty('externalPhone');
    },
  );

  it('a line with a company number in settings is sent as that', async () => {
    const { ringing } = eventsOf(aCall({ line: '0001363' }), 'missed');
    await attempt(
      connect({ external_phones: { '0001363': '+375170000001' } }).connection,
      OPEN,
      ringing,
      freshMemory(),
    );
    expect(sent()).toMatchObject([{ externalPhone: '375170000001' }]);
  });

  it('a shop is named on every request when settings have one', async () => {
    const { ringing, finished } = eventsOf(aCall(), 'missed');
    await deliverAll(retailcrm, connect({ site: 'shop-1' }), [ringing, finished]);
    expect(sent()).toMatchObject(Array(3).fill({ site: 'shop-1' }));
  });

  it('a hidden number is skipped with a reason, or recorded under the number settings give', async () => {
    const { finished } = eventsOf(aCall({ external: null }), 'answered', '151');
    expect(await attempt(connect().connection, RECORD, finished, freshMemory())).toMatchObject({ kind: 'skipped' });
    expect((await attempt(connect({ withheld_phone: '000' }).connection, RECORD, finished, freshMemory())).kind).toBe(
      'accepted',
    );
    expect(sent()).toMatchObject([{ phone: '000' }]);
  });
});

describe('the date of a call, which RetailCRM writes without a zone', () => {
  it.each([
    [{}, 'Europe/Minsk', '2026-11-20 12:00:00'],
    [{}, 'Asia/Yekaterinburg', '2026-11-20 14:00:00'],
    [{ timezone: 'Asia/Vladivostok' }, 'Europe/Minsk', '2026-11-20 19:00:00'],
  ])('settings %j in an enterprise of %s: %s', async (changes, timezone, date) => {
    const { finished } = eventsOf(aCall(), 'missed');
    await attempt(connect(changes, { timezone }).connection, RECORD, finished, freshMemory());
    expect(sent()).toMatchObject([{ date }]);
  });

  it.each([
    ['2025-10-26T00:30:00Z', '2025-10-26 03:30:00'],
    ['2025-10-26T01:30:00Z', '2025-10-26 03:30:00'],
    ['2025-10-26T02:30:00Z', '2025-10-26 04:30:00'],
    ['2025-03-30T00:59:59Z', '2025-03-30 02:59:59'],
    ['2025-03-30T01:00:00Z', '2025-03-30 04:00:00'],
  ])('in Kyiv at %s it is %s', async (at, date) => {
    const { finished } = eventsOf(aCall({ startedAt: Date.parse(at) }), 'missed');
    await attempt(connect({}, { timezone: 'Europe/Kyiv' }).connection, RECORD, finished, freshMemory());
    expect(sent()).toMatchObject([{ date }]);
  });
});

it('a recovered call is history only: no card is shown or closed', async () => {
  const { ringing, finished } = eventsOf(aCall({ recovered: true }), 'missed');
  await deliverAll(retailcrm, connect(), [ringing, finished]);
  expect(crm.exchanges.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
    '/api/v5/telephony/calls/upload',
  ]);
});
