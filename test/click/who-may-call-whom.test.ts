import { describe, expect, it } from 'vitest';
import { clickToCall } from '../../src/config/click-to-call.js';
import { allowed } from '../../src/click/allowed.js';
import { clickLink, isSigned, signatureOf } from '../../src/click/link.js';
import type { ClickEnterprise } from '../../src/click/ports.js';

const enterprise: ClickEnterprise = {
  number: '0367',
  name: 'Example Ltd',
  country: 'BY',
  on: true,
  clientId: '0123456789abcdef0123456789abcdef',
  pbxKey: 'pbx:5038',
  host: 'pbx',
  extensions: [],
  extensionPattern: '^\\d{3,4}$',
  dialAllow: ['BY', 'RU'],
  settings: clickToCall.parse({}),
};

describe('a number may be called', () => {
  it.each([
    ['+375290000001', '+375290000001'],
    [' 375290000001', '+375290000001'],
    ['80290000001', '+375290000001'],
    ['+375 (29) 123-45-67', '+375291234567'],
    ['+79161234567', '+79161234567'],
  ])('%s is %s', (raw, phone) =>
    expect(allowed(enterprise, '151', raw)).toEqual({ ok: true, extension: '151', phone }),
  );
});

describe('a number may not be called', () => {
  it.each([
    ['another country', '+12025550123', 'US'],
    ['a neighbour whose country is not named', '+77011234567', 'KZ'],
    ['an unknown number of a code two countries share', '+79990', 'number'],
    ['a premium number', '+78091234567', 'premium'],
    ['a short one', '101', 'not a number'],
    ['none', '', 'not a number'],
    ['a name', 'Ann', 'not a number'],
    ['a dial string', '+375290000001&PJSIP/152', 'not a number'],
    ['a line of AMI', '+375290000001\r\nAction: Command', 'not a number'],
    ['feature codes', '*72+375290000001', 'not a number'],
  ])('%s', (_what, raw, why) => {
    const answer = allowed(enterprise, '151', raw);
    expect(answer).toEqual({ ok: false, why: expect.stringContaining(why) as string });
  });
});

describe('an extension may be rung', () => {
  it.each(['15', '12345', 'ann', '', '151&152', '../151', '151\r\n', '+375290000001'])('not %j', (code) => {
    expect(allowed(enterprise, code.replace(/\s+$/, '\n9'), '+375290000001')).toMatchObject({ ok: false });
  });
  it('only those the enterprise names, when it names any', () => {
    const named = { ...enterprise, extensions: ['151'] };
    expect(allowed(named, '151', '+375290000001')).toMatchObject({ ok: true });
    expect(allowed(named, '152', '+375290000001')).toMatchObject({ ok: false });
  });
});

describe('a signed link', () => {
  const { clientId } = enterprise;
  it('is good for its enterprise and extension alone', () => {
    const sig =
      new URL(clickLink('https://pbx.example.invalid/t', clientId, '0367', '151')).searchParams.get('sig') ?? '';
    expect(isSigned(clientId, '0367', '151', sig)).toBe(true);
    for (const [number, code] of [
      ['0367', '152'],
      ['0368', '151'],
      ['036', '7151'],
    ])
      expect(isSigned(clientId, number as string, code as string, sig)).toBe(false);
    expect(isSigned('another', '0367', '151', sig)).toBe(false);
  });
  it('has no part of the secret in it', () =>
    expect(signatureOf(clientId, '0367', '151')).not.toContain(clientId.slice(0, 8)));
});
