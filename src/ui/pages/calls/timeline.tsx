/** The story of a call, moment by moment: what the PBX told, what we concluded, what each CRM was told and answered. */
import { Phone, Send, Sparkles } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { CRM_TITLES } from '../crm-titles.js';
import { Exchange } from '../log/exchange.js';
import { StatusTag, useEventName, useStepName } from '../log/log-words.js';
import { useNoteWords } from './note-words.js';
import './timeline.css';

type Entry = Outputs['calls']['get']['timeline'][number];
type Note = Extract<Entry, { kind: 'note' }>['notes'][number];

export function Timeline({ entries, withFacts }: { entries: readonly Entry[]; withFacts: boolean }) {
  return (
    <ol className="timeline">
      {entries.map((entry, at) => (
        <Moment key={at} entry={entry} withFacts={withFacts} />
      ))}
    </ol>
  );
}

function Moment({ entry, withFacts }: { entry: Entry; withFacts: boolean }) {
  if (entry.kind === 'attempt') return <Attempt entry={entry} />;
  // Most conclusions matter only to whoever looks closer.
  const notes = entry.notes.filter(
    ({ event, owed }) => withFacts || event !== null || (owed !== null && owed.why !== null),
  );
  if (entry.kind === 'fact' && withFacts)
    return (
      <Line offsetMs={entry.offsetMs} at={entry.at} picture={<Phone size={15} aria-hidden />} look="fact">
        <p className="timeline-fact">
          <code>{entry.event}</code> {entry.text}
        </p>
        {notes.map((note, at) => (
          <NoteLine key={at} note={note} />
        ))}
      </Line>
    );
  if (notes.length === 0) return null;
  return (
    <Line offsetMs={entry.offsetMs} at={entry.at} picture={<Sparkles size={15} aria-hidden />} look="note">
      {notes.map((note, at) => (
        <NoteLine key={at} note={note} />
      ))}
    </Line>
  );
}

function NoteLine({ note }: { note: Note }) {
  const t = useText();
  const words = useNoteWords();
  const stepName = useStepName();
  if (note.owed) {
    const { integration, steps, why } = note.owed;
    const name = integration === null ? '—' : (CRM_TITLES[integration] ?? integration);
    const what = why === null ? steps.map(stepName).join(', ') : t.timeline.notSent(t.said(why));
    return (
      <p className="quiet small">
        {name}: {what}
      </p>
    );
  }
  const event = note.event === null ? null : (t.log.events[note.event] ?? note.event);
  return (
    <p>
      {event !== null && <strong>{event}. </strong>}
      {words.note(note)}
    </p>
  );
}

function Attempt({ entry }: { entry: Extract<Entry, { kind: 'attempt' }> }) {
  const t = useText();
  const format = useFormat();
  const eventName = useEventName();
  const { integration, step, event, status, error, ms, attempt, request, response } = entry;
  return (
    <Line offsetMs={entry.offsetMs} at={entry.at} picture={<Send size={15} aria-hidden />} look="attempt">
      <div className="row">
        <strong>{CRM_TITLES[integration] ?? integration}</strong>
        <span>{eventName({ event: event ?? '', step })}</span>
        <StatusTag status={status} />
        {ms !== null && <span className="quiet small number">{t.timeline.answeredIn(format.ms(ms))}</span>}
        {attempt !== null && attempt > 1 && (
          <span className="quiet small">
            {t.log.attempt} {attempt}
          </span>
        )}
      </div>
      {error !== null && <p className="small">{t.said(error)}</p>}
      {(request !== null || response !== null) && (
        <details className="small">
          <summary>{`${t.log.request} / ${t.log.response}`}</summary>
          <Exchange request={request} response={response} />
        </details>
      )}
    </Line>
  );
}

function Line({
  offsetMs,
  at,
  picture,
  look,
  children,
}: {
  offsetMs: number;
  at: string;
  picture: ReactNode;
  look: 'fact' | 'note' | 'attempt';
  children: ReactNode;
}) {
  const format = useFormat();
  return (
    <li className={`moment moment-${look}`}>
      <time dateTime={at} title={format.clock(at)} className="moment-time number">
        +{format.ms(offsetMs)}
      </time>
      <span className="moment-picture">{picture}</span>
      <div className="moment-words">{children}</div>
    </li>
  );
}
