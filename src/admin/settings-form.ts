/**
 * What a form sends, laid over what stands: the patch to save and the whole it comes to. Pure.
 *
 * A secret nobody touched stays as it is, unless the address it would be sent to has changed: then it must be given again, or
 * whoever may change the address could have it sent to himself.
 */
import type { AnyConnector } from '../integrations/contract.js';
import type { SecretFields } from '../integrations/secret-fields.js';
import { FieldErrors, fieldErrors } from './field-errors.js';
import type { FieldError } from './field-errors.js';
import { isUntouched } from './integration-form.js';
import { textsOf } from './texts/index.js';

export interface Laid {
  /** Of what was sent: without untouched secrets. */
  patch: Record<string, unknown>;
  /** All settings as they would be, secrets in clear. */
  whole: Record<string, unknown>;
  /** True when a secret or an address differs from what stands. */
  otherAccount: boolean;
}

const FIELD = /^[a-z][a-z0-9_]{0,60}$/;

/** @throws FieldErrors */
export function layOver(
  connector: AnyConnector,
  standing: Readonly<Record<string, unknown>>,
  sent: Readonly<Record<string, unknown>>,
  { isSecret }: SecretFields,
): Laid {
  const { id: type } = connector;
  const patch: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(sent)) {
    if (!FIELD.test(field)) throw new FieldErrors([{ path: 'settings', message: 'hold a name that is none' }]);
    const secret = isSecret(type, field);
    if (secret ? !isUntouched(value) : value !== undefined)
      patch[field] = secret && typeof value === 'number' ? String(value) : value;
  }
  const whole = { ...standing, ...patch };
  const addresses = textsOf(type).address;
  const moved = addresses.some((field) => addressIn(standing[field]) !== addressIn(whole[field]));
  const newSecret = Object.keys(patch).some((field) => isSecret(type, field) && patch[field] !== standing[field]);
  if (moved && isSet(standing)) {
    const kept = Object.keys(standing).filter(
      (field) => isSecret(type, field) && !(field in patch) && standing[field] !== null && standing[field] !== '',
    );
    if (kept.length > 0)
      throw new FieldErrors(kept.map((path) => ({ path, message: 'the address has changed: enter it again' })));
  }
  return { patch, whole, otherAccount: moved || newSecret };

  function isSet(settings: Readonly<Record<string, unknown>>): boolean {
    return (
      addresses.some((field) => addressIn(settings[field]) !== '') ||
      Object.keys(settings).some((field) => isSecret(type, field))
    );
  }
}

/** @throws FieldErrors naming each field that does not parse, or that leads where no tenant may */
export function checkSettings(
  connector: AnyConnector,
  whole: Readonly<Record<string, unknown>>,
  refuses: (hostname: string) => string | null,
): Record<string, unknown> {
  const parsed = connector.settings.safeParse(whole);
  if (!parsed.success) throw fieldErrors(parsed.error.issues);
  const wrong = Object.entries(whole).flatMap(([path, value]): FieldError[] => {
    const message =
      typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value)
        ? refuses(new URL(value).hostname)
        : null;
    return message === null ? [] : [{ path, message }];
  });
  if (wrong.length > 0) throw new FieldErrors(wrong);
  return parsed.data;
}

function addressIn(value: unknown): string {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return text.replace(/\/+$/, '');
}
