import { describe, expect, it } from 'vitest';
import { nativeTransport } from '../../src/ami/native-transport.js';
import { until } from '../support/until.js';
import { selfSigned } from '../support/self-signed.js';
import { newchannel, numbered, withSession } from './rig.js';

const transport = 'native';

describe('the native transport', () => {
  it('logs in by MD5 challenge, and the secret is never on the wire', () =>
    withSession({ transport, target: { md5: true } }, async ({ server, session }) => {
      expect(session.state).toBe('up');
      expect(server.received('Login')[0]?.get('AuthType')).toBe('MD5');
      expect(server.actions.map(({ raw }) => raw).join('')).not.toContain('crm-secret');
    }));

  it('names a wrong secret behind a challenge', () =>
    withSession({ transport, target: { md5: true }, server: { secret: 'another' }, noWait: true }, async (rig) => {
      await until('the named state', () => rig.session.state === 'auth-failed');
      expect(rig.session.stats().lastError?.code).toBe('AMI_AUTH_FAILED');
    }));

  it('names a PBX that knows no challenge', () =>
    withSession(
      {
        transport,
        target: { md5: true },
        noWait: true,
        server: {
          onAction: (action, peer) => {
            if (action.name !== 'Challenge') return false;
            peer.answer(action, 'Error', 'Message: Must specify AuthType');
            return true;
          },
        },
      },
      async ({ session }) => {
        await until('the named state', () => session.state === 'auth-failed');
        expect(session.stats().lastError?.message).toContain('Must specify AuthType');
      },
    ));

  it('speaks TLS with a certificate it was told to trust', async () => {
    const tls = selfSigned();
    await withSession({ transport, target: { tls: true, tlsCa: tls.cert }, server: { tls } }, async (rig) => {
      (await rig.server.login()).write(newchannel({ CallerIDName: 'Иванов' }));
      expect((await rig.event('Newchannel')).get('CallerIDName')).toBe('Иванов');
    });
  });

  it('gives its secret to no PBX whose certificate it cannot check, unless told so', async () => {
    const tls = selfSigned();
    await withSession(
      { transport, target: { tls: true }, server: { tls }, noWait: true },
      async ({ server, session }) => {
        const error = await until('the refusal', () => session.stats().lastError);
        expect(error).toMatchObject({ code: 'AMI_LOST' });
        expect(error.message).toMatch(/CERT/);
        expect(server.actions).toHaveLength(0);
      },
    );
    await withSession({ transport, target: { tls: true, tlsVerify: false }, server: { tls } }, async ({ session }) => {
      expect(session.state).toBe('up');
      await Promise.resolve();
    });
  });

  it('writes old encodings as it reads them', () =>
    withSession(
      { transport, target: { encoding: 'cp1251' }, server: { onAction: ({ name }) => name === 'Setvar' } },
      async ({ server, session }) => {
        void session.action('Setvar', { Value: 'Иванов Ω' }).catch(() => undefined);
        const value = (await server.action('Setvar')).get('Value') ?? '';
        expect([...Buffer.from(value, 'latin1')]).toEqual([0xc8, 0xe2, 0xe0, 0xed, 0xee, 0xe2, 0x20, 0x3f]);
      },
    ));

  it('reads Latin-1 where that is set', () =>
    withSession({ transport, target: { encoding: 'latin1' } }, async (rig) => {
      (await rig.server.login()).write(Buffer.from(newchannel({ CallerIDName: 'Müller' }), 'latin1'));
      expect((await rig.event('Newchannel')).get('CallerIDName')).toBe('Müller');
    }));

  it('shows the greeting, and gets on without one', async () => {
    await withSession({ transport, server: { greeting: 'Asterisk Call Manager/11.0.0\r\n' } }, async ({ session }) => {
      expect(session.stats().greeting).toBe('Asterisk Call Manager/11.0.0');
      await Promise.resolve();
    });
    await withSession({ transport, server: { greeting: '' } }, async (rig) => {
      (await rig.server.login()).write(numbered(1));
      await rig.event('Newchannel');
    });
  });

  it('counts half a message at the end', () =>
    withSession({ transport }, async (rig) => {
      const peer = await rig.server.login();
      await rig.session.action('Ping');
      await peer.play('Event: Newchannel\r\nPriv', 'whole');
      peer.socket.end();
      await rig.up(2);
      expect(rig.session.stats().drops).toEqual({ 'half-message': 1 });
    }));

  it('says why no connection came about', () =>
    withSession({ transport, noWait: true }, async (rig) => {
      await rig.up();
      await rig.server.close();
      await until('the reason', () => rig.session.stats().lastError?.message.includes('ECONNREFUSED'));
      expect(rig.session.state).not.toBe('up');
    }));

  it('declares what it can do', () => {
    expect(nativeTransport.capabilities).toMatchObject({ tls: true, md5: true, lineLimit: 'drops-message' });
  });
});
