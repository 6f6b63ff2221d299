import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.js';
import { createAsk } from '../../src/redirect/ask.js';
import { createOwnerCache } from '../../src/redirect/owner-cache.js';
import type { Lookup, Owner } from '../../src/redirect/ports.js';

const PHONE = '+375290000001';
const ann: Owner = { extension: '151', contact: 'Ann' };

function lookup(integration: string, answers: (() => Promise<Owner | null>)[]): Lookup & { asked: number } {
  return {
    integration,
    asked: 0,
    find() {
      const answer = answers[Math.min(this.asked, answers.length - 1)];
      this.asked += 1;
      return answer ? answer() : Promise.resolve(null);
    },
  };
}

const says =
  (owner: Owner | null, ms = 0) =>
  () =>
    new Promise<Owner | null>((resolve) => setTimeout(() => resolve(owner), ms));
const fails = () => Promise.reject(new Error('503'));
const never = () => new Promise<Owner | null>(() => undefined);

function desk() {
  const clock = { ...systemClock, offset: 0, monotonic: () => performance.now() + clock.offset };
  const cache = createOwnerCache(clock);
  return { clock, cache, ask: createAsk({ clock, cache }) };
}

describe('the CRMs', () => {
  it('are asked at once, and the first in order that names an owner decides', async () => {
    const { ask } = desk();
    const answers = await ask('0367', [lookup('slow', [says(ann, 80)]), lookup('quick', [says(ann)])], PHONE, 1_000);
    expect(answers).toMatchObject([{ integration: 'slow', outcome: 'owner', extension: '151' }]);
  });

  it('that name nobody, fail or stay silent are told apart', async () => {
    const { ask } = desk();
    const lookups = [lookup('empty', [says(null)]), lookup('broken', [fails]), lookup('silent', [never])];
    const answers = await ask('0367', lookups, PHONE, 60);
    expect(answers.map(({ integration, outcome }) => `${integration} ${outcome}`)).toEqual([
      'empty nobody',
      'broken failed',
      'silent late',
    ]);
  });

  it('have one deadline together', async () => {
    const { ask } = desk();
    const began = performance.now();
    await ask('0367', [lookup('one', [never]), lookup('two', [never]), lookup('three', [never])], PHONE, 100);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('are not asked again about an owner for ten minutes, about nobody for one; a failure is not remembered', async () => {
    const { ask, clock } = desk();
    const owner = lookup('owner', [says(ann)]);
    const nobody = lookup('nobody', [says(null)]);
    const broken = lookup('broken', [fails]);
    const askAll = async () => {
      for (const one of [owner, nobody, broken]) await ask('0367', [one], PHONE, 500);
      return [owner.asked, nobody.asked, broken.asked];
    };
    expect(await askAll()).toEqual([1, 1, 1]);
    expect(await askAll()).toEqual([1, 1, 2]);
    clock.offset += 61_000;
    expect(await askAll()).toEqual([1, 2, 3]);
    clock.offset += 600_000;
    expect(await askAll()).toEqual([2, 3, 4]);
  });

  it('are asked anew when settings changed, of that enterprise alone', async () => {
    const { ask, cache } = desk();
    const one = lookup('crm', [says(ann)]);
    await ask('0367', [one], PHONE, 500);
    await ask('0422', [one], PHONE, 500);
    cache.forget('0367');
    await ask('0367', [one], PHONE, 500);
    await ask('0422', [one], PHONE, 500);
    expect(one.asked).toBe(3);
  });

  it('are asked once for two calls of one client', async () => {
    const { ask } = desk();
    const one = lookup('crm', [says(ann, 30)]);
    const both = await Promise.all([ask('0367', [one], PHONE, 500), ask('0367', [one], PHONE, 500)]);
    expect(both.flat().map(({ extension }) => extension)).toEqual(['151', '151']);
    expect(one.asked).toBe(1);
  });

  it('fill the cache even when they answer too late for the call', async () => {
    const { ask } = desk();
    const one = lookup('crm', [says(ann, 60)]);
    expect(await ask('0367', [one], PHONE, 20)).toMatchObject([{ outcome: 'late' }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await ask('0367', [one], PHONE, 20)).toMatchObject([{ outcome: 'owner', cached: true }]);
    expect(one.asked).toBe(1);
  });
});
