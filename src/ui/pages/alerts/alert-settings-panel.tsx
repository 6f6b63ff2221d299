import { useQuery } from '@tanstack/react-query';
import { api, client } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Panel } from '../../parts/panel.js';
import { QueryView } from '../../parts/query-view.js';
import { AlertSettings } from './alert-settings.js';

/** A form is not read anew while somebody fills it. */
const ONCE = { staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false } as const;

export function AlertSettingsPanel({ enterprise }: { enterprise: string | undefined }) {
  const t = useText();
  const query = useQuery({
    queryKey: [...api.alerts.settings.pathKey(), enterprise ?? null],
    queryFn: ({ signal }): Promise<Outputs['alerts']['settings']> =>
      enterprise === undefined
        ? client.alerts.platformSettings.query(undefined, { signal })
        : client.alerts.settings.query({ enterprise }, { signal }),
    ...ONCE,
  });
  if (query.data !== undefined)
    return <AlertSettings key={enterprise} enterprise={enterprise} data={query.data} reload={query.refetch} />;
  return (
    <Panel title={t.alerts.settings}>
      <QueryView query={query} rows={5}>
        {() => null}
      </QueryView>
    </Panel>
  );
}
