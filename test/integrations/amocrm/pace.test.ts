import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPace } from '../../../src/integrations/amocrm/pace.js';
import type { Pace, Urgency } from '../../../src/integrations/amocrm/pace.js';
import { attempt, freshMemory } from '../delivering.js';
import { aCall, eventsOf } from '../example-calls.js';
import { RECORD, amoCrmGround } from './ground.js';
import type { Ground } from './ground.js';

const never = new AbortController().signal;

describe('a pace', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** Names and times of those that went, each answered after `ms`. */
  function requests(pace: Pace, ms: number) {
    const began = performance.now();
    const went: string[] = [];
    return {
      went,
      async send(name: string, urgency: Urgency) {
        const admission = await pace.admit(urgency, never);
        went.push(`${name} ${performance.now() - began}`);
        if (admission.ok) setTimeout(() => admission.done(), ms);
      },
    };
  }

  it('lets so many go in any second, those a person waits for first, for whom a place is kept', async () => {
    const pace = createPace();
    pace.setRate(3);
    const { went, send } = requests(pace, 100);
    for (const name of ['a', 'b', 'c', 'd']) void send(name, 'soon');
    await vi.advanceTimersByTimeAsync(10);
    for (const name of ['card', 'another']) void send(name, 'now');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(went).toEqual(['a 0', 'b 0', 'card 10', 'another 1100', 'c 1110', 'd 2200']);
  });

  it('counts a second from the answer, since the request may have been on its way until then', async () => {
    const pace = createPace();
    pace.setRate(1);
    const { went, send } = requests(pace, 400);
    for (const name of ['a', 'b', 'c']) void send(name, 'soon');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(went).toEqual(['a 0', 'b 1400', 'c 2800']);
  });

  it('answers at once while the account wants to be left alone, and goes on after it', async () => {
    const pace = createPace();
    pace.setRate(5);
    pace.hold(3_000, { kind: 'retry', code: 'HTTP_429', why: 'too many' });
    expect(await pace.admit('now', never)).toMatchObject({ failure: { code: 'HTTP_429', afterMs: 3_000 } });
    await vi.advanceTimersByTimeAsync(3_001);
    expect(await pace.admit('now', never)).toMatchObject({ ok: true });
  });

  it('forgets who was stopped while he waited', async () => {
    const pace = createPace();
    pace.setRate(1);
    const first = await pace.admit('now', never);
    const stop = new AbortController();
    const stopped = pace.admit('now', stop.signal);
    const next = pace.admit('soon', never);
    stop.abort();
    expect(await stopped).toMatchObject({ failure: { kind: 'retry', code: 'ABORTED' } });
    if (first.ok) first.done();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await next).toMatchObject({ ok: true });
  });
});

describe('an account with its real limit', () => {
  let ground: Ground;
  afterEach(() => ground.stop());

  it('is never told too much, though every call is many requests', async () => {
    ground = await amoCrmGround({ perSecond: 7 });
    const changes = { rate: undefined };
    const lives = [ground.connect(changes), ground.connect(changes)];
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, (_, nth) => {
        const { finished } = eventsOf(aCall({ external: `+37529000010${nth}` }), 'missed');
        const signal = AbortSignal.timeout(20_000);
        return attempt(lives[nth % 2]?.connection ?? expect.fail(), RECORD, finished, freshMemory(), { signal });
      }),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(4).fill('accepted'));
    expect(ground.crm.refused()).toEqual({ busy: 0, blocked: 0 });
    expect(ground.crm.exchanges.length).toBeGreaterThan(20);
  });

  it('is left alone after a block, by every connection, and asked nothing', async () => {
    ground = await amoCrmGround({ perSecond: 1, blockAfter: 1 });
    const { connection } = ground.connect();
    const record = () => attempt(connection, RECORD, eventsOf(aCall(), 'answered', '151').finished, freshMemory());
    expect((await record()).kind).toBe('accepted');
    expect(await record()).toMatchObject({ kind: 'retry', code: 'HTTP_429', pauseLane: true, afterMs: 1_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await record()).toMatchObject({ kind: 'rejected', code: 'BLOCKED', config: true });
    const asked = ground.crm.exchanges.length;
    expect(
      await attempt(ground.connect().connection, RECORD, eventsOf(aCall(), 'missed').finished, freshMemory()),
    ).toMatchObject({
      code: 'BLOCKED',
    });
    await expect(connection.findResponsible?.('+375290000001', never)).rejects.toMatchObject({ code: 'BLOCKED' });
    expect(ground.crm.exchanges).toHaveLength(asked);
  });
});
