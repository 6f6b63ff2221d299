import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startAsterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCalls, tagOf } from '../pbx/callers.js';
import { startPhone } from '../pbx/phones.js';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startAmiServer } from '../support/ami-server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { linkUp, startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const USERS = [
  { id: 6, firstName: 'Vera', code: '150' },
  { id: 7, firstName: 'Ann', code: '151' },
];

describeWith(['sipp', 'asterisk-22'], 'two enterprises on one PBX', () => {
  test(
    'each hears of its own calls only, and a call on nobody’s line is told to nobody',
    { timeout: 120_000 },
    async () => {
      await using asterisk = await startAsterisk({ version: 22 });
      const crms = [await startRetailCrmStandIn({ users: USERS }), await startRetailCrmStandIn({ users: USERS })];
      const [first, second] = crms;
      if (!first || !second) throw new Error('two stand-ins');
      const one = {
        amiPort: asterisk.amiPort,
        crmUrl: first.url,
        more: { selector: { lines: ['0001360'], extensions: '^150$' } },
      };
      const two = {
        amiPort: asterisk.amiPort,
        crmUrl: second.url,
        more: { selector: { lines: ['0001367'], extensions: '^151$' } },
      };
      await using running = await startTestApp({
        enterprises: [
          retailCrmEnterprise({ number: '0367', token: 'unit-token-0001', ...one }),
          retailCrmEnterprise({ number: '0368', token: 'unit-token-0002', ...two }),
        ],
      });
      await linkUp(running);
      const answer = { default: { then: 'answer', ringMs: 300 } } as const;
      await using _ann = await startPhone(asterisk, '150', answer);
      await using _boris = await startPhone(asterisk, '151', answer);
      const from = ['80290000001', '80290000002', '80290000003'];
      const calls = ['0001360', '0001367', '0001362'].map((dial, index) => ({
        tag: tagOf(index + 1),
        dial,
        from: from[index] ?? '',
        talkMs: 1_200,
      }));
      await (
        await placeCalls(asterisk, calls)
      ).done;

      await until('both records', () => first.state.calls.length > 0 && second.state.calls.length > 0);
      await running.app.idle();
      expect(first.state.calls.map((call) => [call.phone, call.code])).toEqual([['375290000001', '150']]);
      expect(second.state.calls.map((call) => [call.phone, call.code])).toEqual([['375290000002', '151']]);
      expect(first.state.calls[0]?.externalId).toMatch(/^0367-/);
      expect(second.state.calls[0]?.externalId).toMatch(/^0368-/);
      expect(first.state.cards.map((card) => card.phone)).toEqual(['375290000001']);
      expect(second.state.cards.map((card) => card.phone)).toEqual(['375290000002']);
      await Promise.all(crms.map((crm) => crm.stop()));
    },
  );
});

test('two PBXs that issue the same unique ids at the same moment do not cross', { timeout: 60_000 }, async () => {
  const capture = readFileSync(new URL('../captures/22/inbound-answered.ami', import.meta.url), 'latin1');
  const events = capture.slice(capture.indexOf('Event: Newchannel'));
  const sides = await Promise.all(
    ['0367', '0368'].map(async (number, index) => ({
      number,
      pbx: await startAmiServer({ user: 'crm', secret: 'crm-secret' }),
      crm: await startRetailCrmStandIn({ users: USERS }),
      bytes: index === 0 ? events : events.replaceAll('80290000001', '80290000002'),
    })),
  );
  await using running = await startTestApp({
    enterprises: sides.map(({ number, pbx, crm }) =>
      retailCrmEnterprise({ number, token: `unit-token-${number}`, amiPort: pbx.port, crmUrl: crm.url }),
    ),
  });
  const peers = await Promise.all(sides.map(({ pbx }) => pbx.login()));
  await until('both snapshots', async () => {
    const { rows } = await running.db.pool.query(
      "SELECT count(DISTINCT pbx)::int AS n FROM asterisk_logs WHERE event_type = 'snapshot'",
    );
    return (rows[0] as { n: number }).n === 2;
  });
  await Promise.all(peers.map((peer, index) => peer.play(Buffer.from(sides[index]?.bytes ?? '', 'latin1'), 'whole')));

  for (const [index, { crm, number }] of sides.entries()) {
    await until(`the record of ${number}`, () => crm.state.calls.length > 0);
    expect(crm.state.calls).toMatchObject([
      { phone: `37529000000${index + 1}`, code: '150', result: 'answered', externalId: `${number}-1795386355.0` },
    ]);
    // Played at once, the call may be over before its card was due; what counts is that no other client's is shown.
    expect(crm.state.cards.filter((card) => card.phone !== `37529000000${index + 1}`)).toEqual([]);
  }
  const { rows } = await running.db.pool.query(
    'SELECT count(DISTINCT call_id)::int AS calls, count(*)::int AS legs FROM call_uids',
  );
  expect(rows).toEqual([{ calls: 2, legs: 4 }]);
  await running.stop();
  for (const { pbx, crm } of sides) {
    await crm.stop();
    await pbx.close();
  }
});
