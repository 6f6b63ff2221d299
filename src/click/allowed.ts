/** Which extension may be rung and which number dialled, or why not, in words for whoever clicked. Pure. */
import { phoneKind } from '../calls/phone-kind.js';
import { toE164 } from '../calls/phone.js';
import type { ClickEnterprise } from './ports.js';

export type Allowed = { ok: true; extension: string; phone: string } | { ok: false; why: string };

export function allowed(enterprise: ClickEnterprise, code: string, raw: string): Allowed {
  const extension = code.trim();
  if (!isExtension(enterprise, extension)) return no(`${shown(extension)} is not an extension of this enterprise`);
  // A plus in an address that nobody encoded arrives as a space.
  const reading = toE164(raw.replace(/^ (?=\d)/, '+'), { country: enterprise.country });
  if (reading.kind !== 'number') return no(`${shown(raw)} is not a number that can be called`);
  const { countries, costly } = phoneKind(reading.e164);
  if (countries.length === 0) return no(`${reading.e164} is not a number of any country`);
  const foreign = countries.find((country) => !enterprise.dialAllow.includes(country));
  if (foreign !== undefined) return no(`calls to ${foreign} are not allowed here`);
  if (costly) return no(`${reading.e164} is a premium or shared-cost number`);
  return { ok: true, extension, phone: reading.e164 };
}

function isExtension({ extensions, extensionPattern }: ClickEnterprise, code: string): boolean {
  if (!/^[\w.-]{1,20}$/.test(code)) return false;
  return extensions.length > 0 ? extensions.includes(code) : new RegExp(extensionPattern).test(code);
}

function no(why: string): Allowed {
  return { ok: false, why };
}

function shown(text: string): string {
  return `"${text.replace(/[^\w +().-]/g, '?').slice(0, 30)}"`;
}
