import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createPbxLink } from '../../src/ami/link.js';
import type { PbxLink } from '../../src/ami/link.js';
import type { Fact } from '../../src/calls/facts.js';
import { createSimulatedPbx } from '../../src/cli/demo/simulated-pbx.js';
import type { SimulatedPbx } from '../../src/cli/demo/simulated-pbx.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/log.js';
import { targetOf } from '../ami/rig.js';
import { until } from '../support/until.js';

const captures = ['inbound-answered', 'inbound-ring-group', 'inbound-queue'].map((name) => ({
  name,
  bytes: readFileSync(new URL(`../captures/22/${name}.ami`, import.meta.url)),
}));

interface Show {
  pbx: SimulatedPbx;
  link: PbxLink;
  facts: Fact[];
}

async function withShow(run: (show: Show) => Promise<void>, options: { speed?: number; eventMask?: string } = {}) {
  const pbx = await createSimulatedPbx({
    port: 0,
    captures,
    user: 'crm',
    secret: 'crm-secret',
    speed: options.speed ?? 20,
  });
  const facts: Fact[] = [];
  const link = createPbxLink({
    target: targetOf(pbx.port, { eventMask: options.eventMask ?? 'on', md5: true }),
    clock: systemClock,
    log: createLogger('silent'),
    onFact: (fact) => facts.push(fact),
  });
  link.start();
  try {
    await pbx.connected();
    await until('the link', () => link.state().phase === 'live');
    await run({ pbx, link, facts });
  } finally {
    await link.stop();
    await pbx.stop();
  }
}

const uidsOf = (facts: Fact[]) => facts.flatMap((fact) => (fact.kind === 'channel.new' ? [fact.channel.uid] : []));
const count = (facts: Fact[], kind: Fact['kind']) => facts.filter((fact) => fact.kind === kind).length;

describe('the simulated PBX', () => {
  it('tells a whole call, dated now, with ids never used before', () =>
    withShow(async ({ pbx, link, facts }) => {
      const before = Date.now();
      await pbx.play('inbound-answered');
      await pbx.play('inbound-answered');
      await until('both calls to end', () => count(facts, 'channel.gone') === 4);
      const uids = uidsOf(facts);
      expect(uids).toHaveLength(4);
      expect(new Set(uids).size).toBe(4);
      const first = facts.find((fact) => fact.kind === 'channel.new');
      expect(first?.stamped).toBe(true);
      expect(Math.abs((first?.at ?? 0) - before)).toBeLessThan(60_000);
      expect(Math.abs(Number(uids[0]) * 1000 - before)).toBeLessThan(60_000);
      const dial = facts.find((fact) => fact.kind === 'dial.begin');
      expect(dial).toMatchObject({ channel: { uid: uids[0] }, dest: { uid: uids[1], linkedid: uids[0] } });
      expect(link.state().drops).toEqual({});
    }));

  it('plays calls at the same time without mixing them', () =>
    withShow(async ({ pbx, facts }) => {
      await Promise.all([...captures, ...captures].map(({ name }) => pbx.play(name)));
      await until('every call to end', () => count(facts, 'channel.gone') === count(facts, 'channel.new'));
      const uids = uidsOf(facts);
      expect(new Set(uids).size).toBe(uids.length);
      expect(uids.length).toBeGreaterThanOrEqual(16);
      const names = facts.flatMap((fact) => (fact.kind === 'channel.new' ? [fact.channel.name] : []));
      expect(new Set(names).size).toBe(names.length);
    }));

  it('answers for the channels that are alive, and only for them', () =>
    withShow(
      async ({ pbx, link, facts }) => {
        const playing = pbx.play('inbound-answered');
        await until('the answer', () => facts.some((fact) => fact.kind === 'bridge.enter'));
        const [caller = ''] = uidsOf(facts);
        const rows = await link.list('Status');
        expect(rows.map((row) => row.get('Uniqueid')).toSorted()).toEqual(uidsOf(facts).toSorted());
        expect(await link.list('Status', { Channel: caller })).toHaveLength(1);
        const answer = await link.action('Getvar', { Channel: caller, Variable: 'DIALEDPEERNUMBER' });
        expect(answer.get('Value')).not.toBe('');
        await link.confirmGone([caller, '1.1']);
        expect(facts.filter(({ kind }) => kind === 'channel.confirmed-gone')).toMatchObject([{ uid: '1.1' }]);
        await playing;
        await until('the end', () => count(facts, 'channel.gone') === 2);
        expect(await link.list('Status')).toEqual([]);
      },
      { speed: 1 },
    ));

  it('tells only the classes that are wanted', () =>
    withShow(
      async ({ pbx, link, facts }) => {
        await pbx.play('inbound-answered');
        await until('the end', () => count(facts, 'channel.gone') === 2);
        expect(count(facts, 'cdr')).toBe(0);
        expect(link.state().events).toBeLessThan(40);
      },
      { eventMask: 'call' },
    ));

  it('lets nobody in with a wrong secret', async () => {
    const pbx = await createSimulatedPbx({ port: 0, captures, user: 'crm', secret: 'another' });
    const link = createPbxLink({
      target: targetOf(pbx.port),
      clock: systemClock,
      log: createLogger('silent'),
      onFact: () => undefined,
    });
    link.start();
    try {
      await until('the refusal', () => link.state().state === 'auth-failed');
    } finally {
      await link.stop();
      await pbx.stop();
    }
  });
});
