import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startRetailCrmStandIn } from '../standins/retailcrm/server.js';
import { startAmiServer } from '../support/ami-server.js';
import { retailCrmEnterprise } from '../support/enterprises.js';
import { startTestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

/** By the bridges of the recording 151 talked for 2.9 s, consulted 152 for 1.5 s with the client on hold, and left him to 152 for 3.5 s. */
const capture = readFileSync(new URL('../captures/22/transfer-attended-dtmf.ami', import.meta.url), 'latin1');
const events = capture.slice(capture.indexOf('Event: Newchannel'));

const RULES = [
  { credit: 'first', records: ['# 151 6 s'] },
  { credit: 'last', records: ['# 152 6 s'] },
  { credit: 'longest', records: ['# 152 6 s'] },
  { credit: 'each', records: ['# 151 3 s', '#/2 152 3 s'] },
];

test('a recorded transfer is credited as each account has it', { timeout: 60_000 }, async () => {
  const sides = await Promise.all(
    RULES.map(async (rule, index) => ({
      ...rule,
      number: `036${index}`,
      pbx: await startAmiServer({ user: 'crm', secret: 'crm-secret' }),
      crm: await startRetailCrmStandIn(),
    })),
  );
  const enterprises = sides.map(({ number, pbx, crm, credit }) => {
    const retailcrm = { enabled: true, api_url: crm.url, api_key: 'key-1', credit };
    const more = { integrations: { retailcrm } };
    return retailCrmEnterprise({ number, token: `unit-${number}`, amiPort: pbx.port, crmUrl: crm.url, more });
  });
  await using running = await startTestApp({ enterprises });
  const peers = await Promise.all(sides.map(({ pbx }) => pbx.login()));
  await until('every snapshot', async () => {
    const { rows } = await running.db.pool.query(
      "SELECT count(DISTINCT pbx)::int AS n FROM asterisk_logs WHERE event_type = 'snapshot'",
    );
    return (rows[0] as { n: number }).n === RULES.length;
  });
  await Promise.all(peers.map((peer) => peer.play(Buffer.from(events, 'latin1'), 'whole')));
  for (const { number, crm, credit, records } of sides) {
    await until(`the records of ${number}`, () => crm.state.calls.length > 0);
    const id = `${number}-1795386418.72`;
    const told = crm.state.calls.map(
      ({ externalId, code, duration }) => `${externalId?.replace(id, '#')} ${code} ${duration} s`,
    );
    expect(told, credit).toEqual(records);
  }
  await running.stop();
  for (const { pbx, crm } of sides) {
    await crm.stop();
    await pbx.close();
  }
});
