import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { createPbxLink } from '../../src/ami/link.js';
import type { PbxLink } from '../../src/ami/link.js';
import type { SessionSettings } from '../../src/ami/session.js';
import type { PbxTarget } from '../../src/ami/target.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import type { AmiPeer, AmiServer, AmiServerOptions, ReceivedAction } from '../support/ami-server.js';
import { startAmiServer } from '../support/ami-server.js';
import { until } from '../support/until.js';
import { channelLines, hangup, newchannel, numbered, QUICK, targetOf } from './rig.js';

interface LinkRig {
  server: AmiServer;
  link: PbxLink;
  facts: Fact[];
  kinds(): string[];
  kind(wanted: Fact['kind'], count?: number): Promise<Fact>;
}

async function withLink(
  options: {
    server?: AmiServerOptions;
    target?: Partial<PbxTarget>;
    onFact?: (fact: Fact) => void;
    settings?: Partial<SessionSettings>;
  },
  run: (rig: LinkRig) => Promise<void>,
): Promise<void> {
  const server = await startAmiServer(options.server ?? {});
  const facts: Fact[] = [];
  const link = createPbxLink({
    target: targetOf(server.port, options.target),
    clock: systemClock,
    log: createLogger('silent'),
    settings: { ...QUICK, ...options.settings },
    onFact: (fact) => {
      facts.push(fact);
      options.onFact?.(fact);
    },
  });
  link.start();
  try {
    await run({
      server,
      link,
      facts,
      kinds: () => facts.map(({ kind }) => kind),
      kind: (wanted, count = 1) =>
        until(`${wanted} ${String(count)}`, () => facts.filter(({ kind }) => kind === wanted)[count - 1]),
    });
  } finally {
    await link.stop();
    await server.close();
  }
}

const row = (n: number) =>
  channelLines('', { Uniqueid: `1795386355.${String(n)}`, Channel: `PJSIP/trunk-${String(n)}` });
const uid = (n: number) => `1795386355.${String(n)}`;

/** Keeps an answer back until the test has said something first. */
function held(name: string, before: (peer: { write(text: string): void }) => void, when: () => boolean = () => true) {
  return (action: { name: string }, peer: { write(text: string): void }) => {
    if (action.name === name && when()) before(peer);
    return false;
  };
}

describe('a link to a PBX', () => {
  it('says link.up, then what is alive, then what happens', () =>
    withLink({ server: { channels: [row(1), row(2)] } }, async (rig) => {
      await rig.kind('snapshot');
      (await rig.server.login()).write(numbered(3));
      await rig.kind('channel.new');
      expect(rig.kinds()).toEqual(['link.up', 'snapshot', 'channel.new']);
      expect(rig.facts[0]).toMatchObject({ kind: 'link.up', lostAt: null, restarted: false, source: 'ami' });
      const snapshot = await rig.kind('snapshot');
      const uids = snapshot.kind === 'snapshot' ? snapshot.channels.map((channel) => channel.uid) : [];
      expect(uids).toEqual([uid(1), uid(2)]);
      expect(rig.link.state()).toMatchObject({ state: 'up', phase: 'live', canResync: true, facts: 3 });
    }));

  it('loses nothing that happens between the log-in and the end of the list, and tells it behind the list', () => {
    const early = (action: { name: string }, peer: { write(text: string): void }) => {
      const n = ['Events', 'Status', 'CoreShowChannels', 'CoreStatus'].indexOf(action.name);
      if (n >= 0) peer.write(numbered(10 + n));
      return false;
    };
    return withLink({ server: { channels: [row(1)], onAction: early } }, async (rig) => {
      await rig.kind('channel.new', 4);
      expect(rig.kinds()).toEqual(['link.up', 'snapshot', 'channel.new', 'channel.new', 'channel.new', 'channel.new']);
      const uids = rig.facts.flatMap((fact) => (fact.kind === 'channel.new' ? [fact.channel.uid] : []));
      expect(uids).toEqual([uid(10), uid(11), uid(12), uid(13)]);
    });
  });

  it('keeps the order when everything comes in one packet', () => {
    let once = true;
    const burst = held(
      'Status',
      (peer) => peer.write(numbered(5) + hangup({ Uniqueid: uid(5) })),
      () => once && !(once = false),
    );
    return withLink({ server: { onAction: burst } }, async (rig) => {
      await rig.kind('channel.gone');
      expect(rig.kinds()).toEqual(['link.up', 'snapshot', 'channel.new', 'channel.gone']);
    });
  });

  it('says since when it was lost, and what is alive now', () =>
    withLink({ server: { channels: [row(1)] } }, async (rig) => {
      await rig.kind('snapshot');
      const before = Date.now();
      (await rig.server.login()).cut();
      const lost = await rig.kind('link.lost');
      await rig.kind('snapshot', 2);
      expect(rig.kinds()).toEqual(['link.up', 'snapshot', 'link.lost', 'link.up', 'snapshot']);
      expect(rig.facts[3]).toMatchObject({ lostAt: lost.at, restarted: false });
      expect(lost.at).toBeGreaterThanOrEqual(before - 1000);
    }));

  it('tells that Asterisk was restarted', () =>
    withLink({ server: { startup: { date: '2026-11-22', time: '08:00:00' } } }, async (rig) => {
      await rig.kind('snapshot');
      rig.server.options.startup = { date: '2026-11-22', time: '09:30:00' };
      (await rig.server.login()).cut();
      await rig.kind('snapshot', 2);
      expect(rig.facts.filter(({ kind }) => kind === 'link.up')).toMatchObject([
        { restarted: false },
        { restarted: true },
      ]);
      expect(rig.link.state().startup).toBe('2026-11-22 09:30:00');
    }));

  it('needs no right but write=call', () =>
    withLink({ server: { channels: [row(1)], forbidden: ['CoreShowChannels', 'CoreStatus'] } }, async (rig) => {
      const snapshot = await rig.kind('snapshot');
      expect(snapshot).toMatchObject({ channels: [{ uid: uid(1) }] });
      expect(rig.link.state()).toMatchObject({ canResync: true, startup: null });
    }));

  it('takes the other list where Status is forbidden', () =>
    withLink({ server: { channels: [row(1)], forbidden: ['Status'] } }, async (rig) => {
      expect(await rig.kind('snapshot')).toMatchObject({ channels: [{ uid: uid(1) }] });
    }));

  it('gives no snapshot, rather than an empty one, where it may list nothing', () =>
    withLink({ server: { channels: [row(1)], forbidden: ['Status', 'CoreShowChannels'] } }, async (rig) => {
      await rig.kind('link.up');
      (await rig.server.login()).write(numbered(3));
      await rig.kind('channel.new');
      expect(rig.kinds()).toEqual(['link.up', 'channel.new']);
      expect(rig.link.state().canResync).toBe(false);
    }));

  it('begins anew when the list never ends, and says nothing of that time', () => {
    let tries = 0;
    const mute = (action: { name: string }) => action.name === 'Status' && (tries += 1) === 1;
    return withLink({ server: { onAction: mute }, settings: { listMs: 200 } }, async (rig) => {
      const first = await rig.server.login();
      await rig.server.action('Status');
      first.write(newchannel());
      await rig.kind('snapshot');
      expect(rig.kinds()).toEqual(['link.up', 'snapshot']);
      expect(rig.facts[0]).toMatchObject({ lostAt: null });
    });
  });

  it('confirms which channels are gone and which are not', () =>
    withLink({ server: { channels: [row(1)] } }, async (rig) => {
      await rig.kind('snapshot');
      await rig.link.confirmGone([uid(1), uid(2), uid(2), 'no id\r\nAction: Logoff']);
      const told = rig.facts
        .slice(2)
        .map((fact) =>
          fact.kind === 'channel.confirmed-gone'
            ? `gone ${fact.uid}`
            : fact.kind === 'channel.seen'
              ? `alive ${fact.channel.uid}`
              : fact.kind,
        );
      expect(told.toSorted()).toEqual([`alive ${uid(1)}`, `gone ${uid(2)}`]);
      expect(rig.server.received('Logoff')).toHaveLength(0);
    }));

  it('does not take what was before a hang-up for its refutation, though both come in one packet', () => {
    const overtaking = (action: ReceivedAction, peer: AmiPeer): boolean => {
      if (action.name !== 'Status' || action.get('Channel') !== uid(1) || server.channels?.length === 0) return false;
      server.channels = [];
      const id = `ActionID: ${action.get('ActionID') ?? ''}`;
      const said = [
        ['Response: Success', id, 'EventList: start'],
        ['Event: Status', ...row(1), id],
      ];
      said.push(['Event: StatusComplete', id, 'EventList: Complete', 'Items: 1']);
      const answer = said.map((lines) => `${lines.join('\r\n')}\r\n\r\n`).join('');
      peer.write(answer + hangup({ Uniqueid: uid(1) }) + numbered(2));
      return true;
    };
    const server: AmiServerOptions = { channels: [row(1)], onAction: overtaking };
    return withLink({ server }, async (rig) => {
      await rig.kind('snapshot');
      await rig.link.confirmGone([uid(1)]);
      expect(rig.kinds().slice(2)).toEqual(['channel.gone', 'channel.new', 'channel.confirmed-gone']);
    });
  });

  it('refutes a hang-up of a channel that is there, however often it is told', () => {
    const forging = (action: ReceivedAction, peer: AmiPeer): boolean => {
      if (action.name === 'Status' && action.get('Channel') !== undefined) peer.write(hangup({ Uniqueid: uid(1) }));
      return false;
    };
    return withLink({ server: { channels: [row(1)], onAction: forging } }, async (rig) => {
      await rig.kind('snapshot');
      await rig.link.confirmGone([uid(1)]);
      expect(rig.kinds().at(-1)).toBe('channel.seen');
    });
  });

  it('confirms nothing when the PBX may not be asked, or is away', () =>
    withLink({ server: { forbidden: ['Status'] } }, async (rig) => {
      await rig.kind('snapshot');
      await rig.link.confirmGone([uid(1)]);
      (await rig.server.login()).cut();
      await rig.kind('link.lost');
      await rig.link.confirmGone([uid(1)]);
      expect(rig.kinds()).not.toContain('channel.confirmed-gone');
    }));

  it('says link.lost when it is stopped', () =>
    withLink({}, async (rig) => {
      await rig.kind('snapshot');
      await rig.link.stop();
      expect(rig.kinds()).toEqual(['link.up', 'snapshot', 'link.lost']);
      expect(rig.link.state()).toMatchObject({ state: 'stopped', phase: 'away' });
    }));

  it('goes on when who listens fails', () =>
    withLink(
      {
        onFact: () => {
          throw new Error('a bug');
        },
      },
      async (rig) => {
        await rig.kind('snapshot');
        (await rig.server.login()).write(numbered(1) + numbered(2));
        await rig.kind('channel.new', 2);
        expect(rig.link.state().state).toBe('up');
      },
    ));

  it('with settings its transport cannot follow tries nothing and says why', () =>
    withLink({ target: { transport: 'asterisk-manager', tls: true } }, async ({ link, server }) => {
      expect(link.state()).toMatchObject({ state: 'refused', lastError: { code: 'AMI_TRANSPORT_CANNOT' } });
      await expect(link.action('Ping')).rejects.toMatchObject({ code: 'AMI_TRANSPORT_CANNOT' });
      expect(server.peers).toHaveLength(0);
    }));
});
