/** What a real Asterisk of the redirect tests has besides the harness's dialplan: our files, and an administrator's around them. */
import { readFileSync } from 'node:fs';

export const ours = (name: 'trunkline.conf' | 'trunkline-http.conf') =>
  readFileSync(new URL(`../../dialplan/${name}`, import.meta.url), 'utf8');

export interface RedirectDialplan {
  globals?: Record<string, string>;
  /** The administrator's default route; null: there is none. */
  defaultRoute?: string | null;
  extra?: string;
}

export const SECRET = 'word-1';

/** Lines 00014XX wait for Trunkline; the default route rings 150. */
export function redirectDialplan({ globals, defaultRoute, extra = '' }: RedirectDialplan = {}): string {
  const set = { TRUNKLINE_SECRET: SECRET, TRUNKLINE_RING: '3', ...globals };
  const route = defaultRoute === undefined ? 'exten => _X!,1,Dial(PJSIP/150,8)' : defaultRoute;
  return `
[globals]
${Object.entries(set)
  .map(([name, value]) => `${name}=${value}`)
  .join('\n')}

[from-trunk](+)
exten => _00014XX,1,Goto(smart-redirect-start,\${EXTEN},1)
exten => _00015XX,1,Goto(smart-redirect-http-start,\${EXTEN},1)

${route === null ? '' : `[default-route]\n${route}\n`}
${extra}
${ours('trunkline.conf')}
${ours('trunkline-http.conf')}
`;
}
