import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest';
import { startAsterisk, type Asterisk } from './asterisk.js';
import { describeWith } from './available.js';
import { startAgent, type Agent } from './sip-agent/agent.js';
import { startPhoneAgent } from './sip-agent/on-pbx.js';

const GROUNDS = [
  { name: 'PJSIP on Asterisk 16', version: 16, chanSip: false },
  { name: 'chan_sip on Asterisk 16', version: 16, chanSip: true },
  { name: 'PJSIP on Asterisk 22', version: 22, chanSip: false },
] as const;

/** A PBX has joined two calls a moment after it answered them; who transfers before that is refused. */
const talk = () => sleep(300);

for (const { name, version, chanSip } of GROUNDS) {
  describeWith([`asterisk-${version}`], `agents with ${name}`, () => {
    let asterisk: Asterisk;
    const agents: Agent[] = [];
    const agent = async (who: '150' | '151' | '152' | 'trunk', takes?: Parameters<typeof startPhoneAgent>[2]) => {
      const started = await startPhoneAgent(asterisk, who, takes);
      agents.push(started);
      return started;
    };

    beforeAll(async () => {
      asterisk = await startAsterisk({ version, chanSip });
    });
    afterEach(async () => {
      await Promise.all(agents.splice(0).map((one) => one.stop()));
      expect(await asterisk.cli('core show channels count')).toMatch(/^0 active channels/);
    });
    afterAll(() => asterisk.stop());

    test('a client talks with a phone, holds, sends digits, and either side hangs up', async () => {
      const ann = await agent('150', {
        default: { then: 'answer', ringMs: 200 },
        calls: { T0002: { then: 'answer', ringMs: 0, talkMs: 300 } },
      });
      const client = await agent('trunk');
      const probe = await asterisk.probe('crm');
      const call = await client.call('0001360', { from: '+375290000001', name: 'T0001' }).reached('talking');
      const taken = await (await ann.incoming()).reached('talking');
      expect(taken.who).toMatchObject({ direction: 'in', tag: 'T0001', from: '+375290000001' });
      await taken.hold();
      await probe.find((message) => message.some(([key, value]) => key === 'Event' && value === 'Hold'));
      await taken.unhold();
      await probe.find((message) => message.some(([key, value]) => key === 'Event' && value === 'Unhold'));
      await taken.dtmf('5');
      await probe.find((message) => message.some(([key, value]) => key === 'Digit' && value === '5'));
      await call.hangUp();
      await taken.reached('over');

      const other = client.call('0001360', { from: '80290000002', name: 'T0002' });
      await other.reached('over');
      expect(client.legs()).toMatchObject([
        { tag: 'T0001', finalStatus: 200, endedBy: 'here' },
        { tag: 'T0002', finalStatus: 200, endedBy: 'there' },
      ]);
      expect(ann.legs()).toMatchObject([{ endedBy: 'there' }, { endedBy: 'here' }]);
      await probe.close();
    });

    test('calls are refused, given up and placed by phones, several at once', async () => {
      const [ann, boris, client] = await Promise.all([
        agent('150', { default: { then: 'busy', ringMs: 0 } }),
        agent('151'),
        agent('trunk', {
          default: { then: 'answer', ringMs: 100 },
          calls: { '80290000009': { then: 'decline', ringMs: 100 } },
        }),
      ]);
      const refused = client.call('0001360', { from: '80290000001', name: 'T0003' });
      const abandoned = await client.call('0001367', { from: '80290000002', name: 'T0004' }).reached('ringing');
      const out = await ann.call('80290000003').reached('talking');
      const declined = ann.call('80290000009');
      expect(boris.legs()).toMatchObject([{ tag: 'T0004', answeredAt: null }]);
      await abandoned.hangUp();
      await Promise.all([refused.reached('over'), declined.reached('over')]);
      expect(abandoned).toMatchObject({ state: 'over', finalStatus: 487 });
      expect(refused.finalStatus).toBe(486);
      await expect(declined.reached('talking')).rejects.toThrow('is over');
      await out.hangUp();
      expect(client.calls.filter((call) => call.who.direction === 'in')).toMatchObject([
        { who: { number: '80290000003' }, finalStatus: 200 },
        { who: { number: '80290000009' }, finalStatus: 603 },
      ]);
    });

    test('a phone sends a client off with REFER, and joins him to a colleague with Replaces', async () => {
      const [ann, boris, client] = await Promise.all([
        agent('151', { default: { then: 'answer', ringMs: 100 } }),
        agent('152', { default: { then: 'answer', ringMs: 100 } }),
        agent('trunk'),
      ]);
      const blind = await client.call('0001367', { from: '80290000001', name: 'T0005' }).reached('talking');
      const sender = await (await ann.incoming()).reached('talking');
      await talk();
      await sender.refer('152');
      await (await boris.incoming()).reached('talking');
      await sender.reached('over');
      expect(sender.transferStatus).toBe(200);
      await blind.hangUp();

      const attended = await client.call('0001367', { from: '80290000001', name: 'T0006' }).reached('talking');
      const first = await (await ann.incoming()).reached('talking');
      await talk();
      await first.hold();
      const second = await ann.call('152').reached('talking');
      const answered = await (await boris.incoming((call) => call.who.from === '151')).reached('talking');
      await talk();
      await first.referInto(second);
      await Promise.all([first.reached('over'), second.reached('over')]);
      expect([attended.state, answered.state]).toEqual(['talking', 'talking']);
      await attended.hangUp();
      await answered.reached('over');
    });
  });
}

describe('an agent alone', () => {
  test('says how it went when nobody is there, and closes at once', async () => {
    const lonely = await startAgent({ port: 9_000, pbxPort: 9_001, user: '150' });
    const call = lonely.call('0001360');
    await expect(call.reached('ringing', 1_000)).rejects.toThrow('is calling after 1000 ms, not ringing');
    expect(lonely.trace().filter((message) => message.method === 'INVITE').length).toBeGreaterThan(1);
    await lonely.stop();
  });
});
