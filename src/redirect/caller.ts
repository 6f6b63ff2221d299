/** Who calls, and whose calls are left alone. Pure. */
import { toE164 } from '../calls/phone.js';
import type { Caller, DecidedMode, RedirectEnterprise, RedirectSettings } from './ports.js';

export type Reading = { phone: string; skip: null } | { phone: string | null; skip: string };

/** The client's number in E.164, or why this call is nobody's to redirect. */
export function readCaller({ enterprise, number, line }: Pick<Caller, 'enterprise' | 'number' | 'line'>): Reading {
  const { settings } = enterprise;
  const reading = toE164(number, {
    country: enterprise.country,
    lines: enterprise.lines?.map(({ id }) => id) ?? null,
    transform: enterprise.lines?.find(({ id }) => id === line)?.transform ?? null,
  });
  const phone = reading.kind === 'number' ? reading.e164 : null;
  const skip = (why: string): Reading => ({ phone, skip: why });
  if (enterprise.mode === 'off') return skip('the enterprise is off');
  if (settings.mode === 'off') return skip('smart redirect is off');
  if (ruleOf(settings, line) === false) return skip(`smart redirect is off on ${line ? `line ${line}` : 'this line'}`);
  switch (reading.kind) {
    case 'withheld':
      return skip('the caller hides his number');
    case 'line':
      return skip('the PBX shows a line instead of the caller');
    case 'extension':
      return skip('a colleague calls');
    case 'unreadable':
      return skip('what the caller shows is no number');
    case 'number':
      return isStaff(enterprise, reading.e164)
        ? skip('the mobile of a colleague calls')
        : { phone: reading.e164, skip: null };
  }
}

function isStaff({ extensions }: RedirectEnterprise, e164: string): boolean {
  return extensions.some(({ mobile }) => mobile !== undefined && mobile.replace(/\D/g, '') === e164.replace(/\D/g, ''));
}

/** True when an enterprise in this mode only watches. */
export function isShadow({ mode, settings }: RedirectEnterprise): boolean {
  return mode === 'shadow' || settings.mode === 'shadow';
}

/** What is decided, whether or not it is carried out. */
export function decidedMode({ settings }: RedirectEnterprise): DecidedMode | 'off' {
  return settings.mode === 'shadow' ? settings.shadowOf : settings.mode;
}

/** The call with the settings its line has. What is off or only watched stays so, whatever a line says. */
export function onItsLine(caller: Caller): Caller {
  const { enterprise, line } = caller;
  const rule = ruleOf(enterprise.settings, line);
  if (typeof rule !== 'object') return caller;
  const settings = { ...enterprise.settings };
  if (rule.otherwise) settings.otherwise = rule.otherwise;
  if (rule.order) settings.order = rule.order;
  if (rule.shows) settings.shows = rule.shows;
  const { mode = settings.mode } = rule;
  if (settings.mode !== 'shadow' || mode === 'off') settings.mode = settings.mode === 'off' ? 'off' : mode;
  else if (mode !== 'shadow') settings.shadowOf = mode;
  return { ...caller, enterprise: { ...enterprise, settings } };
}

function ruleOf({ lines }: RedirectSettings, line: string | null): RedirectSettings['lines'][string] | undefined {
  const own = line !== null && Object.hasOwn(lines, line) ? lines[line] : undefined;
  return own ?? lines['*'];
}
