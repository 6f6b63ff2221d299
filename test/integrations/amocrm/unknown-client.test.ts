import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallFacts } from '../../../src/calls/vocabulary.js';
import { createOnceWith } from '../../../src/integrations/create-once.js';
import { createTestDb } from '../../support/db.js';
import type { TestDb } from '../../support/db.js';
import { attempt, freshMemory } from '../delivering.js';
import { aCall, eventsOf } from '../example-calls.js';
import { RECORD, UNKNOWN, amoCrmGround } from './ground.js';
import type { Ground } from './ground.js';

let db: TestDb;
let ground: Ground;
let account: string;
beforeAll(async () => {
  db = await createTestDb();
});
afterAll(() => db.drop());
beforeEach(async () => {
  ground = await amoCrmGround();
  account = randomUUID();
});
afterEach(() => ground.stop());

const createOnce = () => createOnceWith(db.pool, { enterprise: '0367', type: 'amocrm', account });
const connect = (changes: Record<string, unknown> = {}) =>
  ground.connect(changes, { createOnce: createOnce() }).connection;
const aMissed = (changes: Partial<CallFacts> = {}) =>
  eventsOf(aCall({ external: UNKNOWN, ...changes }), 'missed').finished;
/** A claim of somebody who was killed with it. */
const letClaimsGoStale = () =>
  db.pool.query(`UPDATE crm_created SET claimed_at = now() - interval '2 minutes' WHERE crm_id IS NULL`);

/** What amoCRM holds of the unknown client. */
const made = () => ({
  contacts: ground.crm.state.contacts.filter(({ phones, deleted }) => phones.includes(UNKNOWN) && !deleted).length,
  leads: ground.crm.state.leads.filter(({ name }) => name.includes(UNKNOWN)).length,
  calls: ground.crm.state.notes.length,
  unsorted: ground.crm.state.unsorted.length,
});

describe('a call of an unknown client makes', () => {
  it('a contact and a lead of whoever the call is, and the record on the lead', async () => {
    const outcome = await attempt(connect(), RECORD, aMissed(), freshMemory());
    expect(outcome.kind).toBe('accepted');
    expect(made()).toEqual({ contacts: 1, leads: 1, calls: 1, unsorted: 0 });
    const { contacts, leads, notes } = ground.crm.state;
    expect(leads).toMatchObject([
      { name: `Incoming call from ${UNKNOWN}`, contactIds: [contacts.at(-1)?.id], responsibleUserId: 12 },
    ]);
    expect(contacts.at(-1)).toMatchObject({ name: UNKNOWN, phones: [UNKNOWN], responsibleUserId: 12 });
    expect(notes).toMatchObject([{ kind: 'leads', entityId: leads[0]?.id, params: { phone: UNKNOWN } }]);
  });

  it('a contact and a lead of nobody, and the record, when the account refuses whose they would be', async () => {
    const { finished } = eventsOf(aCall({ external: UNKNOWN }), 'answered', '151');
    const outcome = await attempt(connect({ user_extensions: { '99': '151' } }), RECORD, finished, freshMemory());
    expect(outcome).toMatchObject({
      kind: 'accepted',
      warnings: expect.arrayContaining([expect.stringContaining('without a responsible user')]) as string[],
    });
    expect(made()).toEqual({ contacts: 1, leads: 1, calls: 1, unsorted: 0 });
  });

  it.each([
    [{ unknown_client: 'nothing' }, { contacts: 0, leads: 0, calls: 0, unsorted: 0 }],
    [{ unknown_client: 'contact' }, { contacts: 1, leads: 0, calls: 1, unsorted: 0 }],
    [{ unknown_client: 'unsorted' }, { contacts: 1, leads: 1, calls: 1, unsorted: 1 }],
  ])('%j', async (settings, left) => {
    const outcome = await attempt(connect(settings), RECORD, aMissed(), freshMemory());
    expect(outcome.kind).toBe(settings.unknown_client === 'nothing' ? 'skipped' : 'accepted');
    expect(made()).toEqual(left);
  });

  it.each([
    [{}, { contacts: 1, leads: 1 }],
    [{ unknown_client: 'unsorted' }, { contacts: 1, leads: 0, unsorted: 0 }],
    [{ unknown_client: 'nothing' }, { contacts: 0, calls: 0 }],
    [
      { unknown_client: 'nothing', unknown_client_out: 'contact_lead' },
      { contacts: 1, leads: 1, calls: 1 },
    ],
    [{ unknown_client_out: 'nothing' }, { contacts: 0, calls: 0 }],
  ])('when he was called, %j', async (settings, left) => {
    await attempt(connect(settings), RECORD, aMissed({ direction: 'out', caller: '151', rang: [] }), freshMemory());
    expect(made()).toMatchObject(left);
  });

  it('leads where the settings put them', async () => {
    await attempt(connect({ pipeline_id: '77', status_id: 78 }), RECORD, aMissed(), freshMemory());
    expect(ground.crm.state.leads).toMatchObject([{ pipelineId: 77, statusId: 78 }]);
  });

  it('no second contact when somebody has just made one that the number finds', async () => {
    const { crm } = ground;
    crm.faults.next(1, { kind: 'status', status: 400, body: '{"errors":[{"title":"Entity not found"}]}' });
    crm.state.contact({ phones: [UNKNOWN] });
    await attempt(connect({ missed_to: ['rung'] }), RECORD, aMissed(), freshMemory());
    expect(made()).toEqual({ contacts: 1, leads: 0, calls: 1, unsorted: 0 });
  });

  it('a contact whose lead was refused, with a warning', async () => {
    ground.crm.faults.next(1, { kind: 'status', status: 400, body: '{"detail":"no such stage"}' }, '/api/v4/leads');
    const outcome = await attempt(connect({ missed_to: ['rung'] }), RECORD, aMissed(), freshMemory());
    expect(outcome).toMatchObject({ kind: 'accepted', warnings: [expect.stringContaining('no such stage')] });
    expect(made()).toMatchObject({ contacts: 1, leads: 0, calls: 1 });
  });

  it('a note of his contact when amoCRM still does not find him', async () => {
    const nobody = { kind: 'status', status: 400, body: '{"errors":[{"title":"Entity not found"}]}' } as const;
    ground.crm.faults.next(2, nobody, '/api/v4/calls');
    const event = aMissed();
    expect((await attempt(connect(), RECORD, event, freshMemory())).kind).toBe('accepted');
    expect(ground.crm.state.notes).toMatchObject([
      { kind: 'contacts', noteType: 'call_in', createdBy: 12, params: { uniq: event.call.externalId, call_status: 6 } },
    ]);
  });
});

describe('three calls of one unknown client in a minute', () => {
  it.each(['contact_lead', 'unsorted'])('make him once, and three records (%s)', async (unknown_client) => {
    // One after the other in the lanes of two daemons, or all at once.
    const calls = [aMissed(), aMissed(), aMissed({ external: '80290000077' })];
    const connections = [connect({ unknown_client }), connect({ unknown_client }), connect({ unknown_client })];
    const memories = calls.map(() => freshMemory());
    const open = new Set(calls.keys());
    for (let round = 1; open.size > 0 && round <= 20; round += 1) {
      await Promise.all(
        [...open].map(async (nth) => {
          const [connection, event, memory] = [connections[nth], calls[nth], memories[nth]];
          if (!connection || !event || !memory) return;
          const outcome = await attempt(connection, RECORD, event, memory);
          expect(['accepted', 'retry']).toContain(outcome.kind);
          if (outcome.kind === 'accepted') open.delete(nth);
        }),
      );
    }
    const unsorted = unknown_client === 'unsorted' ? 1 : 0;
    // The third wrote his number so that amoCRM does not see it is the same: a client of his own.
    expect(ground.crm.state.contacts.filter(({ name }) => name === UNKNOWN)).toHaveLength(1);
    expect(ground.crm.state.leads.filter(({ name }) => name.endsWith(UNKNOWN))).toHaveLength(1);
    expect(ground.crm.state.unsorted).toHaveLength(unsorted * 2);
    expect(ground.crm.state.notes.map(({ params }) => params['uniq']).sort()).toEqual(
      calls.map(({ call }) => call.externalId).sort(),
    );
  });
});

describe('cut off in the middle, the next attempt goes on', () => {
  const paths = ['/api/v4/calls', '/api/v4/contacts', '/api/v4/leads'];

  it.each(
    paths.flatMap((path) =>
      (['close-after', 'close-before', 'truncated-json'] as const).map((kind) => [kind, path] as const),
    ),
  )('after %s at %s', async (kind, path) => {
    const { connection } = ground.connect({ missed_to: ['rung'] }, { createOnce: createOnce() });
    const event = aMissed();
    const memory = freshMemory();
    // Every request of this path in turn is met with it once.
    for (let nth = 1, kinds: string[] = []; !kinds.includes('accepted') && nth <= 10; nth += 1) {
      if (nth <= 3) ground.crm.faults.next(1, { kind }, path);
      kinds = [(await attempt(connection, RECORD, event, memory)).kind];
      expect(kinds[0]).not.toBe('rejected');
    }
    ground.crm.faults.clear();
    expect((await attempt(connection, RECORD, event, memory)).kind).toBe('accepted');
    expect(made()).toEqual({ contacts: 1, leads: 1, calls: 1, unsorted: 0 });
  });

  it.each(['close-after', 'close-before'] as const)('after %s at “unsorted”', async (kind) => {
    const connection = connect({ unknown_client: 'unsorted' });
    const event = aMissed();
    const memory = freshMemory();
    ground.crm.faults.next(1, { kind }, '/api/v4/leads/unsorted/sip');
    expect((await attempt(connection, RECORD, event, memory)).kind).toBe('unknown');
    expect((await attempt(connection, RECORD, event, memory)).kind).toBe('accepted');
    expect(made()).toMatchObject({ calls: 1, unsorted: 1 });
  });

  it('of a killed process, once its claim is old', async () => {
    const event = aMissed();
    const claim = createOnce();
    // Killed between the contact and the lead, with nothing of it stored here.
    void claim('client:5290000077', () => new Promise(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    ground.crm.state.contact({ phones: [UNKNOWN] });
    const memory = { ...freshMemory(), tried: { [`${event.call.id}/5/record`]: { number: 1, afterUnknown: true } } };
    expect(await attempt(connect(), RECORD, event, memory)).toMatchObject({ kind: 'retry', code: 'CLIENT_BEING_MADE' });
    await letClaimsGoStale();
    expect((await attempt(connect(), RECORD, event, memory)).kind).toBe('accepted');
    expect(made()).toEqual({ contacts: 1, leads: 1, calls: 1, unsorted: 0 });
  });
});

describe('later', () => {
  it('a client whose contact was deleted is made anew', async () => {
    await attempt(connect(), RECORD, aMissed(), freshMemory());
    for (const contact of ground.crm.state.contacts) if (contact.phones.includes(UNKNOWN)) contact.deleted = true;
    await attempt(connect(), RECORD, aMissed(), freshMemory());
    await attempt(connect(), RECORD, aMissed(), freshMemory());
    expect(made()).toEqual({ contacts: 1, leads: 2, calls: 3, unsorted: 0 });
  });

  it('a client somebody has taken from “unsorted” is one like any other, and one that was declined is new', async () => {
    const { state } = ground.crm;
    const connection = connect({ unknown_client: 'unsorted' });
    await attempt(connection, RECORD, aMissed(), freshMemory());
    state.decline(state.unsorted[0]?.uid ?? '');
    await attempt(connection, RECORD, aMissed(), freshMemory());
    expect(state.unsorted).toHaveLength(1);
    state.accept(state.unsorted[0]?.uid ?? '');
    await attempt(connection, RECORD, aMissed(), freshMemory());
    expect(state.unsorted).toHaveLength(0);
    expect(state.notes.map(({ kind }) => kind)).toEqual(['leads', 'leads', 'leads']);
  });

  it('another call of a client in “unsorted” is a note of the same contact, once', async () => {
    const connection = connect({ unknown_client: 'unsorted', missed_to: ['rung'] });
    await attempt(connection, RECORD, aMissed(), freshMemory());
    const second = aMissed();
    const memory = freshMemory();
    ground.crm.faults.next(1, { kind: 'close-after' }, '/notes');
    expect((await attempt(connection, RECORD, second, memory)).kind).toBe('unknown');
    expect((await attempt(connection, RECORD, second, memory)).kind).toBe('accepted');
    expect(made()).toEqual({ contacts: 1, leads: 1, calls: 2, unsorted: 1 });
  });

  it('the other field takes the client’s number where settings say so', async () => {
    await attempt(
      connect({ unknown_client: 'unsorted', unsorted_client_in: 'from' }),
      RECORD,
      aMissed(),
      freshMemory(),
    );
    expect(ground.crm.state.unsorted).toMatchObject([{ metadata: { from: UNKNOWN, phone: '+375170000000' } }]);
    expect(ground.crm.state.unsorted[0]?.metadata).not.toHaveProperty('link');
  });

  it('has the address settings give for a call without a recording, and its own where there is one', async () => {
    const settings = { unknown_client: 'unsorted', unsorted_link: 'https://office.example.invalid' };
    await attempt(connect(settings), RECORD, aMissed(), freshMemory());
    const recordingFile = 'https://pbx.example.invalid/1.mp3';
    const { finished } = eventsOf(aCall({ external: '+375290000044', recordingFile }), 'answered', '151');
    await attempt(connect(settings), RECORD, finished, freshMemory());
    expect(ground.crm.state.unsorted.map(({ metadata }) => metadata['link'])).toEqual([
      settings.unsorted_link,
      recordingFile,
    ]);
  });
});
