import { describe, expect, it } from 'vitest';
import { parseEnterpriseFile } from '../../src/config/enterprise-file.js';
import type { Enterprise } from '../../src/config/enterprise.js';
import { callProfiles } from '../../src/config/profile.js';
import { resolveEnterprise } from '../../src/config/resolve.js';
import { refuseOverlaps } from '../../src/config/selector-overlap.js';
import { errorOf } from './error-of.js';

/** Two enterprises on one PBX; each gets what the text adds. */
function two(one: string, other: string, pbx = ''): Enterprise[] {
  const entry = (number: string, text: string) =>
    `{ number: "${number}", pbx: { host: PBX.example.invalid, username: crm ${pbx} }, ${text} }`;
  return parseEnterpriseFile(`enterprises: [${entry('0367', one)}, ${entry('0422', other)}]`).map((parsed) =>
    resolveEnterprise(parsed, {
      name: 'n',
      token: null,
      clientId: 'c',
      address: null,
      takeoverAt: null,
      version: 1,
      pbxSecret: '',
      smartRedirectSecret: null,
      sshPassword: null,
      sshPrivateKey: null,
      recordingsPassword: null,
      integrations: {},
    }),
  );
}

describe('two enterprises on one PBX', () => {
  it('are refused, both named, when nothing tells them apart', () => {
    const error = errorOf(() => refuseOverlaps(two('', '')));
    expect(error.code).toBe('CONFIG_OVERLAP');
    expect(error.message).toContain('0367');
    expect(error.message).toContain('0422');
    expect(error.message).toContain('pbx.example.invalid:5038');
  });

  it.each([
    ['selector: { extensions: "^1\\\\d\\\\d$" }', 'selector: { extensions: "^1[0-4]\\\\d$" }', 'extension 100'],
    [
      'selector: { extensions: "^1\\\\d\\\\d$" }, lines: ["0001363"]',
      'selector: { extensions: "^2\\\\d\\\\d$" }, lines: ["0001363"]',
      'line 0001363',
    ],
    ['selector: { contexts: [a, b] }', 'selector: { contexts: [b, c] }', 'context b'],
    ['selector: { extensions: "^a-" }', 'selector: { extensions: "^a-" }', 'extensions like ^a-'],
    [
      'selector: { extensions: "^(1..|x1)$" }, extensions: [{ number: x1 }]',
      'selector: { extensions: "^(2..|x1)$" }',
      'extension x1',
    ],
  ])('are refused with %s and %s', (one, other, shared) => {
    expect(errorOf(() => refuseOverlaps(two(one, other))).message).toContain(`both claim ${shared}`);
  });

  it.each([
    ['selector: { extensions: "^1\\\\d\\\\d$" }', 'selector: { extensions: "^2\\\\d\\\\d$" }'],
    ['selector: { contexts: [in-a, phones-a] }', 'selector: { contexts: [in-b, phones-b] }'],
    ['mode: off', 'mode: on'],
  ])('are accepted with %s and %s', (one, other) => {
    expect(() => refuseOverlaps(two(one, other))).not.toThrow();
  });

  it('may differ by pbx.extensionPattern alone, and then shared contexts tell the tracker nothing', () => {
    const [one, other] = [two('', '', ', extensionPattern: "^1..$"')[0], two('', '', ', extensionPattern: "^2..$"')[1]];
    if (!one || !other) throw new Error('two enterprises');
    expect(() => refuseOverlaps([one, other])).not.toThrow();
    const profiles = callProfiles([one, other]);
    expect(profiles.map((profile) => profile.selector)).toEqual([{ extensions: '^1..$' }, { extensions: '^2..$' }]);
  });

  it('have no selector each on a PBX of its own', () => {
    const [one] = two('', '');
    if (!one) throw new Error('one enterprise');
    expect(callProfiles([one])[0]?.selector).toBeNull();
  });

  it('on different PBXs never overlap', () => {
    const [one, other] = two('', '');
    if (!one?.pbx || !other?.pbx) throw new Error('two enterprises');
    other.pbx.port = 5039;
    expect(() => refuseOverlaps([one, other])).not.toThrow();
  });
});
