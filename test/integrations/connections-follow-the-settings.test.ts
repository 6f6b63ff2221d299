import { expect, it } from 'vitest';
import { z } from 'zod';
import { createConnections } from '../../src/integrations/connections.js';
import { defineConnector } from '../../src/integrations/contract.js';
import type { CallEvent } from '../../src/calls/vocabulary.js';
import { createLogger } from '../../src/platform/log.js';
import { aCall, eventsOf } from './example-calls.js';

const closed: string[] = [];

const notebook = defineConnector({
  id: 'notebook',
  title: 'Notebook',
  settings: z.looseObject({ page: z.string() }),
  example: { page: 'a' },
  secretFields: [],
  rate: { perSecond: 5, burst: 5 },
  limitKey: ({ page }) => page,
  plan: () => [{ step: 'record', class: 'durable' }],
  connect: ({ page }) => ({
    deliver: () => Promise.resolve({ kind: 'accepted' }),
    check: () => Promise.resolve({ ok: true, account: page, warnings: [] }),
    close: async () => void closed.push(page),
  }),
});

/** Connections of one enterprise whose integrations the test changes. */
function stand() {
  closed.length = 0;
  const integrations: Record<string, Record<string, unknown>> = {};
  const connections = createConnections({
    registry: [notebook],
    source: (enterprise) =>
      enterprise === '0367'
        ? { enterprise, timezone: 'Europe/Minsk', on: true, anonymous: 'record', integrations }
        : null,
    deps: () => ({ http: { request: () => Promise.reject(new Error('nothing is sent here')) }, publicUrl: null }),
    log: createLogger('silent'),
  });
  return { connections, integrations, now: () => connections.of('0367', 'notebook') };
}

it('an account keeps its connection until its settings change; then the old one is closed', () => {
  const { integrations, now } = stand();
  integrations['notebook'] = { enabled: true, page: 'a' };
  const first = now();
  expect(now()?.connection).toBe(first?.connection);
  integrations['notebook'] = { enabled: true, page: 'b', rate: { perSecond: 1, burst: 2 } };
  expect(now()).toMatchObject({ limitKey: 'b', rate: { perSecond: 1, burst: 2 } });
  expect(now()?.connection).not.toBe(first?.connection);
  expect(closed).toEqual(['a']);
});

it('settings that do not parse leave what was running, and say why until they do', () => {
  const { connections, integrations, now } = stand();
  integrations['notebook'] = { enabled: true, page: 'a' };
  const first = now();
  integrations['notebook'] = { enabled: true, page: 1 };
  expect(now()?.connection).toBe(first?.connection);
  expect(connections.problems().get('0367/notebook')).toContain('page:');
  integrations['notebook'] = { enabled: true, page: 'a' };
  expect(now()?.connection).toBe(first?.connection);
  expect(connections.problems().size).toBe(0);
});

it('what was switched off is closed and forgotten, a complaint about it too', () => {
  const { connections, integrations, now } = stand();
  integrations['notebook'] = { enabled: true, page: 'a' };
  now();
  integrations['notebook'] = { enabled: false, page: 'a' };
  connections.sweep();
  expect([now(), closed]).toEqual([null, ['a']]);
  integrations['notebook'] = { enabled: true, page: 1 };
  expect(now()).toBeNull();
  expect(connections.problems().size).toBe(1);
  delete integrations['notebook'];
  connections.sweep();
  expect(connections.problems().size).toBe(0);
});

it('nobody is asked whose integration, or who himself, is not there', () => {
  const { connections, now } = stand();
  expect(now()).toBeNull();
  expect(connections.of('0999', 'notebook')).toBeNull();
  expect(connections.of('0367', 'nothing')).toBeNull();
});

it('of every integration it is told what it owes, or why nothing', () => {
  const { connections, integrations } = stand();
  const { ringing, finished } = eventsOf(aCall(), 'answered', '151');
  const answered: CallEvent = { ...finished, kind: 'call.answered', extension: '151' };
  const plans = (event: CallEvent) => connections.plan('0367', event).map(({ type, plan }) => [type, plan]);
  expect(plans(finished)).toEqual([]);
  integrations['notebook'] = { enabled: true, page: 'a' };
  integrations['typewriter'] = { enabled: true };
  expect(plans(finished)).toEqual([
    ['notebook', [{ step: 'record', class: 'durable' }]],
    ['typewriter', { why: 'this version has no connector of this kind' }],
  ]);
  integrations['notebook'] = { enabled: false, page: 'a' };
  delete integrations['typewriter'];
  expect(plans(ringing)).toEqual([['notebook', { why: 'the integration is off' }]]);
  connections.sweep();
  integrations['notebook'] = { enabled: true, page: 1 };
  expect(plans(finished)).toEqual([['notebook', { why: expect.stringContaining('page:') as string }]]);
  expect(plans(answered)).toEqual([['notebook', []]]);
});

it('nothing is owed to any integration of an enterprise that is off', () => {
  const connections = createConnections({
    registry: [notebook],
    source: (enterprise) => ({
      enterprise,
      timezone: 'Europe/Minsk',
      on: false,
      anonymous: 'record',
      integrations: { notebook: { enabled: true, page: 'a' } },
    }),
    deps: () => ({ http: { request: () => Promise.reject(new Error('nothing is sent here')) }, publicUrl: null }),
    log: createLogger('silent'),
  });
  expect(connections.of('0367', 'notebook')).toBeNull();
  expect(connections.plan('0367', eventsOf(aCall(), 'missed').finished)).toEqual([
    { type: 'notebook', plan: { why: 'the enterprise is off' } },
  ]);
});
