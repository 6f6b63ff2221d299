/** One call from the PBX's first event to the CRMs' last answer. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'wouter';
import { api } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { ButtonLink } from '../../parts/button.js';
import { Notice } from '../../parts/notice.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Tile } from '../../parts/tile.js';
import { Toggle } from '../../parts/toggle.js';
import { Direction, ResultTag } from './call-words.js';
import { Timeline } from './timeline.js';
import './call.css';

type Call = Outputs['calls']['get'];

const LIVE_MS = 2_000;

export default function CallPage() {
  const t = useText();
  const { enterprise = '', id = '' } = useParams<{ enterprise: string; id: string }>();
  const call = useQuery(
    api.calls.get.queryOptions(
      { enterprise, id },
      { refetchInterval: ({ state }) => (state.data?.live ? LIVE_MS : false) },
    ),
  );
  return (
    <Page
      title={t.timeline.title}
      lead={<span className="number">{call.data?.call.external ?? ''}</span>}
      actions={
        <>
          <ButtonLink to={`/e/${encodeURIComponent(enterprise)}/calls`}>{t.nav.calls}</ButtonLink>
          <ButtonLink to={`/e/${encodeURIComponent(enterprise)}/log?call=${encodeURIComponent(id)}`}>
            {t.nav.log}
          </ButtonLink>
        </>
      }
    >
      <QueryView query={call} rows={8}>
        {(data) => <Shown data={data} />}
      </QueryView>
    </Page>
  );
}

function Shown({ data }: { data: Call }) {
  const t = useText();
  const format = useFormat();
  const [facts, setFacts] = useState(false);
  return (
    <>
      {data.call.approximate && <Notice tone="warn">{t.calls.approximateWhy}</Notice>}
      {data.gaps.map((gap) => (
        <Notice key={gap.startedAt} tone="warn" title={t.timeline.gap}>
          {format.moment(gap.startedAt)} – {gap.endedAt === null ? '…' : format.moment(gap.endedAt)}
        </Notice>
      ))}
      <Summary data={data} />
      {data.recording && <Recording recording={data.recording} />}
      <Panel
        title={t.timeline.story}
        actions={<Toggle label={t.timeline.showFacts} checked={facts} onChange={setFacts} />}
      >
        {data.timeline.length === 0 ? (
          <Empty title={t.timeline.empty} />
        ) : (
          <Timeline entries={data.timeline} withFacts={facts} />
        )}
      </Panel>
    </>
  );
}

/** Its sound is asked for when somebody presses play. */
function Recording({ recording: { state, path } }: { recording: NonNullable<Call['recording']> }) {
  const t = useText();
  return (
    <Panel title={t.timeline.recording}>
      {path === null ? (
        <p className="recording">{state === 'expected' ? t.timeline.recordingLater : t.timeline.noRecording}</p>
      ) : (
        <div className="recording">
          <audio controls preload="none" src={path} aria-label={t.timeline.recording} />
          <a href={`${path}?download`}>{t.timeline.download}</a>
        </div>
      )}
    </Panel>
  );
}

function Summary({ data: { call, live } }: { data: Call }) {
  const t = useText();
  const format = useFormat();
  const who = call.finalAgent ?? call.answeredBy;
  return (
    <dl className="tiles">
      <Tile words name={t.calls.result}>
        <ResultTag result={call.result} live={live} />
      </Tile>
      <Tile words name={t.calls.direction}>
        <Direction direction={call.direction} />
      </Tile>
      <Tile words name={t.calls.client}>
        {call.external ?? t.calls.withheld}
      </Tile>
      <Tile words name={who === null ? t.calls.rang : t.calls.who}>
        {who ?? (call.rang.join(', ') || '—')}
      </Tile>
      <Tile words name={t.calls.wait}>
        {format.span(call.waitMs)}
      </Tile>
      <Tile words name={t.calls.talk}>
        {format.span(call.talkMs)}
      </Tile>
      {call.line !== null && (
        <Tile words name={t.calls.line}>
          {call.line}
        </Tile>
      )}
      <Tile words name={t.calls.started}>
        {format.moment(call.startedAt)}
      </Tile>
      {call.transfers.length > 0 && (
        <Tile words name={t.timeline.transfers}>
          {call.transfers.map(({ from, to }) => `${from ?? '?'} → ${to ?? '?'}`).join(', ')}
        </Tile>
      )}
    </dl>
  );
}
