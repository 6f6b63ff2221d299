import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../../src/ami/backoff.js';
import { until } from '../support/until.js';
import { createFastClock } from '../support/fast-clock.js';
import { planLink } from '../../src/ami/target.js';
import { channelLines, event, newchannel, numbered, numbersOf, targetOf, withSession } from './rig.js';
import type { Rig, TransportName } from './rig.js';

/**
 * The 21 ways in which asterisk-manager 0.2.0 crashes, hangs, forgets or corrupts, each played against our session over
 * both transports. A crash or a hang of the process would end the run, so "the next event came" is the proof.
 */
const BOTH: TransportName[] = ['native', 'asterisk-manager'];

/** Sends what did harm, then proves that the same session goes on. */
async function survives(rig: Rig, harmful: string | Buffer): Promise<void> {
  const peer = await rig.server.login();
  peer.write(harmful);
  peer.write(numbered(77));
  await until('the event behind', () => numbersOf(rig.events).includes(77));
  expect((await rig.session.action('Ping')).get('Ping')).toBe('Pong');
  expect(rig.turns).toEqual(['up']);
}

for (const transport of BOTH) {
  describe(`what breaks asterisk-manager, over ${transport}`, () => {
    it('1. an event with two UserEvent headers', () =>
      withSession({ transport }, async (rig) => {
        const twice = [...channelLines(''), 'UserEvent: Foo', 'UserEvent: bar'];
        await survives(rig, event('UserEvent', twice, 'user,all'));
        expect(rig.events[0]?.all('UserEvent')).toEqual(['Foo', 'bar']);
      }));

    it('2. a response whose ActionID is an internal event name', () =>
      withSession({ transport }, (rig) =>
        survives(
          rig,
          ['rawevent', 'managerevent', 'error', 'close', '__proto__', 'constructor']
            .map((id) => `Response: Success\r\nActionID: ${id}\r\n\r\n`)
            .join(''),
        ),
      ));

    it('3. an event named rawevent', () =>
      withSession({ transport }, (rig) => survives(rig, event('rawevent', ['A: b']) + 'Event: rawevent\r\n\r\n')));

    it('4. events named like the connection’s own', () =>
      withSession({ transport }, async (rig) => {
        await survives(rig, ['Close', 'Error', 'Connect', 'End'].map((name) => event(name, ['A: b'])).join(''));
        expect(rig.session.stats().connects).toBe(1);
      }));

    it('5. half an event of the old connection', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        await peer.play('Event: Hangup\r\nPrivilege: call,all\r\nCause: 1', 'whole');
        peer.socket.end();
        await rig.up(2);
        (await rig.server.login(2)).write(numbered(1));
        await rig.event('Newchannel');
        expect(rig.events).toHaveLength(1);
      }));

    it('6. half a response of the old connection', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        await peer.play('Response: Success\r\nActionID: 1', 'whole');
        peer.socket.end();
        await rig.up(2);
        expect((await rig.session.action('Ping')).get('Ping')).toBe('Pong');
      }));

    it('7. half a `Response: Follows` of the old connection', () =>
      withSession({ transport }, async (rig) => {
        const peer = await rig.server.login();
        await peer.play('Response: Follows\r\nPrivilege: Command\r\nhalf an out', 'whole');
        peer.socket.end();
        await rig.up(2);
        (await rig.server.login(2)).write(numbered(1) + numbered(2));
        await until('both events', () => rig.events.length === 2);
      }));

    it('8. actions under way, and sent after the close', () => {
      const settings = { backoff: { ...DEFAULT_BACKOFF, firstMs: 10_000 } };
      return withSession({ transport, settings, server: { onAction: ({ name }) => name === 'Never' } }, async (rig) => {
        const pending = rig.session.action('Never').catch((error: unknown) => error);
        await rig.server.action('Never');
        (await rig.server.login()).cut();
        expect(await pending).toMatchObject({ code: 'AMI_LOST' });
        await rig.lost();
        await expect(rig.session.action('Ping')).rejects.toMatchObject({ code: 'AMI_LOST' });
      });
    });

    it('9. an Originate while the PBX is down', () =>
      withSession({ transport, server: { secret: 'another' }, noWait: true }, async (rig) => {
        await expect(rig.session.action('Originate', { Channel: 'PJSIP/150' })).rejects.toMatchObject({
          code: 'AMI_LOST',
        });
        rig.server.options.secret = 'crm-secret';
        await rig.up();
        await rig.session.action('Ping');
        expect(rig.server.received('Originate')).toHaveLength(0);
      }));

    it('10. line ends in values and names of an action', () =>
      withSession({ transport }, async (rig) => {
        const callerId = '"Bob\r\nX: y\r\n\r\nAction: Command\r\nCommand: core stop now"';
        await rig.session.action('Originate', { CallerID: callerId }).catch(() => undefined);
        await rig.session.action('Originate', { 'A\r\n\r\nAction: Command': '1' }).catch(() => undefined);
        await rig.session.action('Ping');
        expect(rig.server.received('Command')).toHaveLength(0);
        expect(rig.server.received('Originate')).toHaveLength(1);
      }));

    it('11. the wish for events, which never had an effect', () =>
      withSession({ transport, target: { eventMask: 'call' } }, async (rig) => {
        expect((await rig.server.action('Events')).get('EventMask')).toBe('call');
      }));

    it('12. action ids that repeat, and requests that are changed', () =>
      withSession({ transport }, async (rig) => {
        const headers = Object.freeze({ ActionID: 'mine' });
        await Promise.all(Array.from({ length: 300 }, () => rig.session.action('Ping', headers)));
        const ids = rig.server.received('Ping').map((action) => action.get('ActionID'));
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).not.toContain('mine');
      }));

    it('13. a wrong password: told by name, tried again slowly', () =>
      withSession({ transport, server: { secret: 'another' }, noWait: true }, async (rig) => {
        await until('the named state', () => rig.session.state === 'auth-failed');
        expect(rig.session.stats().lastError?.code).toBe('AMI_AUTH_FAILED');
        expect(rig.server.received('Login')).toHaveLength(1);
      }));

    it('14. a stop while a reconnect is due', () =>
      withSession({ transport, settings: { backoff: SLOW } }, async (rig) => {
        (await rig.server.login()).cut();
        await rig.lost();
        await rig.session.stop();
        await new Promise((resolve) => setTimeout(resolve, 150));
        expect(rig.server.peers).toHaveLength(1);
        rig.session.start();
        await rig.up(2);
      }));

    it('15. a start on what is started already', () =>
      withSession({ transport }, async (rig) => {
        rig.session.start();
        rig.session.start();
        (await rig.server.login()).cut();
        await rig.up(2);
        expect(rig.server.peers).toHaveLength(2);
      }));

    it('21. values that are none', () =>
      withSession({ transport }, async (rig) => {
        const odd = { Variable: null, Other: undefined, Object: { a: null } } as unknown as Record<string, string>;
        await expect(rig.session.action('Originate', odd)).rejects.toMatchObject({ code: 'AMI_REFUSED' });
        expect((await rig.session.action('Ping')).get('Ping')).toBe('Pong');
      }));
  });
}

const SLOW = { firstMs: 60, maxMs: 100, authFirstMs: 400, authFactor: 4, authMaxMs: 60_000 };
const OLD_COMMAND = 'Response: Follows\r\nPrivilege: Command\r\nActionID: x\r\n';

describe('what breaks asterisk-manager and is no matter to native', () => {
  const transport = 'native';

  it('16. command output without a last line end', () =>
    withSession({ transport, server: { onAction: ({ name }) => name === 'Command' } }, async (rig) => {
      const answer = rig.session.action('Command', { Command: 'core show version' });
      const action = await rig.server.action('Command');
      const id = action.get('ActionID') ?? '';
      action.peer.write(`${OLD_COMMAND.replace('x', id)}Asterisk 13.38.3: built\nsecond: line--END COMMAND--\r\n\r\n`);
      expect((await answer).all('Output')).toEqual(['Asterisk 13.38.3: built', 'second: line']);
      action.peer.write(numbered(1));
      await rig.event('Newchannel');
    }));

  it('17. output of 100,000 lines', () =>
    withSession({ transport, server: { onAction: ({ name }) => name === 'Command' } }, async (rig) => {
      const answer = rig.session.action('Command', { Command: 'dialplan show' }, { deadlineMs: 20_000 });
      const action = await rig.server.action('Command');
      const lines = Array.from({ length: 100_000 }, (_, n) => `Output: line ${String(n)} of the dialplan`);
      action.peer.answer(action, 'Success', ...lines);
      expect((await answer).all('Output')).toHaveLength(100_000);
      expect(rig.turns).toEqual(['up']);
    }));

  it('18. a line without an end', () =>
    withSession({ transport }, async (rig) => {
      const peer = await rig.server.login();
      for (let n = 0; n < 64; n += 1) peer.write(Buffer.alloc(1024 * 1024, 'x'));
      await rig.up(2);
      (await rig.server.login(2)).write(numbered(1));
      await rig.event('Newchannel');
      expect(rig.turns).toEqual(['up', 'AMI_PROTOCOL', 'up']);
    }));

  it('19. names in an old encoding', () =>
    withSession({ transport, target: { encoding: 'cp1251' } }, async (rig) => {
      const [before, after] = newchannel({ CallerIDName: '@' }).split('@');
      const name = Buffer.from([0xc8, 0xe2, 0xe0, 0xed, 0xee, 0xe2]);
      (await rig.server.login()).write(Buffer.concat([Buffer.from(before ?? ''), name, Buffer.from(after ?? '')]));
      expect((await rig.event('Newchannel')).get('CallerIDName')).toBe('Иванов');
    }));

  it('20. headers named like parts of every object, and one without a blank', () =>
    withSession({ transport }, async (rig) => {
      const odd = ['__proto__: x', 'constructor: c', 'Key:value'];
      await survives(rig, event('UserEvent', [...channelLines(''), 'UserEvent: Foo', ...odd], 'user,all'));
      expect(rig.events[0]?.get('__proto__')).toBe('x');
      expect(rig.events[0]?.get('constructor')).toBe('c');
      expect(rig.events[0]?.get('Key')).toBe('value');
    }));
});

describe('what asterisk-manager cannot be cured of: held off, or refused by name', () => {
  const transport = 'asterisk-manager';

  it('16. swallowed events are noticed by the ping, and the next connection is sound', () =>
    withSession({ transport, clock: createFastClock(50) }, async (rig) => {
      const pending = until('up', () => rig.session.state === 'up').then(() => rig.session.list('Status'));
      await pending;
      (await rig.server.login()).write(`${OLD_COMMAND}text--END COMMAND--\r\n\r\n${numbered(1)}`);
      await rig.up(2);
      (await rig.server.login(2)).write(numbered(2));
      await until('the event behind', () => numbersOf(rig.events).includes(2));
      expect(numbersOf(rig.events)).toEqual([2]);
      expect(rig.turns[1]).toBe('AMI_LOST');
    }));

  it('17. long output is not asked for, and one that comes all the same ends the connection early', () =>
    withSession({ transport, server: { onAction: ({ name }) => name === 'Report' } }, async (rig) => {
      await expect(rig.session.action('Command', { Command: 'dialplan show' })).rejects.toMatchObject({
        code: 'AMI_TRANSPORT_CANNOT',
      });
      const answer = rig.session.action('Report').catch((error: unknown) => error);
      const action = await rig.server.action('Report');
      const lines = Array.from({ length: 100_000 }, (_, n) => `Output: line ${String(n)} of the dialplan`);
      action.peer.answer(action, 'Success', ...lines);
      expect(await answer).toMatchObject({ code: 'AMI_LOST' });
      await rig.up(2);
      expect(rig.server.received('Command')).toHaveLength(0);
    }));

  it('18. a line without an end ends the connection early', () =>
    withSession({ transport }, async (rig) => {
      const peer = await rig.server.login();
      for (let n = 0; n < 64; n += 1) peer.write(Buffer.alloc(1024 * 1024, 'x'));
      await rig.up(2);
      (await rig.server.login(2)).write(numbered(1));
      await rig.event('Newchannel');
      expect(rig.turns).toEqual(['up', 'AMI_PROTOCOL', 'up']);
    }));

  it('19. an old encoding is refused; without the setting its names are unreadable and nothing else', () =>
    withSession({ transport }, async (rig) => {
      expect(() => planLink(targetOf(5038, { transport, encoding: 'cp1251' }))).toThrow(
        expect.objectContaining({ code: 'AMI_TRANSPORT_CANNOT' }) as Error,
      );
      const [before, after] = newchannel({ CallerIDName: '@' }).split('@');
      const name = Buffer.from([0xc8, 0xe2, 0xe0]);
      (await rig.server.login()).write(Buffer.concat([Buffer.from(before ?? ''), name, Buffer.from(after ?? '')]));
      expect((await rig.event('Newchannel')).get('CallerIDName')).toBe('\ufffd\ufffd\ufffd');
      expect(rig.events[0]?.get('Uniqueid')).toBe('1795386355.0');
    }));

  it('20. headers named like parts of every object touch nothing; a header without a blank costs its message', () =>
    withSession({ transport }, async (rig) => {
      const body = [...channelLines(''), 'UserEvent: Foo', '__proto__: x', 'constructor: c', 'length: 3', 'at: 4'];
      await survives(rig, event('UserEvent', body, 'user,all'));
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
      expect(rig.events[0]?.get('Uniqueid')).toBe('1795386355.0');
      expect(rig.events[0]?.get('UserEvent')).toBe('Foo');
      const peer = await rig.server.login();
      peer.write(event('UserEvent', [...channelLines(''), 'UserEvent: Bar', 'Key:value'], 'user,all') + numbered(78));
      await until('the event behind', () => numbersOf(rig.events).includes(78));
      expect(rig.events.filter(({ name }) => name === 'UserEvent')).toHaveLength(1);
      expect(rig.session.stats().drops.malformed).toBe(1);
    }));

  it('refuses TLS and MD5 by name', () => {
    for (const change of [{ tls: true }, { md5: true }]) {
      expect(() => planLink(targetOf(5038, { transport, ...change }))).toThrow(
        expect.objectContaining({ code: 'AMI_TRANSPORT_CANNOT' }) as Error,
      );
    }
  });
});
