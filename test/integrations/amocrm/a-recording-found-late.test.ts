import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../src/calls/vocabulary.js';
import type { Fault } from '../../../src/cli/demo/standins/faults.js';
import { amocrm } from '../../../src/integrations/amocrm/index.js';
import type { Outcome } from '../../../src/integrations/contract.js';
import { attempt, deliverAll, freshMemory } from '../delivering.js';
import type { Memory } from '../delivering.js';
import { aCall, eventsOf, handedOn } from '../example-calls.js';
import { KNOWN, RECORD, RECORDING, UNKNOWN, amoCrmGround } from './ground.js';
import type { Ground } from './ground.js';

const LINK = 'https://pbx.example.invalid/recordings/1.wav';
/** Of requests about one note; those for the notes of a card have none behind it. */
const ONE_NOTE = '/notes/';

let ground: Ground;
beforeEach(async () => {
  ground = await amoCrmGround();
});
afterEach(() => ground.stop());

const answered = (external = KNOWN) => eventsOf(aCall({ external }), 'answered', '151').finished;
const found = (event: CallEvent, file = LINK): CallEvent => ({
  ...event,
  kind: 'recording.ready',
  seq: 9,
  file,
  late: true,
  call: { ...event.call, recordingFile: file },
});
const links = () => ground.crm.state.notes.map(({ params }) => params['link']);
const changes = () => ground.crm.exchanges.filter(({ method }) => method === 'PATCH');

/** A call told without its recording: its event, and what delivery remembers of it. */
async function told(event = answered(), settings: Record<string, unknown> = {}) {
  const memory = freshMemory();
  const outcomes = await deliverAll(amocrm, ground.connect(settings), [event], memory);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted']);
  expect(links().at(-1)).not.toBe(LINK);
  return { event, memory };
}

function late(event: CallEvent, memory: Memory, settings: Record<string, unknown> = {}): Promise<Outcome> {
  return attempt(ground.connect(settings).connection, RECORDING, found(event), memory);
}

describe('a recording found when its call had been told without one', () => {
  it('is added to the note of the call, which loses nothing else', async () => {
    const { event, memory } = await told();
    const before = structuredClone(ground.crm.state.notes);
    expect(await deliverAll(amocrm, ground.connect(), [found(event)], memory)).toEqual([
      { kind: 'accepted', refs: { uniq: event.call.externalId, recording: 'told' } },
    ]);
    expect(before[0]?.params).toMatchObject({ duration: 65, call_status: 4, call_responsible: 11, phone: KNOWN });
    expect(ground.crm.state.notes).toEqual(before.map((note) => ({ ...note, params: { ...note.params, link: LINK } })));
    expect(changes().map(({ path }) => path)).toEqual([`/api/v4/contacts/notes/${before[0]?.id}`]);
  });

  it.each(['leads', 'companies', 'customers'] as const)(
    'is added where the call is: to the note of %s',
    async (kind) => {
      const { state } = ground.crm;
      const phones = ['+375290000031'];
      if (kind === 'companies') state.company({ phones });
      else {
        const contactIds = [state.contact({ phones }).id];
        if (kind === 'leads') state.lead({ contactIds });
        else state.customers.push({ id: 7, contactIds });
      }
      const { event, memory } = await told(answered(phones[0]));
      expect((await late(event, memory)).kind).toBe('accepted');
      expect(state.notes).toMatchObject([{ kind, params: { link: LINK } }]);
    },
  );

  it('is added to the one note of many', async () => {
    const other = await told();
    const { event, memory } = await told();
    expect((await late(event, memory)).kind).toBe('accepted');
    expect(links()).toEqual([undefined, LINK]);
    expect((await late(other.event, other.memory)).kind).toBe('accepted');
    expect(links()).toEqual([LINK, LINK]);
  });

  it('is added however the number of the card is written', async () => {
    const { state } = ground.crm;
    state.contact({ phones: ['8 (900) 000-00-01'] });
    const { event, memory } = await told(answered('+79000000001'));
    state.contact({ phones: ['+79000000001'] });
    expect((await late(event, memory)).kind).toBe('accepted');
    expect(links()).toEqual([LINK]);
  });

  it('is added once', async () => {
    const { event, memory } = await told();
    const { uniq = '' } = memory.refs;
    await late(event, memory);
    const asked = ground.asked().length;
    expect(await late(event, memory)).toEqual({ kind: 'skipped', why: 'its record has the address already' });
    expect(ground.asked()).toHaveLength(asked);
    // Nothing is known of the first time: the note tells.
    expect((await late(event, { ...freshMemory(), refs: { uniq } })).kind).toBe('accepted');
    expect(changes()).toHaveLength(1);
  });

  it('is added to every record of the call, and to those that have none', async () => {
    const each = { credit: 'each' };
    const turns = [
      ['151', 10],
      ['152', 50],
    ] as const;
    const { event, memory } = await told(handedOn(aCall(), turns), each);
    const first = ground.crm.state.notes[0];
    if (first) first.params = { ...first.params, link: 'https://pbx.example.invalid/by-hand.wav' };
    expect((await late(event, memory, each)).kind).toBe('accepted');
    expect(links()).toEqual(['https://pbx.example.invalid/by-hand.wav', LINK]);
    const another = await told(handedOn(aCall(), turns), each);
    expect((await late(another.event, another.memory, each)).kind).toBe('accepted');
    expect(links().slice(2)).toEqual([LINK, LINK]);
  });
});

describe('it is not added', () => {
  const skipped = (why: string | RegExp) => ({
    kind: 'skipped',
    why: (typeof why === 'string' ? why : expect.stringMatching(why)) as string,
  });

  it('without a question where the settings say so, the call is not there, or there is no address', async () => {
    const { event, memory } = await told();
    const asked = ground.asked().length;
    expect(await late(event, memory, { late_recording: false })).toEqual(skipped(/see late_recording/));
    expect(await late(event, freshMemory())).toEqual(skipped('the call is not recorded there'));
    const path = found(event, '/var/spool/asterisk/1.wav');
    expect(await attempt(ground.connect().connection, RECORDING, path, memory)).toEqual(skipped(/no address/));
    expect(ground.asked()).toHaveLength(asked);
  });

  it('to what is deleted', async () => {
    const { event, memory } = await told();
    ground.crm.state.notes.length = 0;
    expect(await late(event, memory)).toEqual(skipped(/deleted/));
    for (const contact of ground.crm.state.contacts) contact.deleted = true;
    expect(await late(event, memory)).toEqual(skipped(/deleted/));
  });

  it('to an “unsorted” call, until somebody has taken it', async () => {
    const { state } = ground.crm;
    // What was sent in place of an address is none.
    const unsorted = { unknown_client: 'unsorted', unsorted_link: 'https://office.example.invalid' };
    const { event, memory } = await told(answered(UNKNOWN), unsorted);
    expect(await late(event, memory, unsorted)).toEqual(skipped(/“unsorted”/));
    state.accept(state.unsorted[0]?.uid ?? '');
    expect((await late(event, memory, unsorted)).kind).toBe('accepted');
    expect(links()).toEqual([LINK]);
  });

  it.each([
    [400, 'no such parameter: link'],
    // One who may view and create, and not edit: calls go on being told.
    [403, 'no right'],
    [404, 'Cannot PATCH'],
    [405, 'Method Not Allowed'],
    [422, 'Unprocessable'],
  ])('when amoCRM refuses it with %i, and the record stays as it is', async (status, detail) => {
    const { event, memory } = await told();
    ground.crm.faults.next(1, { kind: 'status', status, body: JSON.stringify({ status, detail }) }, ONE_NOTE);
    expect(await late(event, memory)).toEqual(skipped(new RegExp(`^amoCRM does not take the recording: .*${detail}`)));
    expect(links()).toEqual([undefined]);
  });

  it('to one of several records without keeping it from the other', async () => {
    const each = { credit: 'each' };
    const { event, memory } = await told(
      handedOn(aCall(), [
        ['151', 10],
        ['152', 50],
      ]),
      each,
    );
    ground.crm.faults.next(1, { kind: 'status', status: 400, body: '{"detail":"no"}' }, ONE_NOTE);
    expect(await late(event, memory, each)).toEqual(skipped(/does not take/));
    expect(links()).toEqual([undefined, LINK]);
  });

  it('when amoCRM refuses the search for it', async () => {
    const { event, memory } = await told();
    ground.crm.faults.next(1, { kind: 'status', status: 400, body: '{"detail":"no"}' }, '/contacts');
    expect(await late(event, memory)).toEqual(skipped(/does not take/));
  });
});

describe('what goes wrong on the way', () => {
  it.each([
    [{ kind: 'close-after' }, 'unknown', 1],
    [{ kind: 'truncated-json' }, 'unknown', 1],
    [{ kind: 'close-before' }, 'unknown', 2],
    [{ kind: 'status', status: 500 }, 'unknown', 2],
    [{ kind: 'status', status: 503 }, 'retry', 2],
    [{ kind: 'status', status: 429 }, 'retry', 1],
    [{ kind: 'html', status: 200 }, 'retry', 2],
  ] as [Fault, Outcome['kind'], number][])('%j is %s, and what is missing is added then', async (fault, kind, sent) => {
    const { event, memory } = await told();
    const { connection } = ground.connect();
    ground.crm.faults.next(1, fault, ONE_NOTE);
    expect((await attempt(connection, RECORDING, found(event), memory)).kind).toBe(kind);
    // An account that was told to wait is left alone for so long.
    if (fault.kind === 'status' && fault.status === 429) return;
    expect((await attempt(connection, RECORDING, found(event), memory)).kind).toBe('accepted');
    expect(changes()).toHaveLength(sent);
    expect(links()).toEqual([LINK]);
  });

  it.each([401, 402])('%i waits for a person with its lane', async (status) => {
    const { event, memory } = await told();
    ground.crm.faults.next(2, { kind: 'status', status, body: JSON.stringify({ status, detail: 'no' }) }, ONE_NOTE);
    expect(await late(event, memory)).toMatchObject({ kind: 'rejected', config: true });
    ground.crm.faults.clear();
    expect((await late(event, memory)).kind).toBe('accepted');
  });

  it('a search that fails is made again', async () => {
    const { event, memory } = await told();
    ground.crm.faults.next(1, { kind: 'close-before' }, '/notes?');
    expect((await late(event, memory)).kind).toBe('retry');
    expect((await late(event, memory)).kind).toBe('accepted');
    expect(links()).toEqual([LINK]);
  });
});

it('a call told with its recording owes no other, and one that was told by a repeat is found all the same', async () => {
  const event = answered();
  const memory = freshMemory();
  const { connection } = ground.connect();
  const whole = { ...event, call: { ...event.call, recordingFile: LINK } };
  await attempt(connection, RECORD, whole, memory);
  expect((await late(event, memory)).kind).toBe('skipped');
  const cut = answered();
  const repeated = freshMemory();
  ground.crm.faults.next(1, { kind: 'close-after' }, '/calls');
  await attempt(connection, RECORD, cut, repeated);
  await attempt(connection, RECORD, cut, repeated);
  expect((await late(cut, repeated)).kind).toBe('accepted');
  expect(links()).toEqual([LINK, LINK]);
});
