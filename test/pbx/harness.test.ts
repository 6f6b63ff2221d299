import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerOf, type AmiProbe } from './ami-probe.js';
import { startAsterisk, type Asterisk } from './asterisk.js';
import { describeWith, pathOf } from './available.js';
import { placeCalls, type PlacedCall, type PlannedCall } from './callers.js';
import { recordedCalls } from './load.js';
import type { ManagerUserName } from './manager-users.js';
import { startPhone, type Phone } from './phones.js';

const ringOn = { then: 'ring-on' } as const;
const answer = { then: 'answer', ringMs: 600 } as const;
const talkMs = 1_500;

/** One of each kind; the phones know their part by the tag. */
const CALLS: Readonly<Record<string, PlannedCall>> = {
  answered: { tag: 'T0001', dial: '0001360', from: '80290000001', talkMs },
  missed: { tag: 'T0002', dial: '0001361', from: '+375290000002' },
  'ring group': { tag: 'T0003', dial: '0001362', from: '375290000003', talkMs },
  queue: { tag: 'T0004', dial: '0001363', from: '+375290000004', talkMs },
  recorded: { tag: 'T0005', dial: '0001365', from: '+375290000005', talkMs },
  greeted: { tag: 'T0006', dial: '0001366', from: '+375290000006', talkMs: 3_000 },
  'callee hangs up': { tag: 'T0007', dial: '0001367', from: '+375290000007' },
  'local group': { tag: 'T0008', dial: '0001368', from: '+375290000008', talkMs },
  abandoned: { tag: 'T0009', dial: '0001367', from: '+375290000009', giveUpMs: 1_000 },
  busy: { tag: 'T0010', dial: '0001360', from: '+375290000010' },
  declined: { tag: 'T0011', dial: '0001360', from: '+375290000011' },
  cascade: { tag: 'T0012', dial: '0001369', from: '+375290000012', talkMs },
  fleet: { tag: 'T0013', dial: '0001370', from: '+375290000013', talkMs: 3_000 },
};
const FROM_PHONES: Readonly<Record<string, PlannedCall>> = {
  internal: { tag: 'T0021', dial: '154', from: '151', talkMs },
  outbound: { tag: 'T0022', dial: '+375290000022', from: '151', talkMs },
  'outbound busy': { tag: 'T0023', dial: '+375290000023', from: '152' },
  'fleet outbound': { tag: 'T0024', dial: '+375290000024', from: '153', talkMs },
};

async function startPhones(asterisk: Asterisk): Promise<Phone[]> {
  const busy = { then: 'busy', ringMs: 0 } as const;
  return await Promise.all([
    startPhone(asterisk, '150', {
      default: answer,
      calls: {
        T0002: ringOn,
        T0003: ringOn,
        T0008: ringOn,
        T0010: busy,
        T0011: { then: 'decline', ringMs: 300 },
        T0012: ringOn,
        T0013: ringOn,
      },
    }),
    startPhone(asterisk, '151', {
      default: answer,
      calls: {
        T0003: ringOn,
        T0004: ringOn,
        T0007: { ...answer, talkMs: 1_500 },
        T0009: ringOn,
        T0013: { then: 'unavailable', ringMs: 0 },
      },
    }),
    startPhone(asterisk, '152', { default: { then: 'answer', ringMs: 900 } }),
    startPhone(asterisk, '154', { default: answer }),
    startPhone(asterisk, 'trunk', { default: { then: 'answer', ringMs: 400 }, calls: { '+375290000023': busy } }),
  ]);
}

for (const version of [16, 22] as const) {
  describeWith([`asterisk-${version}`, 'sipp'], `a real Asterisk ${version}`, () => {
    let asterisk: Asterisk;
    let phones: Phone[] = [];
    let placed: Map<string, PlacedCall>;
    let told: Record<ManagerUserName, AmiProbe>;
    beforeAll(async () => {
      asterisk = await startAsterisk({ version });
      phones = await startPhones(asterisk);
      told = {
        crm: await asterisk.probe('crm'),
        safe: await asterisk.probe('safe'),
        min: await asterisk.probe('min'),
        fleet: await asterisk.probe('fleet'),
      };
      const all = { ...CALLS, ...FROM_PHONES };
      const calls = await (await placeCalls(asterisk, Object.values(all), { perSecond: 10 })).done;
      placed = new Map(Object.keys(all).map((name, i) => [name, calls[i] as PlacedCall]));
    });
    afterAll(async () => {
      await Promise.all(Object.values(told).map((probe) => probe.close()));
      await Promise.all(phones.map((phone) => phone.stop()));
      await asterisk.stop();
    });

    it('is the version it says', async () => {
      expect(await asterisk.cli('core show version')).toMatch(new RegExp(`^Asterisk ${version}\\.`, 'm'));
    });

    it.each(['crm', 'safe', 'min', 'fleet'] as const)('lets %s log in and ask what is going on', async (user) => {
      const probe = await asterisk.probe(user);
      await probe.action('Status');
      const end = await probe.find((message) => headerOf(message, 'Event') === 'StatusComplete');
      expect(headerOf(end, 'Items')).toBe('0');
      await probe.close();
    });

    it.each([
      'answered',
      'ring group',
      'queue',
      'recorded',
      'greeted',
      'callee hangs up',
      'local group',
      'cascade',
      'fleet',
    ])('carries and records a call: %s', (name) => {
      const call = placed.get(name);
      expect(call?.leg).toMatchObject({ finalStatus: 200, endedBy: name === 'callee hangs up' ? 'there' : 'here' });
      const recorded = recordedCalls(asterisk.masterCsv()).get(call?.plan.tag ?? '');
      expect(recorded?.answered).toBe(true);
      expect(recorded?.billSeconds).toBeGreaterThanOrEqual(1);
    });

    it.each([
      ['missed', 603, null, 'NO ANSWER'],
      ['abandoned', 487, 'here', 'NO ANSWER'],
      ['busy', 486, null, 'BUSY'],
      ['declined', expect.any(Number), null, expect.any(String)],
    ])('carries and records a call nobody answers: %s', (name, finalStatus, endedBy, disposition) => {
      const call = placed.get(name);
      expect(call?.leg).toMatchObject({ finalStatus, endedBy, answeredAt: null });
      const recorded = recordedCalls(asterisk.masterCsv()).get(call?.plan.tag ?? '');
      expect(recorded?.answered).toBe(false);
      expect(recorded?.rows[0]).toMatchObject({ disposition });
    });

    it.each([
      ['internal', 200, 'ANSWERED'],
      ['outbound', 200, 'ANSWERED'],
      ['outbound busy', 486, 'BUSY'],
      ['fleet outbound', 200, 'ANSWERED'],
    ])('carries and records a call from a phone: %s', (name, finalStatus, disposition) => {
      const call = placed.get(name);
      expect(call?.leg).toMatchObject({ finalStatus });
      const rows = asterisk.masterCsv().filter((row) => row.src === call?.plan.from && row.dst === call.plan.dial);
      expect(rows).toMatchObject([{ disposition, linkedid: rows[0]?.uniqueid }]);
    });

    it('tells each user what that user may know, and no more', () => {
      const events = (user: ManagerUserName) =>
        new Set(told[user].messages.flatMap((message) => headerOf(message, 'Event') ?? []));
      for (const user of ['crm', 'safe', 'min', 'fleet'] as const) {
        for (const event of ['DialBegin', 'DialEnd', 'BridgeEnter', 'BridgeLeave', 'Hangup', 'Cdr']) {
          expect(events(user)).toContain(event);
        }
      }
      expect(events('crm')).toContain('Newexten');
      expect(events('min')).toContain('Newchannel');
      expect(events('min')).not.toContain('VarSet');
      for (const forgeable of ['Newchannel', 'Newexten', 'VarSet']) expect(events('safe')).not.toContain(forgeable);
      for (const forgeable of ['Newchannel', 'Newexten']) expect(events('fleet')).not.toContain(forgeable);
      const variables = told.fleet.messages.flatMap((m) =>
        headerOf(m, 'Event') === 'VarSet' ? [headerOf(m, 'Variable')] : [],
      );
      expect([...new Set(variables)].sort()).toEqual(['LisAMI_EventData', 'MIXMONITOR_FILENAME']);
    });

    it('shows when the phone sent its 180 and when the caller got one', () => {
      const seen = placed.get('answered')?.leg;
      const sent = phones[0]?.legs().find((leg) => leg.tag === 'T0001');
      expect(sent?.ringingAt).toBeGreaterThan(seen?.invitedAt ?? Infinity);
      // SIPp stamps what it sends just after sending it, so that the caller's stamp may be a little the earlier one.
      expect(sent?.ringingAt).toBeLessThan((seen?.ringingAt ?? 0) + 50);
      expect(sent?.ringingAt).toBeLessThan(seen?.answeredAt ?? 0);
      expect((sent?.answeredAt ?? 0) - (sent?.ringingAt ?? 0)).toBeGreaterThanOrEqual(590);
    });

    it('leaves a recording where it says', () => {
      const row = recordedCalls(asterisk.masterCsv()).get('T0005');
      expect(existsSync(join(asterisk.recordings, `${row?.linkedid}.wav`))).toBe(true);
    });
  });

  describeWith([`asterisk-${version}`], `Asterisk ${version} started for a test`, () => {
    it(
      'runs beside another, comes back after a restart and a crash, and leaves nothing behind',
      { timeout: 120_000 },
      async () => {
        const [one, two] = await Promise.all([startAsterisk({ version }), startAsterisk({ version })]);
        expect(one.amiPort).not.toBe(two.amiPort);
        const pids = [one.pid(), two.pid()];
        await one.restart('now');
        expect(one.pid()).toBe(pids[0]);
        await two.kill();
        await two.start();
        expect(two.pid()).not.toBe(pids[1]);
        await (await two.probe('safe')).close();
        pids.push(two.pid());
        await Promise.all([one.stop(), two.stop()]);
        for (const pid of pids) expect(existsSync(`/proc/${pid}`)).toBe(false);
        const left = readdirSync(join(pathOf(`asterisk-${version}`), 'trunkline'));
        expect(left.filter((name) => name.startsWith(`${process.pid}-`))).toEqual([]);
      },
    );
  });
}

describe('a part that is missing', () => {
  it('has no path', () => {
    expect(() => pathOf('no-such-part' as never)).toThrow('no-such-part is not available');
  });
});
