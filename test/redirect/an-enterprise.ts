import type { RedirectEnterprise, RedirectSettings } from '../../src/redirect/ports.js';

export const settings: RedirectSettings = {
  mode: 'owner',
  shadowOf: 'owner',
  otherwise: 'nobody',
  order: [],
  shows: ['customer'],
  secret: 'word-1',
  deadlineMs: 500,
  lines: {},
  tech: null,
  waitSeconds: 10,
  ringBusy: false,
  localContexts: [],
  fleetContexts: [],
  perSecond: 20,
};

export function anEnterprise(
  over: Partial<Omit<RedirectEnterprise, 'settings'>> & { settings?: Partial<RedirectSettings> } = {},
): RedirectEnterprise {
  return {
    number: '0367',
    mode: 'on',
    timezone: 'Europe/Minsk',
    country: 'BY',
    pbxKey: '127.0.0.1:5038',
    extensionPattern: '^\\d{3}$',
    lines: null,
    ownLines: [],
    extensions: [{ number: '151' }, { number: '150', mobile: '+375290000009' }],
    ...over,
    settings: { ...settings, ...over.settings },
  };
}
