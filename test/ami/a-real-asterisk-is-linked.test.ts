import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPbxLink } from '../../src/ami/link.js';
import type { PbxLink } from '../../src/ami/link.js';
import type { PbxTarget } from '../../src/ami/target.js';
import type { Fact } from '../../src/calls/facts.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { describeWith } from '../pbx/available.js';
import { until } from '../support/until.js';
import { QUICK, targetOf } from './rig.js';

const WAYS: { way: string; target: Partial<PbxTarget> }[] = [
  { way: 'asterisk-manager', target: { transport: 'asterisk-manager' } },
  { way: 'native', target: { transport: 'native' } },
  { way: 'native by MD5', target: { md5: true } },
];

const DIALPLAN = '[trial-wait]\nexten => 150,1,Answer()\n same => n,Wait(30)\n';

/** The unique ids of a Local channel's two halves, once both are known. */
function pairOf(facts: Fact[]): string[] | null {
  const uids = facts.flatMap((fact) => (fact.kind === 'channel.new' ? [fact.channel.uid] : []));
  return uids.length === 2 ? uids : null;
}

for (const version of [16, 22] as const) {
  describeWith([`asterisk-${version}`], `a link to Asterisk ${String(version)}`, () => {
    let asterisk: Asterisk;

    beforeAll(async () => {
      asterisk = await startAsterisk({ version, extraDialplan: DIALPLAN });
    }, 90_000);

    afterAll(async () => {
      await asterisk.stop();
    }, 60_000);

    async function withLink(target: Partial<PbxTarget>, run: (link: PbxLink, facts: Fact[]) => Promise<void>) {
      const facts: Fact[] = [];
      const link = createPbxLink({
        target: targetOf(asterisk.amiPort, target),
        clock: systemClock,
        log: createLogger('silent'),
        settings: QUICK,
        onFact: (fact) => facts.push(fact),
      });
      link.start();
      try {
        await run(link, facts);
      } finally {
        await link.stop();
      }
    }

    for (const { way, target } of WAYS) {
      for (const user of ['crm', 'min'] as const) {
        it(`over ${way} as ${user}: a call is seen, listed, confirmed and gone`, { timeout: 60_000 }, () =>
          withLink({ ...target, ...asterisk.users[user] }, async (link, facts) => {
            await until('the link', () => link.state().phase === 'live');
            expect(link.state()).toMatchObject({ canResync: true, drops: {}, suspectSince: null });
            await asterisk.cli('channel originate Local/150@trial-wait application Wait 30');
            const uids = await until('both halves', () => pairOf(facts));
            await withLink({ ...target, ...asterisk.users[user] }, async (late, lateFacts) => {
              await until('a link made during the call', () => late.state().phase === 'live');
              const snapshot = lateFacts.find((fact) => fact.kind === 'snapshot');
              const listed = snapshot?.kind === 'snapshot' ? snapshot.channels.map(({ uid }) => uid) : [];
              expect(listed.toSorted()).toEqual(uids.toSorted());
            });
            const from = facts.length;
            await link.confirmGone([...uids, '1234567890.1']);
            expect(facts.slice(from).filter(({ kind }) => kind === 'channel.seen')).toHaveLength(2);
            expect(facts.slice(from).filter(({ kind }) => kind === 'channel.confirmed-gone')).toHaveLength(1);
            await asterisk.cli('channel request hangup all');
            await until('the end', () => facts.filter(({ kind }) => kind === 'channel.gone').length === 2);
            await link.confirmGone(uids);
            expect(facts.filter(({ kind }) => kind === 'channel.confirmed-gone')).toHaveLength(3);
            const { skewMs } = await until('a ping', () => (link.state().skewMs === null ? null : link.state()));
            expect(Math.abs(skewMs ?? Infinity)).toBeLessThan(5_000);
          }),
        );
      }
    }

    it('is refused with a wrong password, by name', () =>
      withLink({ ...asterisk.users.crm, secret: 'wrong' }, async (link) => {
        await until('the named state', () => link.state().state === 'auth-failed');
        expect(link.state().lastError?.message).toContain('Authentication failed');
      }));

    it('is told of a restart, and comes back by itself', { timeout: 90_000 }, () =>
      withLink(asterisk.users.crm, async (link, facts) => {
        await until('the link', () => link.state().phase === 'live');
        const before = link.state().startup;
        // The start is told to the second.
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        await asterisk.restart('now');
        const again = await until('the second link', () => facts.filter(({ kind }) => kind === 'link.up')[1], 30_000);
        expect(again).toMatchObject({ restarted: true });
        expect(before).not.toBeNull();
        expect(link.state().startup).not.toBe(before);
        expect(facts.map(({ kind }) => kind).filter((kind) => kind.startsWith('link') || kind === 'snapshot')).toEqual([
          'link.up',
          'snapshot',
          'link.lost',
          'link.up',
          'snapshot',
        ]);
      }),
    );
  });
}
