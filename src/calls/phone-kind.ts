/** Where a number is and what a call to it may cost, by the world's numbering plans. */
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';

export interface PhoneKind {
  /** ISO countries it may be in: one for a number a plan knows, else all that share its calling code. */
  countries: string[];
  /** Billed at a price its owner sets, or not a person's: never to be dialled by a program. */
  costly: boolean;
}

const COSTLY = new Set(['PREMIUM_RATE', 'SHARED_COST', 'PAGER', 'VOICEMAIL', 'UAN', 'PERSONAL_NUMBER']);

/** Of a number in E.164. */
export function phoneKind(e164: string): PhoneKind {
  const number = parsePhoneNumberFromString(e164);
  if (!number) return { countries: [], costly: false };
  if (number.country) return { countries: [number.country], costly: COSTLY.has(number.getType() ?? '') };
  // PBXs know real numbers that no plan does.
  const code = number.countryCallingCode;
  return { countries: getCountries().filter((country) => getCountryCallingCode(country) === code), costly: false };
}
