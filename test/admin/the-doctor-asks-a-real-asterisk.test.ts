/** The sample AMI users and a bad one, on real Asterisks, before any call and after some. */
import { expect, it } from 'vitest';
import { pbxStateOf } from '../../src/admin-joint.js';
import { examine } from '../../src/admin/doctor.js';
import type { Finding } from '../../src/admin/finding.js';
import { createPbxLink } from '../../src/ami/link.js';
import type { PbxLink } from '../../src/ami/link.js';
import { enterpriseEntry } from '../../src/config/enterprise.js';
import { resolveEnterprise } from '../../src/config/resolve.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { targetOf } from '../ami/rig.js';
import { startAsterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { placeCalls, tagOf } from '../pbx/callers.js';
import { filterSyntaxOf, managerConf, MANAGER_USERS } from '../pbx/manager-users.js';
import { startPhone } from '../pbx/phones.js';
import { until } from '../support/until.js';

const BAD = { username: 'bad', secret: 'bad-secret' };
/** Keeps the ends of calls out, and may do everything but place calls. */
function badUser(version: 16 | 22): string {
  const out = ['Hangup', 'DialEnd'].map((name) =>
    filterSyntaxOf(version) === 'named'
      ? `eventfilter(action(exclude),name(${name})) =`
      : `eventfilter = !Event: ${name}[[:cntrl:]]`,
  );
  return [`[bad]`, 'secret=bad-secret', 'read=call,user', 'write=call,reporting,command', ...out, ''].join('\n');
}

describeWith(['sipp', 'asterisk-16', 'asterisk-22'], 'the doctor asks', () => {
  it.each([16, 22] as const)('Asterisk %i what its AMI users may and hear', { timeout: 90_000 }, async (version) => {
    await using asterisk = await startAsterisk({
      version,
      files: (ports) => ({ 'manager.conf': managerConf(version, ports.ami) + badUser(version) }),
    });
    const users = [MANAGER_USERS.safe, MANAGER_USERS.fleet, MANAGER_USERS.crm, BAD];
    const links = users.map((user) => linkOf(asterisk.amiPort, user));
    try {
      await until('all links', () => links.every(({ link }) => link.state().phase === 'live'));
      const before = await findings(links);
      for (const found of Object.values(before)) expect(found).toContain('unknown pbx.filter');
      expect(before['safe']).toEqual(['ok pbx', 'unknown pbx.filter']);
      expect(before['fleet']).toEqual(['ok pbx', 'unknown pbx.filter']);
      expect(before['crm']).toContain('warning pbx.too-much');
      expect(before['bad']).toEqual(expect.arrayContaining(['warning pbx.too-much', 'warning pbx.originate']));

      await using _ann = await startPhone(asterisk, '151', { default: { then: 'answer', ringMs: 200 } });
      const calls = [1, 2, 3, 4, 5].map((n) => ({
        ...{ tag: tagOf(n), dial: '0001367', from: `+37529000000${n}`, talkMs: 1_000 },
      }));
      await (
        await placeCalls(asterisk, calls)
      ).done;
      await until('the last hang-up', () => (links[0]?.link.state().heard.needed['Hangup'] ?? 0) >= 10);
      expect(await findings(links)).toEqual({
        safe: ['ok pbx', 'ok pbx.filter'],
        fleet: ['ok pbx', 'ok pbx.filter'],
        crm: ['ok pbx', 'warning pbx.too-much', 'warning pbx.raw-events', 'ok pbx.filter'],
        bad: ['ok pbx', 'warning pbx.originate', 'warning pbx.too-much', 'warning pbx.filter'],
      });
      const bad = (await findingsOf(links[3] as Linked)).find(({ id }) => id === 'pbx.filter');
      expect(bad?.found.en).toMatch(/ came and no DialEnd, Hangup: the filter keeps them out/);
      expect(bad?.found.ru).toMatch(/ но ни одного DialEnd, Hangup: их не пропускает фильтр/);
      // The console tells the classes of who may ask it, by a transport that reads its answer.
      expect((await links[3]?.link.rights())?.read).toEqual(expect.arrayContaining(['call', 'user']));
      for (const other of [links[0], links[2]]) expect((await other?.link.rights())?.read).toBeNull();
    } finally {
      await Promise.all(links.map(({ link }) => link.stop()));
    }
  });
});

interface Linked {
  name: string;
  link: PbxLink;
}

function linkOf(port: number, user: { username: string; secret: string }): Linked {
  const target = targetOf(port, { ...user, eventMask: 'auto', transport: user === BAD ? 'native' : 'auto' });
  const link = createPbxLink({ target, clock: systemClock, log: createLogger('silent'), onFact: () => undefined });
  link.start();
  return { name: user.username, link };
}

async function findings(links: readonly Linked[]): Promise<Record<string, string[]>> {
  const found = await Promise.all(
    links.map(async (one) => [one.name, (await findingsOf(one)).map(({ level, id }) => `${level} ${id}`)] as const),
  );
  return Object.fromEntries(found);
}

/** What it finds of the PBX. */
async function findingsOf({ link }: Linked): Promise<Finding[]> {
  const entry = enterpriseEntry.parse({
    ...{ number: '0367', token: 'unit-token-0001', inboundContexts: ['from-trunk'] },
    pbx: { host: '127.0.0.1', username: 'crm', secret: 'crm-secret' },
    smartRedirect: {},
  });
  const enterprise = resolveEnterprise(entry, {
    ...{ name: 'Example', token: 'unit-token-0001', clientId: '', address: null, takeoverAt: null, version: 1 },
    ...{ pbxSecret: '', smartRedirectSecret: null, sshPassword: null, recordingsPassword: null, sshPrivateKey: null },
    integrations: {},
  });
  const found = await examine(enterprise, {
    database: () => Promise.resolve(null),
    pbx: () => pbxStateOf(link),
    rights: () => link.rights(),
    hasContext: () => Promise.resolve(true),
    crms: [],
    sources: () => Promise.resolve([]),
    publicUrl: null,
    reach: () => Promise.resolve(null),
  });
  return found.filter(({ id }) => id.startsWith('pbx'));
}
