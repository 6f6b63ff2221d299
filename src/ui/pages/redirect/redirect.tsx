/** Smart redirect: how it is set, whom a client would go to, what was decided lately and what came of it. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { api } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { QueryView } from '../../parts/query-view.js';
import { Decisions } from './decisions.js';
import { Report } from './report.js';
import { RedirectSettings } from './redirect-settings.js';
import { TryOut } from './try-out.js';

export default function Redirect() {
  const t = useText();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const settings = useQuery(
    api.redirect.get.queryOptions({ enterprise }, { staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false }),
  );
  return (
    <Page title={t.nav.redirect} lead={t.redirect.lead}>
      <QueryView query={settings} rows={5}>
        {(data) => <RedirectSettings enterprise={enterprise} data={data} reload={settings.refetch} />}
      </QueryView>
      <TryOut enterprise={enterprise} />
      <Report enterprise={enterprise} />
      <Decisions enterprise={enterprise} />
    </Page>
  );
}
