/** Every page there is, and what must hold of each in any language and at any width. */
import type { Visitor } from './visitor.js';

export const PAGES: Readonly<Record<string, string>> = {
  enterprises: '/operator/enterprises',
  operators: '/operator/users',
  'all-changes': '/operator/audit',
  dashboard: '/e/0367',
  integrations: '/e/0367/integrations',
  retailcrm: '/e/0367/integrations/retailcrm',
  calls: '/e/0367/calls',
  log: '/e/0367/log',
  deliveries: '/e/0367/deliveries',
  redirect: '/e/0367/redirect',
  stats: '/e/0367/stats',
  pbx: '/e/0367/pbx',
  reconciliation: '/e/0367/reconciliation',
  users: '/e/0367/users',
  audit: '/e/0367/audit',
  alerts: '/e/0367/alerts',
  'all-alerts': '/operator/alerts',
};

/** Words of the other language. Code, what was written by people, and the switch of languages are none of ours. */
const WORDS = `(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const within = node.parentElement;
    if (!within || within.closest('code, pre, script, noscript, [lang], option, textarea')) continue;
    const text = node.textContent.trim();
    if (text !== '') found.push(text);
  }
  return found;
})()`;
const FOREIGN = { ru: /[A-Za-z]{2,}( [a-z]{2,}){2,}/, en: /[А-Яа-яЁё]/ };

export async function faultsOf({ page, language }: Visitor): Promise<string[]> {
  const texts = await page.evaluate<string[]>(WORDS);
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  return [
    ...(wide > 0 ? [`is ${wide} px too wide`] : []),
    ...texts.filter((text) => FOREIGN[language].test(text)).map((text) => `says "${text}"`),
  ];
}
