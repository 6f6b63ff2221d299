import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AMI_ENCODINGS, encode } from '../../src/ami/encoding.js';
import { actionName, sanitiseHeaders } from '../../src/ami/sanitise.js';
import type { ActionHeaders } from '../../src/ami/sanitise.js';
import { TrunklineError } from '../../src/platform/errors.js';
import { runs } from '../calls/acted/runs.js';
import type { ReceivedAction } from '../support/ami-server.js';
import { withSession } from './rig.js';

/** What breaks out of a line, of a message, or of a reader's idea of either; characters that encodings might fold to CR or LF. */
const BREAKS = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  '\u0085',
  '\u2028',
  '\u010d',
  '\u010a',
  '\u040d',
  '\ud800',
  '\udc0a',
];
const WORDS = ['Action: Originate', 'ActionID: 1', 'Variable: A=b', ':', ': ', ' ', 'x'.repeat(300), 'Ж', '\u{1f4a5}'];
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.constantFrom(...BREAKS, ...WORDS), fc.string()), { maxLength: 8 })
    .map((parts) => parts.join('')),
);
const given = fc.oneof(text, fc.integer(), fc.array(text, { maxLength: 4 }));
const names = fc.constantFrom('Channel', 'Variable', 'Value', 'Context', 'Exten', 'CallerID', 'X_y-2');

/** The action as it may be sent, or the error that refuses it. */
function tried(headers: ActionHeaders): [string, string][] | TrunklineError {
  try {
    return sanitiseHeaders(headers);
  } catch (error) {
    if (error instanceof TrunklineError) return error;
    throw error;
  }
}

describe('a value that is sent to a PBX', () => {
  it('is one line the PBX can read, in every encoding, or is refused without being quoted', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(names, text), given, { maxKeys: 5 }), (headers) => {
        const clean = tried(headers);
        if (clean instanceof TrunklineError) {
          expect(clean.code).toBe('AMI_PROTOCOL');
          expect(clean.message).toMatch(/^(an|the) AMI (header|action)[\w ,-]*$/);
          return;
        }
        expect(clean.length).toBeLessThanOrEqual(120);
        for (const [name, value] of clean) {
          expect(name).toMatch(/^[\w-]+$/);
          expect(Object.keys(headers)).toContain(name);
          for (const encoding of AMI_ENCODINGS) {
            const line = encode(`${name}: ${value}`, encoding);
            expect([13, 10, 0].filter((byte) => line.includes(byte))).toEqual([]);
            expect(line.length).toBeLessThanOrEqual(1_000);
          }
        }
      }),
      runs(1_000),
    );
  });

  it('loses nothing but what would break it', () => {
    fc.assert(
      fc.property(text, (value) => {
        const clean = tried({ Value: value });
        if (clean instanceof TrunklineError) return expect(value.length).toBeGreaterThan(300);
        expect(clean).toEqual([['Value', value.replace(/[\r\n\0]/g, '')]]);
      }),
      runs(500),
    );
  });

  it('stands with 120 others at most', () => {
    const many = (count: number) => ({ Variable: Array.from({ length: count }, () => 'A=b') });
    expect(tried(many(120))).toHaveLength(120);
    expect(tried(many(121))).toMatchObject({ code: 'AMI_PROTOCOL' });
  });
});

it.each(['Ping\r\nAction: Originate', 'Ping\n', '', 'Set var', 'Пинг'])('%j is no action', (name) => {
  expect(() => actionName(name)).toThrow(/forbidden character/);
});

describe.each(['native', 'asterisk-manager'] as const)('over %s, an action', (transport) => {
  it('is read by the PBX as it was meant, whatever its values hold', { timeout: 60_000 }, async () => {
    const server = { onAction: (action: ReceivedAction, peer: ReceivedAction['peer']) => answered(action, peer) };
    await withSession({ transport, server }, async ({ session, server: pbx, turns }) => {
      const isOdd = (action: ReceivedAction) =>
        !['login', 'events', 'ping', 'setvar'].includes(action.name.toLowerCase());
      await fc.assert(
        fc.asyncProperty(fc.dictionary(names, given, { minKeys: 1, maxKeys: 5 }), async (headers) => {
          const wanted = tried(headers);
          if (wanted instanceof TrunklineError) {
            await expect(session.action('Setvar', headers)).rejects.toMatchObject({ code: 'AMI_PROTOCOL' });
            return;
          }
          const before = pbx.received('Setvar').length;
          await session.batch([
            { name: 'Setvar', headers },
            { name: 'Setvar', headers: { Value: 'the next' } },
          ]);
          const [first, second, ...more] = pbx.received('Setvar').slice(before);
          expect(more).toEqual([]);
          expect(linesOf(second)).toEqual(['value: the next']);
          expect(linesOf(first)).toEqual(wanted.map(([name, value]) => lower([name, asSent(value)])).sort());
        }),
        runs(150),
      );
      await expect(session.action('Ping\r\nAction: Setvar')).rejects.toMatchObject({ code: 'AMI_PROTOCOL' });
      expect(pbx.actions.filter(isOdd).map(({ raw }) => raw)).toEqual([]);
      expect(turns).toEqual(['up']);
    });
  });
});

function answered(action: ReceivedAction, peer: ReceivedAction['peer']): boolean {
  if (action.name.toLowerCase() !== 'setvar') return false;
  peer.answer(action, 'Success');
  return true;
}

/** Its headers but the action and its id, names in lower case. A transport may give them another order. */
function linesOf(action: ReceivedAction | undefined): string[] {
  const lines = Buffer.from(action?.raw ?? '', 'latin1')
    .toString('utf8')
    .split('\r\n');
  return lines
    .map((line) => lower(line.split(': ')))
    .filter((line) => !/^action(id)?: /.test(line))
    .sort();
}

const lower = ([name = '', ...value]: readonly string[]): string => `${name.toLowerCase()}: ${value.join(': ')}`;

/** What is no character is written as U+FFFD. */
const asSent = (value: string): string => Buffer.from(value, 'utf8').toString('utf8');
