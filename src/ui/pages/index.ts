/** The pages by their addresses. Each is loaded when it is first shown, or at the start when the address names it. */
import { lazy } from 'react';
import type { ComponentType } from 'react';
import { BASE } from '../platform/base.js';

type Load = () => Promise<{ default: ComponentType }>;

const one = (path: RegExp, load: Load) => ({ path, load, page: lazy(load) });
const ofEnterprise = (name: string) => new RegExp(`^/e/(?<enterprise>[^/]+)/${name}/?$`);
const ofOperator = (name: string) => new RegExp(`^/operator/${name}/?$`);

export const PAGES = [
  one(ofOperator('enterprises'), () => import('./enterprises/enterprises.js')),
  one(
    /^\/e\/(?<enterprise>[^/]+)(?:\/integrations(?:\/(?<type>[^/]+))?)?\/?$/,
    () => import('./dashboard/dashboard.js'),
  ),
  one(ofEnterprise('calls'), () => import('./calls/calls.js')),
  one(ofEnterprise('calls/(?<id>[^/]+)'), () => import('./calls/call.js')),
  one(ofEnterprise('log'), () => import('./log/log.js')),
  one(ofEnterprise('deliveries'), () => import('./deliveries/deliveries.js')),
  one(ofEnterprise('alerts'), () => import('./alerts/alerts.js')),
  one(ofEnterprise('redirect'), () => import('./redirect/redirect.js')),
  one(ofEnterprise('stats'), () => import('./stats/stats.js')),
  one(ofEnterprise('pbx'), () => import('./pbx/pbx.js')),
  one(ofEnterprise('reconciliation'), () => import('./reconciliation/reconciliation.js')),
  one(ofEnterprise('users'), () => import('./users/users.js')),
  one(ofEnterprise('audit'), () => import('./audit/audit.js')),
  one(ofOperator('alerts'), () => import('./alerts/alerts.js')),
  one(ofOperator('users'), () => import('./users/users.js')),
  one(ofOperator('audit'), () => import('./audit/audit.js')),
];

/** Asked for beside who is here, not after it. */
export function preloadPage(): void {
  const address = location.pathname.slice(BASE.length);
  // A page that does not come is told of when it is shown.
  PAGES.find(({ path }) => path.test(address))
    ?.load()
    .catch(() => undefined);
}
