/**
 * The pages by their addresses. The dashboard, which most come to, is of the first load; each other is loaded when it is first
 * shown, or at the start when the address names it.
 */
import { lazy } from 'react';
import type { ComponentType } from 'react';
import { BASE } from '../platform/base.js';
import { Dashboard } from './dashboard/dashboard.js';
import { askDashboard } from './dashboard/questions.js';

interface PageAt {
  path: RegExp;
  /** Of the page that was loaded at the start it is the page itself: it never stands behind a placeholder. */
  readonly page: ComponentType;
  /** At the start, before anything is drawn. */
  prepare(params: Readonly<Record<string, string>>): void | Promise<void>;
}

type Load = () => Promise<{ default: ComponentType }>;

function one(path: RegExp, load: Load): PageAt {
  const later = lazy(load);
  let there: ComponentType | undefined;
  return {
    path,
    get page() {
      return there ?? later;
    },
    async prepare() {
      there = (await load()).default;
    },
  };
}

const ofEnterprise = (name: string) => new RegExp(`^/e/(?<enterprise>[^/]+)/${name}/?$`);
const ofOperator = (name: string) => new RegExp(`^/operator/${name}/?$`);

export const PAGES: readonly PageAt[] = [
  one(ofOperator('enterprises'), () => import('./enterprises/enterprises.js')),
  {
    path: /^\/e\/(?<enterprise>[^/]+)(?:\/integrations(?:\/(?<type>[^/]+))?)?\/?$/,
    page: Dashboard,
    prepare: askDashboard,
  },
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

/** The page that the address names; asked for beside who is here, not after it. */
export async function preparePage(): Promise<void> {
  const address = location.pathname.slice(BASE.length);
  const named = PAGES.map(({ path, prepare }) => ({ match: path.exec(address), prepare })).find(({ match }) => match);
  try {
    await named?.prepare(named.match?.groups ?? {});
  } catch {
    // A page that does not come is told of when it is shown.
  }
}
