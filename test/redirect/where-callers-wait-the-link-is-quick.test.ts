import { expect, it } from 'vitest';
import { planLink } from '../../src/ami/target.js';
import { pbxTarget } from '../../src/app-joints.js';
import { directoryOn, FIRST, importText } from '../integrations/settings-ground.js';
import { withDb } from '../support/db.js';

const REDIRECT = 'smartRedirect: { mode: owner, secret: redirect-hidden }';

it.each([
  ['callers wait to be redirected', FIRST, 'native'],
  ['smart redirect only watches', FIRST.replace('mode: owner', 'mode: shadow'), 'native'],
  ['smart redirect is off', FIRST.replace('mode: owner', 'mode: off'), 'asterisk-manager'],
  ['there are no settings of it', FIRST.replace(REDIRECT, ''), 'asterisk-manager'],
  [
    'the transport is set',
    FIRST.replace('secret: ami-hidden', 'secret: ami-hidden, transport: asterisk-manager'),
    'asterisk-manager',
  ],
])('where %s', (_case, settings, transport) =>
  withDb(async ({ pool }) => {
    await importText(pool, settings);
    const directory = directoryOn(pool);
    await directory.refresh();
    const key = directory.byNumber('0367')?.pbxKey ?? '';
    const target = pbxTarget(key, directory.onPbx(key));
    expect(target && planLink(target).transport.name).toBe(transport);
  }),
);
