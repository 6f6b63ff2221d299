/**
 * The "Test" button: is the key good, what may it do, and what must a person do next about each thing that is missing. One
 * request when the key is refused, two otherwise.
 */
import { z } from 'zod';
import type { CheckResult, CrmUser } from '../contract.js';
import type { Answer } from './answers.js';
import { asRecord } from './answers.js';
import type { Bitrix24Client } from './client.js';
import type { Bitrix24Settings } from './settings.js';

/** What each right is for, as an operator needs it. */
const RIGHTS: readonly (readonly [scope: string, why: string])[] = [
  ['telephony', 'without it no call can be shown or recorded'],
  ['crm', 'without it calls are not tied to clients, and nobody is found who owns one'],
  ['user', 'without it users and their inner numbers are not known (user_basic will do as well)'],
];
const METHODS = ['register', 'show', 'hide', 'finish', 'attachRecord', 'searchCrmEntities'].map(
  (name) => `telephony.externalCall.${name}`,
);
const STATISTICS = 'voximplant.statistic.get';
const FINISH = 'telephony.externalCall.finish';

const available = z.object({ isExisting: z.boolean().nullish(), isAvailable: z.boolean().nullish() });

export async function check(
  client: Bitrix24Client,
  settings: Bitrix24Settings,
  known: readonly CrmUser[],
  signal: AbortSignal,
): Promise<CheckResult> {
  const profile = await client.call('profile', {}, signal);
  if (!profile.ok) return failed(profile);
  const questions = [
    { name: 'scope', method: 'scope', params: {} },
    ...METHODS.map((method, index) => ({ name: `method${index}`, method: 'method.get', params: { name: method } })),
    // Asked, not looked up: whether its user may see all calls shows only so.
    { name: 'statistics', method: STATISTICS, params: { FILTER: { EXTERNAL_CALL_ID: 'none' } } },
    // There is no such call: what matters is whether this kind of key may ask at all.
    { name: 'finish', method: FINISH, params: { CALL_ID: 'none', USER_ID: 1 } },
  ];
  const answers = await client.run(questions, signal);
  if (!(answers instanceof Map)) return failed(answers);
  const scopes = scopesOf(answers.get('scope'));
  const missing = METHODS.filter((_, index) => !isAvailable(answers.get(`method${index}`)));
  if (scopes && !scopes.includes('telephony'))
    return { ok: false, code: 'insufficient_scope', why: `the right telephony is missing: ${RIGHTS[0]?.[1]}; tick it` };
  const denied = [...answers.values()].find((one) => !one.ok && one.error === 'WRONG_AUTH_TYPE');
  if (denied) return failed(denied);

  const warnings = RIGHTS.filter(([scope]) => scopes && !has(scopes, scope)).map(
    ([scope, why]) => `the right ${scope} is missing: ${why}; tick it in the webhook or application`,
  );
  if (missing.length > 0)
    warnings.push(`the portal does not offer ${missing.join(', ')}: update it, or ask its administrator`);
  const statistics = answers.get('statistics');
  if (statistics && !statistics.ok)
    warnings.push(
      `call statistics cannot be read (${statistics.failure.code}): give the user of this key the right to view them; without it a call whose answer was lost waits for a person`,
    );
  else if (asRecord(profile.result)?.['ADMIN'] !== true)
    warnings.push(
      'the user of this key is no administrator and may not see all calls in the statistics: a call whose answer was lost could be recorded twice',
    );
  if (settings.access.kind === 'webhook')
    warnings.push(
      ...(client.movedTo() === null ? [] : [`the portal is at ${client.movedTo()} now: enter its new address`]),
    );
  if (Object.keys(settings.user_extensions).length === 0 && !known.some(({ extension }) => extension !== null))
    warnings.push('no extension belongs to a user yet: enter inner numbers in the portal, or map them here');
  return { ok: true, account: client.movedTo() ?? new URL(settings.access.base).host, warnings };
}

function failed(refusal: Answer): CheckResult {
  const failure = refusal.ok ? { code: 'BAD_ANSWER', why: 'an answer cannot be read' } : refusal.failure;
  return { ok: false, code: failure.code, why: failure.why };
}

function scopesOf(answer: Answer | undefined): string[] | null {
  return answer?.ok && Array.isArray(answer.result) ? answer.result.map(String) : null;
}

function has(scopes: readonly string[], scope: string): boolean {
  return scopes.includes(scope) || (scope === 'user' && scopes.some((one) => /^user_(basic|brief)$/.test(one)));
}

/** A portal too old to answer is believed to have it. */
function isAvailable(answer: Answer | undefined): boolean {
  if (!answer?.ok) return true;
  const said = available.safeParse(answer.result).data;
  return said?.isExisting !== false && said?.isAvailable !== false;
}
