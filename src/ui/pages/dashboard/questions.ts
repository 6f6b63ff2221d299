/** What the dashboard asks. Of a page that is being opened all of it is asked at once, beside who is here. */
import { api, queries } from '../../api.js';
import { newestOf } from '../log/live-log.js';
import { EVENTS_SHOWN } from '../integrations/last-events.js';

export const enterprisesNow = () => api.enterprises.list.queryOptions(undefined, { refetchInterval: 10_000 });
export const crmsNow = (enterprise: string) =>
  api.integrations.list.queryOptions({ enterprise }, { refetchInterval: 10_000 });
export const today = (enterprise: string) => api.stats.today.queryOptions({ enterprise }, { refetchInterval: 5_000 });
export const liveCalls = (enterprise: string) =>
  api.calls.list.queryOptions({ enterprise, result: 'live' }, { refetchInterval: 2_000 });

/** Until somebody shows it, an answer is kept. */
const KEPT_MS = 10_000;

export function askDashboard(params: Readonly<Record<string, string>>): void {
  const enterprise = decodeURIComponent(params['enterprise'] ?? '');
  void queries.prefetchQuery(enterprisesNow());
  void queries.prefetchQuery(today(enterprise));
  void queries.prefetchQuery(crmsNow(enterprise));
  void queries.prefetchQuery(liveCalls(enterprise));
  void queries.prefetchQuery({ ...newestOf(enterprise, EVENTS_SHOWN), gcTime: KEPT_MS });
}
