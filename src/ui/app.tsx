/** Who is here, and which page the address names. */
import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense } from 'react';
import type { ComponentProps } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';
import { queries } from './api.js';
import { LanguageProvider } from './i18n/language.js';
import { Crash } from './layout/crash.js';
import { Shell } from './layout/shell.js';
import { Missing } from './pages/missing.js';
import { PAGES } from './pages/index.js';
import { Waiting } from './parts/query-view.js';
import { ToastProvider } from './parts/toasts.js';
import { BASE } from './platform/base.js';
import { SessionGate, useMe } from './session.js';

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
          {PAGES.map(({ path, page }) => (
            <Route key={String(path)} path={path} component={page} />
          ))}
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
