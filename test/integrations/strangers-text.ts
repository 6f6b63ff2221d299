/**
 * What others wrote of a call (a number, a line, a name of a file) is a value in a request, or is left out: whatever it
 * holds, it is no further parameter, no further field and no further header, and no call is lost over it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallEvent, CallFacts } from '../../src/calls/vocabulary.js';
import type { StandInExchange } from '../../src/cli/demo/standins/server.js';
import type { AnyConnector } from '../../src/integrations/contract.js';
import { runs } from '../calls/acted/runs.js';
import { deliverAll } from './delivering.js';
import type { Live } from './delivering.js';
import { aCall, eventsOf, handedOn } from './example-calls.js';

const BREAK = '\r\nX-Api-Key: other\r\n\r\nPOST /other HTTP/1.1\r\n';
const TEXTS = [
  `80290000001${BREAK}`,
  '1&type=out&phone=375290000002',
  '1;phone=375290000002',
  '1%26type%3Dout%0d%0a',
  '"},{"phone":"375290000002"',
  "1'; DROP TABLE calls; --",
  '<script>alert(1)</script>',
  '{{7*7}}${7*7}#{7*7}%n%s',
  '../../api/v5/users?apiKey=1#',
  'fields[PHONE]=1&fields[PHONE]=2',
  '\0\u0001\u001b[31m\u007f\u0085\u2028',
  '\u202E10000092057+\u200B\uFEFF',
  '\ud800 alone',
  '\u{1f4a5}'.repeat(40),
  '*_[link](https://example.invalid)_*',
  '@channel <https://example.invalid|here>',
  '9'.repeat(300),
  '+',
  '',
  'null',
  'constructor',
];
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...TEXTS).chain((one) => fc.string().map((more) => one + more)),
);

export interface Ground {
  crm: { exchanges: readonly StandInExchange[]; records(): string[] };
  live: Live;
}

export function strangersTextSuite(connector: AnyConnector, ground: () => Ground): void {
  describe('of what others wrote it makes a value or nothing', () => {
    it.each(TEXTS)('%j', async (written) => await expectNoMoreThanValues(written));

    it('whatever it is', { timeout: 60_000 }, async () => {
      await fc.assert(fc.asyncProperty(text, expectNoMoreThanValues), runs(25));
    });
  });

  async function expectNoMoreThanValues(written: string): Promise<void> {
    const plain = await requestsOf(callsWith({}));
    for (const calls of [
      callsWith({ client: written }),
      callsWith({ rest: written }),
      callsWith({ client: written, rest: written }),
    ]) {
      const odd = await requestsOf(calls);
      const known = new Set(plain.flatMap(fieldsOf));
      expect(odd.flatMap(fieldsOf).filter((field) => !known.has(field))).toEqual([]);
      expect(odd.flatMap(valuesOf).filter((value) => breaks(value) && !value.includes(written))).toEqual([]);
    }
  }

  /** All requests these events lead to, a question for the owner included. Each is taken, or there is a reason for none. */
  async function requestsOf({ client, events }: ReturnType<typeof callsWith>): Promise<StandInExchange[]> {
    const { crm, live } = ground();
    const before = crm.exchanges.length;
    const known = crm.records().length;
    for (const call of events) {
      const outcomes = await deliverAll(connector, live, call);
      for (const outcome of outcomes) expect(['accepted', 'skipped']).toContain(outcome.kind);
    }
    // One record each, or none where the CRM has no use for such a client.
    expect([0, events.length]).toContain(crm.records().length - known);
    await live.connection.findResponsible?.(client, AbortSignal.timeout(5_000));
    return crm.exchanges.slice(before);
  }
}

/** An answered call, a missed one and one handed on, with the same words from others in them. */
function callsWith({ client = '+375290000001', rest }: { client?: string; rest?: string }): {
  client: string;
  events: CallEvent[][];
} {
  const facts: Partial<CallFacts> = {
    external: client,
    line: rest ?? '+375170000000',
    rang: ['151', rest ?? '152'],
    queue: rest ?? 'sales',
    recorded: true,
    recordingFile: `https://pbx.example.invalid/${rest ?? '1.wav'}`,
  };
  const [answered, missed] = [eventsOf(aCall(facts), 'answered', '151'), eventsOf(aCall(facts), 'missed')];
  const moved = handedOn(aCall(facts), [
    ['151', 10],
    [rest ?? '152', 5],
  ]);
  const transfers = [{ kind: 'blind' as const, from: '151', to: rest ?? '152', answered: true, at: moved.at }];
  return {
    client,
    events: [
      [answered.ringing, answered.finished],
      [missed.ringing, missed.finished],
      [{ ...moved, call: { ...moved.call, transfers } }],
    ],
  };
}

/** Everything in a request that has a name, with the names of what it is in. A parameter that comes again is another one. */
function fieldsOf({ method, path, query, headers, body }: StandInExchange): string[] {
  return [
    `${method} ${path}`,
    ...Object.keys(headers).map((name) => `header ${name}`),
    ...parametersOf(query).flatMap(([name, value]) => [`query ${name}`, ...namesIn(jsonOf(value), `query ${name}`)]),
    ...bodyOf(headers, body).flatMap(([name, value]) => [name, ...namesIn(jsonOf(value), name)]),
  ];
}

function valuesOf({ query, headers, body }: StandInExchange): string[] {
  return [...parametersOf(query), ...bodyOf(headers, body)].flatMap(([, value]) => leavesOf(jsonOf(value) ?? value));
}

function bodyOf(headers: Readonly<Record<string, string>>, body: string): [string, string][] {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  return isForm ? parametersOf(new URLSearchParams(body)) : [['body', body]];
}

function parametersOf(parameters: URLSearchParams): [string, string][] {
  const seen = new Map<string, number>();
  return [...parameters].map(([name, value]) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return [`${name} ${count}`, value];
  });
}

/** What a text says where it is JSON of something with parts. */
function jsonOf(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => namesIn(one, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${path}.${name}`, ...namesIn(inner, `${path}.${name}`)]);
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

/** Lines of a message are its own; nothing else in it moves a cursor. */
const breaks = (value: string): boolean => /[^\P{Cc}\n\t]/u.test(value);
