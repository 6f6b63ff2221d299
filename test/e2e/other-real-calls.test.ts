import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCall, tagOf } from '../pbx/callers.js';
import type { PlannedCall } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import type { CalleePlan, Phone } from '../pbx/phones.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import type { RetailCrmStandIn } from '../standins/retailcrm/server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';
import type { TestApp } from '../support/test-app.js';

const CLIENT = '80290000001';
const talks: CalleePlan = { then: 'answer', ringMs: 400 };
const ringsOn: CalleePlan = { then: 'ring-on' };

interface Kind {
  name: string;
  call: Omit<PlannedCall, 'tag'>;
  phones: Partial<Record<'150' | '151' | '152' | 'trunk', CalleePlan>>;
  /** Null: nothing is owed for it. */
  record: object | null;
  /** Extensions that were shown a card. */
  cards: string[];
}

const incoming = (dial: string, talkMs = 1_500) => ({ dial, from: CLIENT, talkMs });
const KINDS: Kind[] = [
  {
    name: 'a queue: who answers is credited',
    call: incoming('0001363'),
    phones: { 151: ringsOn, 152: talks },
    record: { type: 'in', code: '152', result: 'answered' },
    cards: ['151', '152'],
  },
  {
    name: 'a recorded call',
    call: incoming('0001365'),
    phones: { 150: talks },
    record: { type: 'in', code: '150', result: 'answered' },
    cards: ['150'],
  },
  {
    name: 'a greeting that answers first is not a talk',
    call: incoming('0001366', 4_000),
    phones: { 150: talks },
    record: { type: 'in', code: '150', result: 'answered', duration: 2 },
    cards: ['150'],
  },
  {
    name: 'a ring group over Local channels',
    call: incoming('0001368'),
    phones: { 150: ringsOn, 151: talks },
    record: { type: 'in', code: '151', result: 'answered' },
    cards: ['150', '151'],
  },
  {
    name: 'a cascade: the second phone answers',
    call: incoming('0001369'),
    phones: { 150: ringsOn, 151: talks },
    record: { type: 'in', code: '151', result: 'answered' },
    cards: ['150', '151'],
  },
  {
    name: 'an outgoing call that is answered',
    call: { dial: '80290000002', from: '150', talkMs: 1_500 },
    phones: { trunk: talks },
    record: { type: 'out', code: '150', phone: '375290000002', result: 'answered' },
    cards: ['150'],
  },
  {
    name: 'an outgoing call to a busy number',
    call: { dial: '80290000002', from: '150' },
    phones: { trunk: { then: 'busy', ringMs: 0 } },
    record: { type: 'out', code: '150', phone: '375290000002', result: 'busy' },
    cards: ['150'],
  },
  {
    name: 'an outgoing call nobody answers',
    call: { dial: '80290000002', from: '150', giveUpMs: 1_500 },
    phones: { trunk: ringsOn },
    record: { type: 'out', code: '150', phone: '375290000002', result: 'no answer' },
    cards: ['150'],
  },
  {
    name: 'an internal call is nobody’s business but ours',
    call: { dial: '151', from: '150', talkMs: 1_000 },
    phones: { 151: talks },
    record: null,
    cards: [],
  },
];

for (const version of [16, 22] as const) {
  describeWith(['sipp', `asterisk-${version}`], `on Asterisk ${version}`, () => {
    let asterisk: Asterisk;
    let crm: RetailCrmStandIn;
    let running: TestApp;

    beforeAll(async () => {
      asterisk = await startAsterisk({ version });
      const users = ['150', '151', '152'].map((code, index) => ({ id: 6 + index, firstName: code, code }));
      crm = await startRetailCrmStandIn({ users });
      running = await startTestApp({
        enterprises: [retailCrmEnterprise({ amiPort: asterisk.amiPort, crmUrl: crm.url })],
      });
      await linkUp(running);
    }, 60_000);

    afterAll(async () => {
      await running[Symbol.asyncDispose]();
      await crm.stop();
      await asterisk.stop();
    });

    describe.sequential('one by one', () => {
      test.each(KINDS)('$name', { timeout: 60_000 }, async ({ call, phones, record, cards }) => {
        const before = { calls: crm.state.calls.length, cards: crm.state.cards.length, events: running.events.length };
        const started: Phone[] = [];
        for (const [who, plan] of Object.entries(phones))
          started.push(await startPhone(asterisk, who as '150', { default: plan }));
        try {
          await placeCall(asterisk, { ...call, tag: tagOf(1) }).catch(() => undefined);
        } finally {
          for (const phone of started) await phone.stop();
        }
        const finished = await until('the end of the call', () =>
          running.events.slice(before.events).find((event) => event.kind === 'call.finished'),
        );
        await until('its deliveries', async () => {
          const { rows } = await running.db.pool.query(
            "SELECT count(*)::int AS open FROM deliveries WHERE call_id = $1 AND state IN ('pending', 'started')",
            [finished.call.id],
          );
          return (rows[0] as { open: number }).open === 0;
        });
        expect(crm.state.calls.slice(before.calls)).toMatchObject(record === null ? [] : [record]);
        const shown = crm.state.cards.slice(before.cards);
        // A call that is refused at once may be over before its card was due; then none is shown.
        const due = finished.call.result === 'busy' && shown.length === 0 ? [] : cards;
        expect(shown.map((card) => card.code).sort()).toEqual(due);
        expect(shown.filter((card) => card.closedAt === null)).toEqual([]);
        expect(running.events.slice(before.events).filter((event) => event.kind === 'call.finished')).toHaveLength(1);
      });
    });

    test('what a call recorded is known', () => {
      const recorded = running.events.filter((event) => event.kind === 'call.finished' && event.call.recorded);
      expect(recorded.map((event) => event.call.line)).toContain('0001365');
    });
  });
}
