import { describe, expect, it } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from '../../src/ami/backoff.js';
import type { PbxTarget } from '../../src/ami/target.js';
import { planLink } from '../../src/ami/target.js';
import { targetOf } from './rig.js';

function plan(changes: Partial<PbxTarget>) {
  const { transport, md5, tls, encoding } = planLink(targetOf(5038, changes));
  return { transport: transport.name, md5, tls: tls !== null, encoding };
}

const PLAIN = { md5: false, tls: false, encoding: 'utf8' };

describe('the way a PBX is spoken to', () => {
  it('is asterisk-manager on this host, native where that cannot do what is set', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.8.0.3']) {
      expect(plan({ host })).toEqual({ ...PLAIN, transport: 'asterisk-manager' });
    }
    expect(plan({ tls: true })).toEqual({ ...PLAIN, transport: 'native', tls: true });
    expect(plan({ md5: true })).toEqual({ ...PLAIN, transport: 'native', md5: true });
    expect(plan({ encoding: 'cp1251' })).toEqual({ ...PLAIN, transport: 'native', encoding: 'cp1251' });
    expect(plan({ transport: 'native' })).toEqual({ ...PLAIN, transport: 'native' });
  });

  it('is native to another host, with the secret never in the clear unless that is allowed', () => {
    for (const host of ['192.0.2.7', 'pbx.example.com', '127.0.0.1.example.com']) {
      expect(plan({ host })).toEqual({ ...PLAIN, transport: 'native', md5: true });
      expect(plan({ host, tls: true })).toEqual({ ...PLAIN, transport: 'native', tls: true });
      expect(plan({ host, allowPlain: true })).toEqual({ ...PLAIN, transport: 'native' });
    }
  });

  it('is refused by name where asterisk-manager was set and cannot', () => {
    const refused = expect.objectContaining({ code: 'AMI_TRANSPORT_CANNOT' }) as Error;
    const transport = 'asterisk-manager';
    for (const change of [{ tls: true }, { md5: true }, { encoding: 'latin1' as const }, { host: '192.0.2.7' }]) {
      expect(() => plan({ transport, ...change })).toThrow(refused);
    }
    expect(plan({ transport, host: '192.0.2.7', allowPlain: true })).toEqual({ ...PLAIN, transport });
  });
});

describe('the wait before a PBX is tried again', () => {
  const waits = (refused: boolean, chance: number) =>
    Array.from({ length: 14 }, (_, n) => backoffMs(n + 1, refused, DEFAULT_BACKOFF, () => chance));

  it('doubles from 50 ms to a minute, half of it by chance', () => {
    expect(waits(false, 1)).toEqual([
      50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000, 60_000,
    ]);
    expect(waits(false, 0).slice(0, 3)).toEqual([25, 50, 100]);
  });

  it('is long after a refused log-in: under five tries in ten minutes, where guards begin to ban', () => {
    const shortest = waits(true, 0);
    let at = 0;
    const tries = [0, ...shortest.map((wait) => (at += wait))].filter((when) => when < 600_000);
    expect(shortest.slice(0, 3)).toEqual([20_000, 80_000, 300_000]);
    expect(tries.length).toBeLessThan(5);
  });
});
