/**
 * How an amoCRM account lets us in by OAuth: a person opens its page of consent and comes back with a code, good once and for 20 minutes. The
 * pair it is exchanged for is stored before it is used; what waited for a person goes out then.
 */
import type { CheckResult, HowToLetIn } from '../contract.js';
import type { OAuth } from './oauth.js';
import type { AmoCrmSettings } from './settings.js';
import type { Tokens } from './tokens.js';

/** Null for an account that is let in by a long-lived token. */
export function howToLetIn(settings: AmoCrmSettings, state: string): HowToLetIn | null {
  if (!settings.client_id || !settings.client_secret) return null;
  const query = new URLSearchParams({ client_id: settings.client_id, state, mode: 'popup' });
  return { open: `${consentOf(settings.origin)}?${query.toString()}` };
}

/** The vendors ask for consent on a host of their own, which knows the accounts of whoever is logged in there. */
function consentOf(origin: string): string {
  const vendor = /(?:^|\.)((?:amocrm|kommo)\.\w+)$/i.exec(new URL(origin).hostname)?.[1];
  return vendor === undefined ? `${origin}/oauth` : `https://www.${vendor}/oauth`;
}

export async function letIn(
  told: Readonly<Record<string, string>>,
  settings: AmoCrmSettings,
  { oauth, tokens }: { oauth: OAuth; tokens: Tokens },
): Promise<CheckResult> {
  const { host } = new URL(settings.origin);
  const code = told['code']?.trim();
  if (!code) return { ok: false, code: 'NO_CODE', why: 'amoCRM brought no code' };
  const granted = await oauth.redeem(code);
  if (!granted.ok) {
    // The code is of the account he was logged in to; it is never sent anywhere but to the one of the settings.
    const other = told['referer'] && told['referer'].toLowerCase() !== host.toLowerCase() ? told['referer'] : null;
    const why =
      other === null
        ? granted.failure.why
        : `${granted.failure.why} (the code is of ${other}, and the settings say ${host})`;
    return { ok: false, code: granted.failure.kind === 'retry' ? 'TRY_AGAIN' : granted.failure.code, why };
  }
  try {
    await tokens.adopt(granted.pair);
  } catch {
    return { ok: false, code: 'TOKENS_NOT_STORED', why: 'the tokens could not be stored' };
  }
  return { ok: true, account: host, warnings: [] };
}
