/**
 * The exam every connector takes, against its strict stand-in over real sockets. A vendor's own quirk is a case in that
 * connector's own file, not here.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallEvent } from '../../src/calls/vocabulary.js';
import type { Faults } from '../../src/cli/demo/standins/faults.js';
import type { StandInExchange } from '../../src/cli/demo/standins/server.js';
import { createHttpRecorder } from '../../src/delivery/http-recorder.js';
import type { Exchange } from '../../src/delivery/http-recorder.js';
import { createMask, secretsOf } from '../../src/delivery/mask.js';
import type { AnyConnector, Attempt, Outcome, Step } from '../../src/integrations/contract.js';
import { stepsOf } from '../../src/integrations/contract.js';
import { owedPlan } from '../../src/integrations/owed-plan.js';
import { createAddressGuard } from '../../src/platform/address-guard.js';
import { createUndiciHttp } from '../../src/platform/undici-http.js';
import { freePort } from '../support/free-port.js';
import { attempt, connectLive, deliverAll, freshMemory } from './delivering.js';
import type { Live } from './delivering.js';
import { aCall, eventsOf, handedOn } from './example-calls.js';
import { strangersTextSuite } from './strangers-text.js';

export interface CrmStandIn {
  url: string;
  faults: Faults;
  exchanges: readonly StandInExchange[];
  stop(): Promise<void>;
  /** Finished calls a person would find there, one entry each: the id we gave it. */
  records(): string[];
  /** The same with whose each is and the seconds of talk it shows. */
  credited(): { id: string; extension: string; seconds: number }[];
  /** Cards still on somebody's screen. */
  openCards(): number;
  /** Of one whose records name no call: the client's number on each. */
  clients?(): string[];
  /** What there must be once for a client and is there twice. */
  madeTwice?(): string[];
}

export interface CrmUnderTest {
  /** Has a setting `credit`: spread `creditSettings` into the schema. */
  connector: AnyConnector;
  start(): Promise<CrmStandIn>;
  /** Settings with which everything works; extensions 151 to 160 are known. */
  settings(url: string): Record<string, unknown>;
  /** The same with a key the CRM refuses. */
  refusedSettings(url: string): Record<string, unknown>;
  /** Of another account, where another key is none: it has a limit of its own. Default: `refusedSettings`. */
  otherSettings?(url: string): Record<string, unknown>;
  /**
   * True of a chat, whose messages name neither a call nor whose it is: they are counted, and one whose answer was lost is sent
   * again with a warning, since nothing tells whether it stands there.
   */
  nameless?: boolean;
}

const ANSWERED_BY = '152';

export function contractSuite(crmUnderTest: CrmUnderTest): void {
  const { connector, start, settings, refusedSettings, otherSettings, nameless = false } = crmUnderTest;
  describe(`${connector.title} keeps the connector contract`, () => {
    let crm: CrmStandIn;
    let live: Live;

    beforeEach(async () => {
      crm = await start();
      live = connectLive(connector, settings(crm.url));
    });
    afterEach(async () => {
      await live.close();
      await crm.stop();
    });

    /** Exactly these calls are there, by the ids we gave them. */
    const expectRecords = (ids: string[]) =>
      expect(crm.records().sort()).toEqual(nameless ? ids.map(() => '') : [...ids].sort());
    const finishedStep = (event: CallEvent): Step => {
      const step = stepsOf(connector.plan(event, live.settings)).find((planned) => planned.class === 'durable');
      if (!step) throw new Error('a finished call owes nothing durable');
      return step;
    };
    /** A finished call nobody saw ringing, and attempts to record it, one after another. */
    const record = () => {
      const { finished } = eventsOf(aCall(), 'answered', ANSWERED_BY);
      const memory = freshMemory();
      return {
        finished,
        send: (more: { number?: number; afterUnknown?: boolean; signal?: AbortSignal } = {}) =>
          attempt(live.connection, finishedStep(finished), finished, memory, more),
      };
    };

    describe('of a call it makes', () => {
      it('one record and no card left open, when it was answered', async () => {
        const call = eventsOf(aCall(), 'answered', ANSWERED_BY);
        const outcomes = await deliverAll(connector, live, [call.ringing, call.finished]);
        expect(outcomes.map((outcome) => outcome.kind)).not.toContain('rejected');
        expectRecords([call.finished.call.externalId]);
        expect(crm.openCards()).toBe(0);
      });

      it.each(['missed', 'busy', 'abandoned', 'failed'] as const)('one record, when it was %s', async (result) => {
        const call = eventsOf(aCall(result === 'abandoned' ? { rang: [] } : {}), result);
        await deliverAll(connector, live, [call.ringing, call.finished]);
        expectRecords([call.finished.call.externalId]);
        expect(crm.openCards()).toBe(0);
      });

      it('one record, when it was outgoing', async () => {
        const call = eventsOf(aCall({ direction: 'out', caller: '151', rang: [] }), 'answered', '151');
        await deliverAll(connector, live, [call.ringing, call.finished]);
        expectRecords([call.finished.call.externalId]);
        expect(crm.openCards()).toBe(0);
      });

      it('one record, when ten phones rang and nobody answered', async () => {
        const rang = Array.from({ length: 10 }, (_, index) => String(151 + index));
        const call = eventsOf(aCall({ rang }), 'missed');
        await deliverAll(connector, live, [call.ringing, call.finished]);
        expectRecords([call.finished.call.externalId]);
        expect(crm.openCards()).toBe(0);
      });

      it('nothing but the reason, when it was internal', () => {
        const call = eventsOf(
          aCall({ direction: 'internal', external: null, caller: '151', rang: ['152'] }),
          'answered',
          '152',
        );
        for (const event of [call.ringing, call.finished])
          expect(owedPlan(connector, live.settings, event, 'record')).toEqual({
            why: expect.stringContaining('internal') as string,
          });
      });

      it('no more than a reason, when the caller hides his number', async () => {
        const call = eventsOf(aCall({ external: null }), 'answered', ANSWERED_BY);
        const outcomes = await deliverAll(connector, live, [call.ringing, call.finished]);
        for (const outcome of outcomes) expect(['accepted', 'skipped']).toContain(outcome.kind);
        expect(crm.openCards()).toBe(0);
      });

      it('one record each, when two calls of one client overlap', async () => {
        const [first, second] = [eventsOf(aCall(), 'answered', '151'), eventsOf(aCall(), 'answered', '152')];
        const [one, two] = [freshMemory(), freshMemory()];
        await deliverAll(connector, live, [first.ringing], one);
        await deliverAll(connector, live, [second.ringing], two);
        await deliverAll(connector, live, [first.finished], one);
        await deliverAll(connector, live, [second.finished], two);
        expectRecords([first.finished.call.externalId, second.finished.call.externalId]);
        expect(crm.openCards()).toBe(0);
      });
    });

    const describeNamed = nameless ? () => undefined : describe;
    describeNamed('of a call handed on, it credits', () => {
      const MOBILE = '+375290000009';
      /** 151 for 10 s, 152 for 50 s, 153 for 5 s, and 151 again for 3 s. */
      const call = () =>
        handedOn(aCall({ rang: ['151'] }), [
          ['151', 10],
          ['152', 50],
          ['153', 5],
          ['151', 3],
        ]);
      const deliver = async (event: CallEvent, credit?: string, changes: Partial<Attempt> = {}) => {
        const chosen = connectLive(
          connector,
          { ...settings(crm.url), ...(credit ? { credit } : {}) },
          {
            extensionOfMobile: (mobile) => (mobile === MOBILE ? '152' : null),
          },
        );
        const outcomes = await deliverAll(connector, chosen, [event], freshMemory(), changes);
        await chosen.close();
        return outcomes;
      };
      const credited = () => crm.credited().sort((one, other) => one.id.localeCompare(other.id));

      it.each([
        ['first', '151'],
        ['last', '151'],
        ['longest', '152'],
        [undefined, '151'],
      ])('the one its setting names (%s), with all seconds', async (credit, extension) => {
        const event = call();
        await deliver(event, credit);
        expect(credited()).toEqual([{ id: event.call.externalId, extension, seconds: 68 }]);
      });

      it('the last, who is not the first', async () => {
        const event = handedOn(aCall(), [
          ['151', 30],
          ['152', 5],
        ]);
        await deliver(event, 'last');
        expect(credited()).toEqual([{ id: event.call.externalId, extension: '152', seconds: 35 }]);
      });

      const ofEach = (id: string) => [
        { id, extension: '151', seconds: 13 },
        { id: `${id}/2`, extension: '152', seconds: 50 },
        { id: `${id}/3`, extension: '153', seconds: 5 },
      ];

      it('each with his own seconds, where it says so', async () => {
        const event = call();
        await deliver(event, 'each');
        expect(credited()).toEqual(ofEach(event.call.externalId));
      });

      it('each once, however often it is repeated', async () => {
        const event = call();
        crm.faults.next(1, { kind: 'close-after' });
        expect((await deliver(event, 'each')).at(-1)?.kind).toBe('unknown');
        for (let number = 2; number <= 3; number += 1)
          expect((await deliver(event, 'each', { number, afterUnknown: true })).at(-1)?.kind).toBe('accepted');
        expect(credited()).toEqual(ofEach(event.call.externalId));
      });

      it('a colleague once, whether on his phone or on his mobile', async () => {
        const event = handedOn(aCall(), [
          ['151', 10],
          [MOBILE, 20],
          ['152', 5],
        ]);
        await deliver(event, 'each');
        const { externalId: id } = event.call;
        expect(credited()).toEqual([
          { id, extension: '151', seconds: 10 },
          { id: `${id}/2`, extension: '152', seconds: 25 },
        ]);
      });

      it.each(['first', 'last', 'longest', 'each'])('one record, when nobody answered (%s)', async (credit) => {
        const { finished } = eventsOf(aCall(), 'missed');
        await deliver(finished, credit);
        expectRecords([finished.call.externalId]);
      });
    });

    strangersTextSuite(connector, () => ({ crm, live }));

    describe('told twice', () => {
      it('the same delivery three times makes one record', async () => {
        const { send } = record();
        for (let number = 1; number <= 3; number += 1) expect((await send({ number })).kind).toBe('accepted');
        expect(crm.records()).toHaveLength(1);
      });

      it.each(['close-after', 'truncated-json', 'lying-length'] as const)(
        'after %s, where the answer was lost and the call stored, a repeat makes no second record',
        async (kind) => {
          const { send } = record();
          crm.faults.next(1, { kind });
          expect(await send()).toMatchObject({ kind: 'unknown' });
          const again = await send({ afterUnknown: true });
          expect(again.kind).toBe('accepted');
          if (nameless) expect(again).toHaveProperty('warnings');
          else expect(crm.records()).toHaveLength(1);
        },
      );

      // A message whose id was never learnt cannot be edited.
      const itNamed = nameless ? () => undefined : it;
      itNamed('a card opened without an answer is closed with the call', async () => {
        const call = eventsOf(aCall(), 'answered', ANSWERED_BY);
        const memory = freshMemory();
        crm.faults.next(1, { kind: 'close-after' });
        await deliverAll(connector, live, [call.ringing], memory);
        await deliverAll(connector, live, [call.finished], memory);
        expect(crm.openCards()).toBe(0);
      });
    });

    describe('what goes wrong there is a value', () => {
      it.each([429, 503])('%i is worth another try', async (status) => {
        crm.faults.next(1, { kind: 'status', status });
        expect(await record().send()).toMatchObject({ kind: 'retry' });
      });

      it.each([500, 502, 504])('%i is worth another try, whether or not it came after the deed', async (status) => {
        crm.faults.next(1, { kind: 'status', status });
        expect(['retry', 'unknown']).toContain((await record().send()).kind);
      });

      it.each([429, 503])('%i with Retry-After carries the wait', async (status) => {
        crm.faults.next(1, { kind: 'status', status, retryAfter: '7' });
        expect(await record().send()).toMatchObject({ kind: 'retry', afterMs: 7_000 });
      });

      it('400 is refused for good, with a reason a person can read', async () => {
        crm.faults.next(1, { kind: 'status', status: 400, body: '{"success":false,"errorMsg":"Nonsense"}' });
        const outcome = await record().send();
        expect(outcome.kind).toBe('rejected');
        expect(outcome).not.toHaveProperty('config', true);
        expect(whyOf(outcome).length).toBeGreaterThan(5);
      });

      it('a refused key stops the lane for a person, who reads why', async () => {
        const refused = connectLive(connector, refusedSettings(crm.url));
        const { finished } = record();
        const outcome = await attempt(refused.connection, finishedStep(finished), finished, freshMemory());
        await refused.close();
        expect(outcome).toMatchObject({ kind: 'rejected', config: true });
        expect(whyOf(outcome).length).toBeGreaterThan(5);
      });

      it('a web page in place of an answer loses nothing', async () => {
        crm.faults.next(1, { kind: 'html' });
        crm.faults.next(1, { kind: 'html', status: 502 });
        const { send } = record();
        expect((await send()).kind).toBe('retry');
        expect(['retry', 'unknown']).toContain((await send()).kind);
        expect((await send()).kind).toBe('accepted');
      });

      it('a hang ends with the signal, outcome unknown', async () => {
        crm.faults.next(1, { kind: 'hang' });
        expect(await record().send({ signal: AbortSignal.timeout(300) })).toMatchObject({ kind: 'unknown' });
      });

      it('a connection cut or reset without an answer is unknown', async () => {
        crm.faults.next(1, { kind: 'close-before' });
        crm.faults.next(1, { kind: 'close-before', reset: true });
        const [cut, reset] = [record(), record()];
        expect((await cut.send()).kind).toBe('unknown');
        expect((await reset.send()).kind).toBe('unknown');
        expect((await cut.send()).kind).toBe('accepted');
        expect((await reset.send()).kind).toBe('accepted');
        expect(crm.records()).toHaveLength(2);
      });

      it('nobody listening is a retry: nothing was sent', async () => {
        const nobody = connectLive(connector, settings(`http://127.0.0.1:${await freePort()}`));
        const { finished } = record();
        const outcome = await attempt(nobody.connection, finishedStep(finished), finished, freshMemory());
        await nobody.close();
        expect(outcome).toMatchObject({ kind: 'retry' });
      });

      it('a signal that has fired already sends nothing', async () => {
        const outcome = await record().send({ signal: AbortSignal.abort() });
        expect(outcome).toMatchObject({ kind: 'retry' });
        expect(crm.exchanges).toHaveLength(0);
      });

      it('an address of a private network is refused until the operator allows it', async () => {
        const http = createUndiciHttp({ guard: createAddressGuard({ allowTargets: [] }) });
        const guarded = connectLive(connector, settings(crm.url), { http });
        const { finished } = record();
        const outcome = await attempt(guarded.connection, finishedStep(finished), finished, freshMemory());
        await guarded.close();
        await http.close();
        expect(outcome).toMatchObject({ kind: 'rejected', code: 'ADDRESS_REFUSED', config: true });
        expect(crm.exchanges).toHaveLength(0);
      });
    });

    describe('secrets', () => {
      it('stay out of outcomes, logs, limit keys and what is written down of an exchange', async () => {
        const secrets = secretsOf(connector.secretFields, live.settings);
        expect(secrets.length).toBeGreaterThan(0);
        const recorder = createHttpRecorder(live.http);
        const connection = connector.connect(live.settings, {
          http: recorder.clientOf('0367/it'),
          log: live.log,
          enterprise: '0367',
          timezone: 'Europe/Minsk',
          publicUrl: null,
        });
        const echo = JSON.stringify({ success: false, errorMsg: `no such thing: ${secrets.join(' ')}` });
        const seen: unknown[] = [connector.limitKey(live.settings)];
        for (const fault of [null, { kind: 'status', status: 400, body: echo }, { kind: 'close-after' }] as const) {
          const { finished } = record();
          if (fault) crm.faults.next(1, fault);
          const signal = AbortSignal.timeout(5_000);
          await recorder.during({ account: '0367/it', shadow: false, signal }, async (recording) => {
            seen.push(await attempt(connection, finishedStep(finished), finished, freshMemory(), { signal }));
            seen.push(writtenDown(recording.exchanges, secrets));
          });
        }
        await connection.close();
        const text = JSON.stringify(seen) + live.logged();
        for (const secret of secrets) expect(text).not.toContain(secret);
      });

      it('are settings by name', () => {
        const { properties } = z.toJSONSchema(connector.settings, { io: 'input' }) as {
          properties: Record<string, { secret?: boolean }>;
        };
        const marked = Object.entries(properties)
          .filter(([, field]) => field.secret)
          .map(([name]) => name);
        expect(marked.sort()).toEqual([...connector.secretFields].sort());
      });
    });

    describe('settings', () => {
      it('keep keys they do not know', () => {
        expect(connector.settings.parse({ ...settings(crm.url), of_another_program: { kept: true } })).toMatchObject({
          of_another_program: { kept: true },
        });
      });

      it('that are empty are refused by name, and nothing is thrown', () => {
        const parsed = connector.settings.safeParse({ enabled: true });
        expect(parsed.success).toBe(false);
        for (const issue of parsed.error?.issues ?? []) expect(issue.path.length).toBeGreaterThan(0);
      });

      it('of two accounts do not share a limit', () => {
        const other = connector.settings.parse((otherSettings ?? refusedSettings)(crm.url));
        expect(connector.limitKey(other)).not.toBe(connector.limitKey(live.settings));
      });
    });

    describe('the test button', () => {
      it('names the account when everything works', async () => {
        const result = await live.connection.check(AbortSignal.timeout(5_000));
        expect(result).toMatchObject({ ok: true });
      });

      it('says why when the key is refused', async () => {
        const refused = connectLive(connector, refusedSettings(crm.url));
        const result = await refused.connection.check(AbortSignal.timeout(5_000));
        await refused.close();
        expect(result.ok).toBe(false);
        if (!result.ok) expect(result.why.length).toBeGreaterThan(5);
      });

      it('says why when nobody answers', async () => {
        const nobody = connectLive(connector, settings(`http://127.0.0.1:${await freePort()}`));
        const result = await nobody.connection.check(AbortSignal.timeout(5_000));
        await nobody.close();
        expect(result).toMatchObject({ ok: false, code: 'ECONNREFUSED' });
      });
    });

    it('closes although the CRM hangs', async () => {
      crm.faults.always({ kind: 'hang' });
      const stop = new AbortController();
      const pending = record().send({ signal: stop.signal });
      await live.connection.close();
      stop.abort();
      expect((await pending).kind).not.toBe('accepted');
    });
  });
}

function whyOf(outcome: Outcome): string {
  return 'why' in outcome ? outcome.why : '';
}

function writtenDown(exchanges: readonly Exchange[], secrets: readonly string[]): unknown {
  const mask = createMask(secrets);
  return exchanges.map(({ request, response, failure }) => ({
    url: mask.text(request.url),
    headers: mask.headers(request.headers ?? {}),
    body: mask.text(request.body ?? ''),
    response: mask.text(response?.body ?? ''),
    failure,
  }));
}
