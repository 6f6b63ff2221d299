import { describe, expect, it } from 'vitest';
import { candidatesOf, cannotTake, nameOwner } from '../../src/redirect/candidates.js';
import { readCaller } from '../../src/redirect/caller.js';
import type { Asked } from '../../src/redirect/ports.js';
import { targetOf } from '../../src/redirect/target.js';
import { isSignedWith, signatureOf } from '../../src/redirect/signature.js';
import { isWithin, parseWorkHours } from '../../src/platform/work-hours.js';
import { anEnterprise } from './an-enterprise.js';

const said = (integration: string, extension: string | null): Asked => ({
  integration,
  outcome: extension === null ? 'nobody' : 'owner',
  extension,
  contact: null,
  ms: 1,
  cached: false,
  why: null,
});
/** A Wednesday, 12:00 in Minsk. */
const WEDNESDAY_NOON = Date.parse('2026-11-25T09:00:00Z');

describe('whose calls are redirected', () => {
  it.each([
    ['80290000001', null],
    ['+375290000001', null],
    ['', 'the caller hides his number'],
    ['anonymous', 'the caller hides his number'],
    ['0001363', 'the PBX shows a line instead of the caller'],
    ['152', 'a colleague calls'],
    ['80290000009', 'the mobile of a colleague calls'],
    ['garbage', 'what the caller shows is no number'],
  ])('%s: %s', (number, skip) => {
    expect(readCaller({ enterprise: anEnterprise(), number, line: '0001400' }).skip).toBe(skip);
  });

  it('not on a line that is left alone, nor where it is off', () => {
    const on = (settings: object, line = '7') =>
      readCaller({ enterprise: anEnterprise({ settings }), number: '80290000001', line }).skip;
    expect(on({ lines: { '7': false } })).toBe('smart redirect is off on line 7');
    expect(on({ lines: { '7': false } }, '8')).toBeNull();
    expect(on({ mode: 'off' })).toBe('smart redirect is off');
    expect(readCaller({ enterprise: anEnterprise({ mode: 'off' }), number: '1', line: null }).skip).toBe(
      'the enterprise is off',
    );
  });
});

describe('who is named', () => {
  const history = { last: '152', first: '150' };
  it.each([
    ['owner', 'nobody', [said('a', null), said('b', '151')], { extension: '151', by: 'b' }],
    ['owner', 'nobody', [said('a', null)], null],
    ['owner', 'last', [said('a', null)], { extension: '152', by: 'last' }],
    ['owner', 'first', [], { extension: '150', by: 'first' }],
    ['last', 'nobody', [said('a', '151')], { extension: '152', by: 'last' }],
    ['first', 'nobody', [said('a', '151')], { extension: '150', by: 'first' }],
    ['name', 'last', [said('a', '151')], null],
  ] as const)('in mode %s, otherwise %s', (mode, otherwise, asked, wanted) => {
    expect(nameOwner(mode, otherwise, asked, history)).toEqual(wanted);
  });
});

describe('who may take it', () => {
  const among = (extensions: Parameters<typeof anEnterprise>[0], extension = '151', at = WEDNESDAY_NOON) =>
    candidatesOf(anEnterprise(extensions), { extension, by: 'crm' }, at);

  it('the owner, and his substitute behind him', () => {
    expect(among({ extensions: [{ number: '151', substitute: '152' }] }).extensions).toEqual(['151', '152']);
  });
  it('nobody who does not want to be disturbed or is not at work', () => {
    expect(among({ extensions: [{ number: '151', dnd: true, substitute: '152' }] })).toEqual({
      extensions: ['152'],
      leftOut: '151 does not want to be disturbed',
    });
    expect(among({ extensions: [{ number: '151', hours: 'Sat 10:00-14:00' }] }).leftOut).toBe('151 is not at work now');
  });
  it('no endpoint that is no extension here, whatever a CRM says', () => {
    expect(among({}, 'trunk')).toEqual({ extensions: [], leftOut: 'trunk is no extension here' });
  });
  it('each once, though substitutes go in a circle', () => {
    const extensions = [
      { number: '151', substitute: '152' },
      { number: '152', substitute: '151' },
    ];
    expect(among({ extensions }).extensions).toEqual(['151', '152']);
  });
  it.each([
    ['NOT_INUSE', false, null],
    ['UNKNOWN', false, null],
    [null, false, null],
    ['INUSE', false, 'the phone is inuse'],
    ['INUSE', true, null],
    ['RINGINUSE', false, 'the phone is ringinuse'],
    ['UNAVAILABLE', true, 'the phone is unavailable'],
    ['INVALID', true, 'the phone is invalid'],
  ])('a phone that is %s, ringing busy ones %s: %s', (state, ringBusy, why) => {
    expect(cannotTake(state, ringBusy)).toBe(why);
  });
});

describe('what is dialled', () => {
  it.each([
    [{}, 'PJSIP/151'],
    [{ target: 'SIP/151-desk' }, 'SIP/151-desk'],
    [{ target: 'Local/300@followme' }, 'Local/300@followme'],
    [{ target: 'Local/300@from-internal' }, null],
    [{ target: 'PJSIP/151,20,T' }, null],
    [{ target: 'DAHDI/1/151' }, null],
  ])('%o: %s', (own, target) => {
    const enterprise = anEnterprise({
      extensions: [{ number: '151', ...own }],
      settings: { localContexts: ['followme'] },
    });
    expect(targetOf(enterprise, '151', 'PJSIP')).toBe(target);
  });
});

describe('a signature', () => {
  it('fits one secret and one channel', () => {
    // As Asterisk's SHA1(word-1:1795839679.0) gives it.
    const signature = signatureOf('word-1', '1795839679.0');
    expect(signature).toMatch(/^[0-9a-f]{40}$/);
    expect(isSignedWith('word-1', '1795839679.0', signature)).toBe(true);
    expect(isSignedWith('word-1', '1795839679.1', signature)).toBe(false);
    expect(isSignedWith('word-2', '1795839679.0', signature)).toBe(false);
    expect(isSignedWith(null, '1795839679.0', signature)).toBe(false);
    expect(isSignedWith('', '1', signatureOf('', '1'))).toBe(false);
  });
});

describe('working hours', () => {
  it.each([
    ['Mon-Fri 09:00-18:00', '2026-11-25T09:00:00Z', true],
    ['Mon-Fri 09:00-18:00', '2026-11-25T15:00:00Z', false],
    ['Mon-Fri 09:00-18:00', '2026-11-28T09:00:00Z', false],
    ['Mon-Fri 09:00-18:00, Sat 10:00-14:00', '2026-11-28T09:00:00Z', true],
    ['Fri-Mon 09:00-18:00', '2026-11-29T09:00:00Z', true],
    ['22:00-06:00', '2026-11-25T20:00:00Z', true],
    ['Fri 22:00-06:00', '2026-11-28T02:00:00Z', true],
    ['Fri 22:00-06:00', '2026-11-29T02:00:00Z', false],
    ['00:00-24:00', '2026-11-25T20:59:00Z', true],
  ])('%s at %s: %s', (hours, at, within) => {
    expect(isWithin(parseWorkHours(hours), Date.parse(at), 'Europe/Minsk')).toBe(within);
  });
  it.each(['', 'nonsense', 'Mon 9-18', 'Mon 25:00-26:00', 'Foo 09:00-18:00', '09:00-09:00'])(
    '%s is refused',
    (text) => {
      expect(() => parseWorkHours(text)).toThrow();
    },
  );
});
