import type { RedirectEnterprise } from './ports.js';

const TARGET = /^(SIP|PJSIP|Local)\/[\w@.-]+$/;

/** What Dial is given for an extension; null when it would be nothing we may dial. */
export function targetOf(enterprise: RedirectEnterprise, extension: string, tech: 'PJSIP' | 'SIP'): string | null {
  const own = enterprise.extensions.find(({ number }) => number === extension)?.target;
  const target = own ?? `${tech}/${extension}`;
  if (!TARGET.test(target)) return null;
  if (!target.startsWith('Local/')) return target;
  const context = target.split('@')[1];
  return context !== undefined && enterprise.settings.localContexts.includes(context) ? target : null;
}
