/** Who is here, and which page the address names. Each page is loaded when it is first shown. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, lazy } from 'react';
import type { ComponentProps } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { queries } from './api.js';
import { LanguageProvider } from './i18n/language.js';
import { Crash } from './layout/crash.js';
import { Shell } from './layout/shell.js';
import { Missing } from './pages/missing.js';
import { Waiting } from './parts/query-view.js';
import { ToastProvider } from './parts/toasts.js';
import { BASE } from './platform/base.js';
import { SessionGate, useMe } from './session.js';

const Enterprises = lazy(() => import('./pages/enterprises.js'));
const Dashboard = lazy(() => import('./pages/dashboard/dashboard.js'));
const Calls = lazy(() => import('./pages/calls/calls.js'));
const Call = lazy(() => import('./pages/calls/call.js'));
const Log = lazy(() => import('./pages/log/log.js'));
const Redirects = lazy(() => import('./pages/redirect/redirect.js'));
const Stats = lazy(() => import('./pages/stats/stats.js'));
const Pbx = lazy(() => import('./pages/pbx/pbx.js'));
const Users = lazy(() => import('./pages/users/users.js'));
const Audit = lazy(() => import('./pages/audit/audit.js'));
const Reconciliation = lazy(() => import('./pages/reconciliation/reconciliation.js'));
const Deliveries = lazy(() => import('./pages/deliveries/deliveries.js'));

export function App({ first }: Pick<ComponentProps<typeof LanguageProvider>, 'first'>) {
  return (
    <CSPProvider disableStyleElements>
      <LanguageProvider first={first}>
        <Crash>
          <QueryClientProvider client={queries}>
            <ToastProvider>
              <Router base={BASE}>
                <SessionGate>
                  <Pages />
                </SessionGate>
              </Router>
            </ToastProvider>
          </QueryClientProvider>
        </Crash>
      </LanguageProvider>
    </CSPProvider>
  );
}

function Pages() {
  const me = useMe();
  const home = me.kind === 'super' ? '/operator/enterprises' : `/e/${me.enterprise ?? ''}`;
  return (
    <Shell>
      <Suspense fallback={<Waiting rows={5} />}>
        <Switch>
          <Route path="/operator/enterprises" component={Enterprises} />
          <Route
            path={/^\/e\/(?<enterprise>[^/]+)(?:\/integrations(?:\/(?<type>[^/]+))?)?\/?$/}
            component={Dashboard}
          />
          <Route path="/e/:enterprise/calls" component={Calls} />
          <Route path="/e/:enterprise/calls/:id" component={Call} />
          <Route path="/e/:enterprise/log" component={Log} />
          <Route path="/e/:enterprise/deliveries" component={Deliveries} />
          <Route path="/e/:enterprise/redirect" component={Redirects} />
          <Route path="/e/:enterprise/stats" component={Stats} />
          <Route path="/e/:enterprise/pbx" component={Pbx} />
          <Route path="/e/:enterprise/reconciliation" component={Reconciliation} />
          <Route path="/e/:enterprise/users" component={Users} />
          <Route path="/e/:enterprise/audit" component={Audit} />
          <Route path="/operator/users" component={Users} />
          <Route path="/operator/audit" component={Audit} />
          <Route path="/">
            <Redirect to={home} replace />
          </Route>
          <Route path="/login">
            <Redirect to={home} replace />
          </Route>
          <Route component={Missing} />
        </Switch>
      </Suspense>
    </Shell>
  );
}
