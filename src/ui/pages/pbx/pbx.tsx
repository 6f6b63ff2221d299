/** How the PBX of an enterprise is reached, and how that goes. */
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { RefreshCw } from 'lucide-react';
import { useParams } from 'wouter';
import { api, queries } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { Button } from '../../parts/button.js';
import { Notice } from '../../parts/notice.js';
import { Panel } from '../../parts/panel.js';
import { QueryView } from '../../parts/query-view.js';
import { Tile } from '../../parts/tile.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';
import { PbxLight } from '../pbx-light.js';
import { Doctor } from './doctor.js';
import '../log/log.css';

type Pbx = Outputs['pbx']['get'];

const REFRESH_MS = 3_000;
/** Above it the PBX's times mislead. */
const SKEW_MS = 2_000;

export default function PbxPage() {
  const t = useText();
  const toast = useToast();
  const { enterprise = '' } = useParams<{ enterprise: string }>();
  const pbx = useQuery(api.pbx.get.queryOptions({ enterprise }, { refetchInterval: REFRESH_MS }));
  const reconnect = useMutation(
    api.pbx.reconnect.mutationOptions({
      onSuccess: () => toast(t.pbx.reconnecting),
      onError: (error) => toast(errorText(error, t), 'bad'),
      onSettled: () => queries.invalidateQueries({ queryKey: api.pbx.pathKey() }),
    }),
  );
  return (
    <Page
      title={t.nav.pbx}
      actions={
        <Button
          icon={<RefreshCw size={16} aria-hidden />}
          busy={reconnect.isPending}
          disabled={!pbx.data?.state}
          onClick={() => reconnect.mutate({ enterprise })}
        >
          {t.pbx.reconnect}
        </Button>
      }
    >
      <QueryView query={pbx} rows={6}>
        {(data) => <Shown data={data} />}
      </QueryView>
      <Doctor enterprise={enterprise} />
    </Page>
  );
}

function Shown({ data: { settings, state, shared, sources, problem } }: { data: Pbx }) {
  const t = useText();
  const format = useFormat();
  const skewed = Math.abs(state?.skewMs ?? 0) > SKEW_MS;
  return (
    <>
      {problem !== null && (
        <Notice tone="bad" title={t.pbx.problem}>
          {t.said(problem)}
        </Notice>
      )}
      {state?.phase === 'away' && (
        <Notice tone="bad" title={t.pbx.away}>
          <p>{state.lastError && t.said(state.lastError.message)}</p>
          <p>{t.pbx.awayNext}</p>
        </Notice>
      )}
      {skewed && <Notice tone="warn">{t.pbx.skewed(format.ms(state?.skewMs ?? 0))}</Notice>}
      {shared > 0 && <Notice tone="info">{t.pbx.shared(shared)}</Notice>}
      <dl className="tiles">
        <Tile name={t.dashboard.pbx} words>
          <PbxLight pbx={state} />
        </Tile>
        <Tile name={t.pbx.transport} words>
          {state?.transport ?? '—'}
        </Tile>
        <Tile name={t.pbx.skew} words>
          {state?.skewMs === null || state?.skewMs === undefined ? '—' : format.ms(state.skewMs)}
        </Tile>
        <Tile name={t.pbx.sources} words>
          {sources.map((source) => t.pbx.source[source] ?? source).join(', ') || '—'}
        </Tile>
      </dl>
      {settings && (
        <Panel title={t.pbx.settings}>
          <dl className="facts">
            <Fact name={t.pbx.address}>
              {settings.host}:{settings.port}
              {settings.tls ? ' (TLS)' : ''}
            </Fact>
            <Fact name={t.pbx.user}>{settings.username}</Fact>
            <Fact name={t.pbx.secret}>{settings.secret ?? t.common.none}</Fact>
            <Fact name={t.pbx.contexts}>{settings.inboundContexts.join(', ')}</Fact>
            <Fact name={t.pbx.extensions}>
              <code>{settings.extensionPattern}</code>
            </Fact>
            {settings.lines && (
              <Fact name={t.pbx.lines}>
                {settings.lines.map(({ id, name }) => (name === null ? id : `${id} (${name})`)).join(', ')}
              </Fact>
            )}
          </dl>
          <p className="quiet small">{t.pbx.operators}</p>
        </Panel>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
