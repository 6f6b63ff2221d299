import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../../src/ami/backoff.js';
import type { AmiMessage } from '../../src/ami/message.js';
import { DEFAULT_SESSION } from '../../src/ami/session.js';
import type { Chunking } from '../support/ami-server.js';
import { until } from '../support/until.js';
import { createFastClock } from '../support/fast-clock.js';
import { channelLines, event, hangup, newchannel, numbered, numbersOf, withSession } from './rig.js';
import type { TransportName } from './rig.js';

/** Names from everywhere, repeated headers, empty values, values with colons: what framing and decoding must keep. */
const STREAM = [
  newchannel({ CallerIDName: 'Иванов Пётр', Uniqueid: '1.1' }),
  event('Newstate', [...channelLines('', { CallerIDName: '株式会社 🦊' }), 'ChanVariable: a=1', 'ChanVariable: b=x=y']),
  event('VarSet', [...channelLines(''), 'Variable: MIXMONITOR_FILENAME', 'Value: /rec/a: b.wav'], 'dialplan,all'),
  event('UserEvent', [...channelLines(''), 'UserEvent: Ping', 'Num: Ω'], 'user,all'),
  hangup({ CallerIDName: 'Žluťoučký kůň', Uniqueid: '1.2' }),
].join('');

/** Offsets between CR and LF, and inside every character of several bytes. */
function nastySeams(bytes: Buffer): number[] {
  const seams: number[] = [];
  for (let at = 1; at < bytes.length; at += 1) {
    const isInsideCharacter = ((bytes[at] ?? 0) & 0xc0) === 0x80;
    if (isInsideCharacter || bytes[at] === 10) seams.push(at);
  }
  return seams;
}

const CHUNKINGS: Record<string, (bytes: Buffer) => Chunking> = {
  'in one piece': () => 'whole',
  'byte by byte': () => 'bytes',
  'cut inside CR LF and inside characters': (bytes) => ({ seams: nastySeams(bytes) }),
  'in pieces of 1 to 40 bytes': () => ({ sizes: () => 1 + Math.floor(Math.random() * 40) }),
  'in pieces of 1 to 1200 bytes': () => ({ sizes: () => 1 + Math.floor(Math.random() * 1200) }),
};

function plain(message: AmiMessage): string[] {
  return Array.from(message.entries(), ([name, value]) => `${name.toLowerCase()}: ${value}`);
}

/** The exam that every transport passes, over real sockets, through a real session. */
export function transportContract(transport: TransportName): void {
  describe(`transport ${transport}`, () => {
    for (const [how, chunking] of Object.entries(CHUNKINGS)) {
      it(`gives every header of every event, sent ${how}`, () =>
        withSession({ transport }, async ({ server, events }) => {
          const peer = await server.login();
          const bytes = Buffer.from(STREAM);
          await peer.play(bytes, chunking(bytes));
          await until('five events', () => events.length === 5);
          const expected = STREAM.split('\r\n\r\n').filter(Boolean);
          const actual = events.map(plain);
          for (const [index, block] of expected.entries()) {
            const lines = block.split('\r\n').map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
            expect(actual[index]).toEqual(lines);
          }
          expect(events[1]?.all('ChanVariable')).toEqual(['a=1', 'b=x=y']);
          expect(events[2]?.get('variable')).toBe('MIXMONITOR_FILENAME');
        }));
    }

    it('answers an action with the response of its ActionID, whatever comes between', () =>
      withSession(
        { transport, server: { onAction: ({ name }) => name === 'Slow' } },
        async ({ server, session, events }) => {
          const slow = session.action('Slow');
          const action = await server.action('Slow');
          action.peer.write(
            newchannel() + 'Response: Success\r\nActionID: somebody-else\r\nMessage: not yours\r\n\r\n',
          );
          action.peer.answer(action, 'Success', 'Message: yours');
          expect((await slow).get('message')).toBe('yours');
          expect(events).toHaveLength(1);
          expect(action.get('ActionID')).toMatch(/^[0-9a-f-]{36}$/);
          expect(session.stats().drops.unasked).toBe(1);
        },
      ));

    it('never uses an ActionID twice', () =>
      withSession({ transport }, async ({ server, session }) => {
        await Promise.all(Array.from({ length: 200 }, () => session.action('Ping')));
        for (let n = 0; n < 50; n += 1) await session.action('Ping');
        const ids = server.received('Ping').map((action) => action.get('ActionID'));
        expect(ids.length).toBeGreaterThanOrEqual(250);
        expect(new Set(ids).size).toBe(ids.length);
      }));

    it('keeps every line of an Output list, empty and indented ones too', () =>
      withSession({ transport, server: { onAction: ({ name }) => name === 'Report' } }, async ({ server, session }) => {
        const report = session.action('Report');
        const action = await server.action('Report');
        const lines = ['Channel  Location', '', '  indented: yes', 'ünï', '0 active channels'];
        action.peer.answer(
          action,
          'Success',
          'Message: Command output follows',
          ...lines.map((line) => `Output: ${line}`),
        );
        expect((await report).all('Output')).toEqual(lines);
      }));

    it('collects an event list by its ActionID, with live events between its rows', () =>
      withSession({ transport, server: { onAction: ({ name }) => name.endsWith('List') } }, async (rig) => {
        const [one, two] = [rig.session.list('OneList'), rig.session.list('TwoList')];
        const first = await rig.server.action('OneList');
        const second = await rig.server.action('TwoList');
        const { peer } = first;
        const row = (action: typeof first, n: number) =>
          peer.write(['Event: Row', `ActionID: ${action.get('ActionID') ?? ''}`, `N: ${String(n)}`]);
        peer.answer(first, 'Success', 'EventList: start');
        row(first, 1);
        peer.answer(second, 'Success', 'EventList: start');
        peer.write(newchannel());
        row(second, 2);
        row(first, 3);
        peer.write(['Event: Done', `ActionID: ${first.get('ActionID') ?? ''}`, 'EventList: Complete', 'ListItems: 2']);
        // Asterisk 13 ends some lists without the header.
        peer.write(['Event: TwoListComplete', `ActionID: ${second.get('ActionID') ?? ''}`]);
        expect((await one).map((message) => message.get('N'))).toEqual(['1', '3']);
        expect((await two).map((message) => message.get('N'))).toEqual(['2']);
        expect(rig.events.map(({ name }) => name)).toEqual(['Newchannel']);
      }));

    it('gives up on an action and on a list at their deadlines, and drops what comes later', () =>
      withSession({ transport, server: { onAction: ({ name }) => name.startsWith('Never') } }, async (rig) => {
        const { session, server } = rig;
        await expect(session.action('Never', {}, { deadlineMs: 30 })).rejects.toMatchObject({ code: 'AMI_TIMEOUT' });
        await expect(session.list('NeverList', {}, { deadlineMs: 30 })).rejects.toMatchObject({ code: 'AMI_TIMEOUT' });
        const late = await server.action('NeverList');
        late.peer.answer(late, 'Success', 'EventList: start');
        late.peer.write(['Event: Row', `ActionID: ${late.get('ActionID') ?? ''}`]);
        late.peer.write(newchannel());
        await rig.event('Newchannel');
        expect(rig.events).toHaveLength(1);
        expect(session.stats().drops.unasked).toBe(2);
        expect(session.stats().suspectSince).toBeNull();
      }));

    it('tells a refusal with the PBX’s own words', () =>
      withSession({ transport, server: { forbidden: ['Originate'] } }, async ({ session }) => {
        await expect(session.action('Originate')).rejects.toMatchObject({
          code: 'AMI_REFUSED',
          reply: 'Permission denied',
        });
        await expect(session.list('Status', { Channel: '1.1' })).rejects.toMatchObject({ reply: 'No such channel' });
      }));

    it('rejects everything pending when the connection is lost, and sends nothing later', () => {
      // Long enough that nothing is sent before it is back.
      const settings = { backoff: { ...DEFAULT_BACKOFF, firstMs: 1_000 } };
      const server = { onAction: ({ name }: { name: string }) => name.startsWith('Never') };
      return withSession({ transport, settings, server }, async (rig) => {
        const outcomes = Promise.allSettled([rig.session.action('Never'), rig.session.list('NeverList')]);
        await rig.server.action('NeverList');
        (await rig.server.login()).cut();
        for (const outcome of await outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'AMI_LOST' } });
        }
        await rig.lost();
        await expect(rig.session.action('Originate', { Channel: 'PJSIP/150' })).rejects.toMatchObject({
          code: 'AMI_LOST',
        });
        await rig.up(2);
        await rig.session.action('Ping');
        expect(rig.server.received('Originate')).toHaveLength(0);
        expect(rig.server.received('Never')).toHaveLength(1);
      });
    });

    it('begins anew after half a message, which is thrown away', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        peer.write(numbered(1) + 'Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/15');
        await rig.event('Newchannel');
        peer.socket.end();
        await rig.up(2);
        (await rig.server.login(2)).write(numbered(2));
        await until('the event behind', () => rig.events.length === 2);
        expect(numbersOf(rig.events)).toEqual([1, 2]);
        expect(rig.turns).toEqual(['up', 'AMI_LOST', 'up']);
      }));

    it('begins anew after half a response', () =>
      withSession({ transport }, async (rig) => {
        (await rig.server.login()).play('Response: Success\r\nActionID: abc', 'whole').catch(() => undefined);
        (await rig.server.login()).socket.end();
        await rig.up(2);
        expect((await rig.session.action('Ping')).get('Ping')).toBe('Pong');
      }));

    it('sends one action and no other, whatever stands in its values', () =>
      withSession({ transport, server: { onAction: ({ name }) => name === 'Setvar' } }, async ({ server, session }) => {
        const value = 'Bob\r\n\r\nAction: Command\r\nCommand: core stop now\r\n\r\n\0\u2028Ω';
        const pending = session.action('Setvar', { Channel: 'PJSIP/150-1\nX: y', Value: value }, { deadlineMs: 2_000 });
        const action = await server.action('Setvar');
        action.peer.answer(action, 'Success');
        await pending;
        expect(server.received('Command')).toHaveLength(0);
        expect(action.get('X')).toBeUndefined();
        expect(Buffer.from(action.get('Value') ?? '', 'latin1').toString()).toBe(
          'BobAction: CommandCommand: core stop now\u2028Ω',
        );
        expect(action.get('Channel')).toBe('PJSIP/150-1X: y');
      }));

    it('refuses a header name that is none, and a line no PBX would read', () =>
      withSession({ transport }, async ({ server, session }) => {
        const refused = { code: 'AMI_PROTOCOL' };
        await expect(session.action('Setvar', { 'A\r\nB': 'x' })).rejects.toMatchObject(refused);
        await expect(session.action('Setvar', { 'A: B': 'x' })).rejects.toMatchObject(refused);
        await expect(session.action('Setvar', { Value: 'x'.repeat(1100) })).rejects.toMatchObject(refused);
        expect(server.received('Setvar')).toHaveLength(0);
      }));

    it('repeats a header of an action as often as it has values', () =>
      withSession(
        { transport, server: { onAction: ({ name }) => name === 'Originate' } },
        async ({ server, session }) => {
          const values = ['A=1', 'B=2', 'A=1'];
          void session.action('Originate', { Variable: values, Channel: 'PJSIP/150' }).catch(() => undefined);
          const action = await server.action('Originate');
          expect(action.all('Variable').toSorted()).toEqual(values.toSorted());
        },
      ));

    it('sends a batch in one packet, each action with its own outcome', () =>
      withSession({ transport, server: { forbidden: ['Redirect'] } }, async ({ server, session }) => {
        const chunks: number[] = [];
        const peer = await server.login();
        await session.action('Ping');
        const before = server.actions.length;
        peer.socket.on('data', () => chunks.push(server.actions.length - before));
        const outcomes = await session.batch([
          { name: 'Ping', headers: {} },
          { name: 'Redirect', headers: { Channel: 'x' } },
        ]);
        expect(outcomes[0]).toMatchObject({ status: 'fulfilled' });
        expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'AMI_REFUSED' } });
        expect(chunks).toEqual([2]);
      }));

    it('goes on after a line of 1 MiB: its message alone is missing, or the session begins anew', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        peer.write(numbered(1));
        peer.write(newchannel({ CallerIDName: 'x'.repeat(1024 * 1024 + 1), Uniqueid: '1795386355.666' }));
        peer.write(numbered(2));
        await until('the drop to be counted', () => rig.session.stats().drops['line-too-long'] === 1);
        if (transport === 'asterisk-manager') await rig.up(2);
        const latest = rig.server.peers.at(-1);
        latest?.write(numbered(3));
        await until('the event behind', () => numbersOf(rig.events).includes(3));
        expect(numbersOf(rig.events)).toEqual(transport === 'native' ? [1, 2, 3] : [1, 3]);
        expect(rig.turns).toEqual(transport === 'native' ? ['up'] : ['up', 'AMI_PROTOCOL', 'up']);
      }));

    it('drops and counts garbage, and goes on', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        peer.write('HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n');
        peer.write(Buffer.concat([Buffer.from([0, 255, 254, 13, 7, 10, 0x80]), Buffer.from('\r\n\r\n')]));
        peer.write('\r\n\r\n\r\nCallerIDName: tail of a cut one\r\nUniqueid: 1.1\r\n\r\n');
        peer.write(numbered(7));
        await rig.event('Newchannel');
        expect(numbersOf(rig.events)).toEqual([7]);
        expect(rig.session.stats().drops['not-a-message']).toBeGreaterThanOrEqual(3);
        expect(rig.session.stats().suspectSince).not.toBeNull();
        expect(rig.turns).toEqual(['up']);
      }));

    it('begins anew when garbage has no end', () =>
      withSession({ transport, server: {} }, async (rig) => {
        const peer = await rig.server.login();
        const junk = Buffer.alloc(1024 * 1024, 'x');
        for (let mebibytes = 0; mebibytes < 20; mebibytes += 1) peer.write(junk);
        await rig.up(2);
        expect(rig.turns).toEqual(['up', 'AMI_PROTOCOL', 'up']);
      }));

    it('believes no event that a caller could have written, and marks the stream', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        const forged = 'Event: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1.2\r\n\r\n';
        peer.write(newchannel({ CallerIDNum: `1\r\n\r\n${forged}` }));
        peer.write('Event: Hangup\r\nUniqueid: 1.2\r\n\r\n');
        peer.write(hangup().replace('Cause: 16', 'Cause: 16\r\nUniqueid: 1.2'));
        peer.write(numbered(7));
        await until('the true event', () => rig.events.length > 0);
        expect(numbersOf(rig.events)).toEqual([7]);
        expect(rig.session.stats().drops).toEqual({
          'missing-header': 2,
          'not-a-message': 1,
          'no-privilege': 1,
          'repeated-header': 1,
        });
        expect(rig.lines.filter((line) => line['msg'] === 'ami stream holds forged or cut messages')).toHaveLength(1);
      }));

    it.each([
      ['cut in two', '1\r\n\r\nEvent: X\r\nA: b'],
      ['given a second time', '1\r\nTimestamp: 1995386355.1'],
      ['given a header twice', '1\r\nUniqueid: 1795386355.9'],
    ])('does not believe the end of a call that its caller has %s, and says whose it was', (_how, CallerIDNum) =>
      withSession({ transport }, async (rig) => {
        (await rig.server.login()).write(hangup({ CallerIDNum }) + numbered(7));
        await rig.event('Newchannel');
        expect(rig.events.map(({ name }) => name)).toEqual(['Newchannel']);
        expect(rig.cuts).toEqual([['hangup', 'PJSIP/trunk-00000001']]);
      }),
    );

    it('names a wrong password, tries again slowly, and takes the right one when it is there', () =>
      withSession({ transport, server: { secret: 'another' }, noWait: true }, async (rig) => {
        const { session, server } = rig;
        await until('the named state', () => session.state === 'auth-failed');
        expect(session.stats().lastError).toEqual({
          code: 'AMI_AUTH_FAILED',
          message: 'the PBX refused the log-in of crm: Authentication failed',
        });
        await new Promise((resolve) => setTimeout(resolve, 150));
        expect(server.received('Login')).toHaveLength(1);
        expect(rig.turns).toEqual([]);
        server.options.secret = 'crm-secret';
        await rig.up();
        expect(rig.log.join('')).not.toContain('crm-secret');
      }));

    it('notices within 30 s a peer that is there no more', () =>
      withSession({ transport, clock: createFastClock(50) }, async (rig) => {
        (await rig.server.login()).freeze();
        await rig.lost();
        expect(rig.turns.slice(0, 2)).toEqual(['up', 'AMI_LOST']);
        expect(rig.log.join('')).toContain('the PBX fell silent');
        expect(DEFAULT_SESSION.pingEveryMs + DEFAULT_SESSION.pingMs).toBeLessThanOrEqual(30_000);
        await rig.up(2);
      }));

    it('gives up on a PBX that takes the connection and says nothing', () =>
      withSession(
        { transport, clock: createFastClock(50), server: { onAction: () => true }, noWait: true },
        async (rig) => {
          await until('three tries', () => rig.server.peers.length >= 3);
          expect(rig.turns).toEqual([]);
          expect(rig.session.stats().lastError?.code).toBe('AMI_LOST');
        },
      ));

    it('comes back again and again when the PBX closes it', () =>
      withSession({ transport }, async (rig) => {
        for (let n = 1; n <= 5; n += 1) {
          (await rig.server.login(n)).cut();
          await rig.up(n + 1);
        }
        (await rig.server.login(6)).write(numbered(1));
        await rig.event('Newchannel');
        expect(rig.turns.filter((turn) => turn === 'up')).toHaveLength(6);
      }));

    it('needs no FullyBooted, and asks for the events that are wanted', () =>
      withSession({ transport, target: { eventMask: 'call,cdr' } }, async ({ server, session }) => {
        expect(session.state).toBe('up');
        expect((await server.action('Events')).get('EventMask')).toBe('call,cdr');
      }));

    it('measures how far the PBX’s clock is off', () =>
      withSession(
        {
          transport,
          server: {
            onAction: (action, peer) => {
              if (action.name !== 'Ping') return false;
              peer.answer(action, 'Success', 'Ping: Pong', `Timestamp: ${(Date.now() / 1000 + 90).toFixed(6)}`);
              return true;
            },
          },
        },
        async ({ session }) => {
          const skew = await until('the skew', () => session.stats().skewMs);
          expect(Math.abs(skew - 90_000)).toBeLessThan(5_000);
        },
      ));

    it('stops for good, with nothing left of it', () =>
      withSession({ transport, server: { onAction: ({ name }) => name === 'Never' } }, async (rig) => {
        const pending = rig.session.action('Never').catch((error: unknown) => error);
        await rig.server.action('Never');
        await rig.session.stop();
        expect(await pending).toMatchObject({ code: 'AMI_LOST' });
        expect(rig.session.state).toBe('stopped');
        await new Promise((resolve) => setTimeout(resolve, 60));
        expect(rig.server.received('Login')).toHaveLength(1);
      }));
  });
}
