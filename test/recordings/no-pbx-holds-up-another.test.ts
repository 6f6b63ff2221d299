import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createHands } from '../../src/recordings/hands.js';
import { openGround, wave } from './ground.js';

const of = (pbx: string, history = false) => ({ pbx, history });

describe('of the hands of the lane', () => {
  test('no PBX has more than half, and they go round among those that wait', () => {
    const hands = createHands(4);
    const waiting = ['a', 'b', 'c', 'd', 'e'].map((pbx) => of(pbx));
    const order: string[] = [];
    const back: (() => void)[] = [];
    for (let n = 0; n < 20; n += 1) {
      if (hands.areFull()) back.shift()?.();
      const next = hands.next(waiting);
      if (!next) throw new Error('nobody is served');
      order.push(next.pbx);
      back.push(hands.take(next));
    }
    expect(order.join('')).toBe('abcdeabcdeabcdeabcde');

    const two = createHands(4);
    for (let n = 0; n < 2; n += 1) two.take(of('a'));
    expect(two.next([of('a')])).toBeNull();
    expect(two.next([of('a'), of('b')])).toEqual(of('b'));
  });

  test('history has neither all, nor all of its PBX, and goes last', () => {
    const hands = createHands(4);
    expect(hands.next([of('a', true), of('b')])).toEqual(of('b'));
    hands.take(of('a', true));
    expect(hands.next([of('a', true)])).toBeNull();
    expect(hands.next([of('a', true), of('a')])).toEqual(of('a'));
    hands.take(of('b', true));
    hands.take(of('c', true));
    expect(hands.next([of('d', true)])).toBeNull();
    expect(hands.next([of('d', true), of('d')])).toEqual(of('d'));
  });

  test('one alone serves whoever waits', () => {
    const hands = createHands(1);
    const giveBack = hands.take(of('a', true));
    expect(hands.next([of('b')])).toBeNull();
    giveBack();
    expect(hands.next([of('a', true)])).toEqual(of('a', true));
  });
});

test('many recordings of a PBX that does not answer hold up none of another', async () => {
  const file = wave(1);
  const hanging = new Set<string>();
  const server = createServer((request, response) => {
    // It takes the question and never answers it.
    if (request.url?.includes('slow')) return void hanging.add(request.url);
    response.writeHead(200, { 'content-length': file.length });
    response.end(request.method === 'HEAD' ? undefined : file);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await using ground = await openGround({ recordings: { from: 'http', url } });
    const slow = Array.from({ length: 12 }, (_, n) => ground.ended({ pbx: '192.0.2.1:5038', uid: `slow-${n}.1` }));
    await Promise.all(slow);
    const { call } = await ground.ended({ pbx: '192.0.2.2:5038' });
    await ground.state(call.id, 'ready');
    expect(hanging.size).toBe(2);
    server.closeAllConnections();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
