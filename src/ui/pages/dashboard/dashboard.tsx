/** An enterprise at a glance: do calls arrive, and do its CRMs hear of them. */
import { useQuery } from '@tanstack/react-query';
import { Plug } from 'lucide-react';
import { useLocation, useParams } from 'wouter';
import { Suspense, lazy } from 'react';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { ButtonLink } from '../../parts/button.js';
import { Notice } from '../../parts/notice.js';
import { QueryView } from '../../parts/query-view.js';
import { useMe } from '../../session.js';
import { LastEvents } from '../integrations/last-events.js';
import { CrmLights } from './crm-lights.js';
import { LiveCalls } from './live-calls.js';
import { enterprisesNow } from './questions.js';
import { Tiles } from './tiles.js';
import './dashboard.css';

const IntegrationsModal = lazy(() => import('../integrations/integrations-modal.js'));

export function Dashboard() {
  const t = useText();
  const me = useMe();
  const { enterprise = '', type } = useParams<{ enterprise: string; type?: string }>();
  const [address] = useLocation();
  const list = useQuery(enterprisesNow());
  const found = list.data?.find(({ number }) => number === enterprise);
  const base = `/e/${encodeURIComponent(enterprise)}`;
  const modalOpen = address.startsWith(`${base}/integrations`);
  const mine = me.kind === 'super' || me.enterprise === enterprise;
  if (!mine || (list.data && !found))
    return (
      <Page title={enterprise}>
        <Notice tone="bad">{t.errors.forbidden}</Notice>
      </Page>
    );
  return (
    <Page
      title={found?.name ?? enterprise}
      lead={<span className="number">{enterprise}</span>}
      actions={
        <ButtonLink to={`${base}/integrations`} look="main" icon={<Plug size={18} aria-hidden />}>
          {t.dashboard.integrations}
        </ButtonLink>
      }
    >
      {found?.mode === 'off' && <Notice tone="warn">{t.dashboard.modeOff}</Notice>}
      {found?.mode === 'shadow' && <Notice tone="info">{t.dashboard.modeShadow}</Notice>}
      {list.isError && <QueryView query={list}>{() => null}</QueryView>}
      <Tiles enterprise={enterprise} pbx={found?.pbx} />
      <div className="dashboard">
        <div className="stack">
          <LiveCalls enterprise={enterprise} />
          <LastEvents enterprise={enterprise} />
        </div>
        <CrmLights enterprise={enterprise} />
      </div>
      <Suspense>{modalOpen && <IntegrationsModal enterprise={enterprise} type={type ?? null} />}</Suspense>
    </Page>
  );
}
