import { describe, expect, it } from 'vitest';
import type { Fact } from '../../src/calls/facts.js';
import { createPbxLinks } from '../../src/ami/links.js';
import type { PbxLinks } from '../../src/ami/links.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import type { AmiServer, AmiServerOptions } from '../support/ami-server.js';
import { startAmiServer } from '../support/ami-server.js';
import { until } from '../support/until.js';
import { numbered, QUICK, targetOf } from './rig.js';

interface Told {
  key: string;
  fact: Fact;
}

async function withLinks(
  servers: AmiServerOptions[],
  run: (links: PbxLinks, pbxs: AmiServer[], told: Told[]) => Promise<void>,
): Promise<void> {
  const pbxs = await Promise.all(servers.map((options) => startAmiServer(options)));
  const told: Told[] = [];
  const links = createPbxLinks({
    clock: systemClock,
    log: createLogger('silent'),
    settings: QUICK,
    onFact: (key, fact) => told.push({ key, fact }),
  });
  try {
    await run(links, pbxs, told);
  } finally {
    await links.stop();
    await Promise.all(pbxs.map((pbx) => pbx.close()));
  }
}

const live = (links: PbxLinks, key: string) =>
  until(`${key} to be live`, () => links.get(key)?.state().phase === 'live');
const keyOf = (pbx: AmiServer) => `127.0.0.1:${String(pbx.port)}`;
const kindsOf = (told: Told[], key: string) => told.filter((one) => one.key === key).map(({ fact }) => fact.kind);

describe('all links', () => {
  it('follow what is wanted, and leave alone what did not change', () =>
    withLinks([{}, {}], async (links, [one, two], told) => {
      if (!one || !two) throw new Error('two PBXs');
      await links.apply([targetOf(one.port)]);
      await live(links, keyOf(one));
      await links.apply([targetOf(one.port), targetOf(two.port)]);
      await live(links, keyOf(two));
      await links.apply([targetOf(two.port)]);
      expect(links.get(keyOf(one))).toBeUndefined();
      expect(kindsOf(told, keyOf(one))).toEqual(['link.up', 'snapshot', 'link.lost']);
      expect(kindsOf(told, keyOf(two))).toEqual(['link.up', 'snapshot']);
      expect(two.received('Login')).toHaveLength(1);
    }));

  it('begin anew with changed settings, and know since when events are missing', () =>
    withLinks([{ secret: 'new-secret' }], async (links, [pbx], told) => {
      if (!pbx) throw new Error('a PBX');
      await links.apply([targetOf(pbx.port)]);
      await until('the refusal', () => links.get(keyOf(pbx))?.state().state === 'auth-failed');
      await links.apply([targetOf(pbx.port, { secret: 'new-secret' })]);
      await live(links, keyOf(pbx));
      await links.apply([targetOf(pbx.port, { secret: 'new-secret', eventMask: 'call' })]);
      await until('the second snapshot', () => kindsOf(told, keyOf(pbx)).length === 5);
      expect(kindsOf(told, keyOf(pbx))).toEqual(['link.up', 'snapshot', 'link.lost', 'link.up', 'snapshot']);
      expect(told[3]?.fact).toMatchObject({ kind: 'link.up', lostAt: told[2]?.fact.at });
      expect(pbx.received('Events').map((action) => action.get('EventMask'))).toEqual(['call,user,cdr', 'call']);
    }));

  it('end in the last state when changes come faster than links', () =>
    withLinks([{}, {}, {}], async (links, pbxs) => {
      const all = pbxs.map((pbx) => targetOf(pbx.port));
      void links.apply(all);
      void links.apply(all.slice(1));
      void links.apply([]);
      await links.apply(all.slice(0, 1));
      expect(links.states().map(({ key }) => key)).toEqual(all.slice(0, 1).map(({ key }) => key));
    }));

  it('are not disturbed by a PBX that is away, refuses us, floods us with garbage, or cannot be spoken to', () =>
    withLinks([{}, { secret: 'another' }, {}, {}], async (links, pbxs, told) => {
      const [good, refusing, flooding, away] = pbxs;
      if (!good || !refusing || !flooding || !away) throw new Error('four PBXs');
      await away.close();
      const targets = pbxs.map((pbx) => targetOf(pbx.port));
      await links.apply([...targets, { ...targetOf(1, { tls: true, transport: 'asterisk-manager' }), key: 'wrong' }]);
      await live(links, keyOf(good));
      const flood = await flooding.login();
      for (let n = 0; n < 20; n += 1) flood.write(Buffer.alloc(1024 * 1024, 13));
      (await good.login()).write(numbered(1));
      await until('the event of the good one', () => kindsOf(told, keyOf(good)).length === 3);
      await until('the refusal', () => links.get(keyOf(refusing))?.state().state === 'auth-failed');
      expect(links.get('wrong')?.state().state).toBe('refused');
      expect(links.get(keyOf(away))?.state().phase).toBe('away');
      expect(kindsOf(told, keyOf(good))).toEqual(['link.up', 'snapshot', 'channel.new']);
      expect(good.received('Login')).toHaveLength(1);
    }));

  it('hold a thousand sessions in one process', { timeout: 120_000 }, () =>
    withLinks([{}], async (links, [pbx], told) => {
      if (!pbx) throw new Error('a PBX');
      const targets = Array.from({ length: 1000 }, (_, n) => ({ ...targetOf(pbx.port), key: `pbx-${String(n)}` }));
      await links.apply(targets);
      await until('all to be live', () => told.length === 2000, 90_000);
      expect(links.states().every(({ phase }) => phase === 'live')).toBe(true);
      for (const peer of pbx.peers) peer.write(numbered(1));
      await until('every event', () => told.length === 3000, 20_000);
      for (const { key } of targets.slice(0, 50)) {
        expect(kindsOf(told, key)).toEqual(['link.up', 'snapshot', 'channel.new']);
      }
    }),
  );
});
