/** What a question to the server came to: waiting, failed, nothing, or something to show. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Inbox } from 'lucide-react';
import { errorText } from '../platform/errors.js';
import { useText } from '../i18n/language.js';
import { Button } from './button.js';
import { Notice } from './notice.js';
import './query-view.css';

export function QueryView<T>({
  query,
  isEmpty,
  empty,
  rows = 3,
  children,
}: {
  query: UseQueryResult<T, unknown>;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  /** Lines of the placeholder. */
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const { data, error } = query;
  if (data !== undefined) {
    return (
      <>
        {error !== null && <Failure query={query} />}
        {isEmpty?.(data) ? <>{empty}</> : children(data)}
      </>
    );
  }
  if (error !== null) return <Failure query={query} />;
  return <Waiting rows={rows} />;
}

function Failure({ query }: { query: Pick<UseQueryResult<unknown, unknown>, 'error' | 'refetch' | 'isFetching'> }) {
  const t = useText();
  return (
    <Notice
      tone="bad"
      title={t.common.failed}
      action={
        <Button small busy={query.isFetching} onClick={() => void query.refetch()}>
          {t.common.again}
        </Button>
      }
    >
      {errorText(query.error, t)}
    </Notice>
  );
}

export function Waiting({ rows = 3 }: { rows?: number }) {
  const t = useText();
  return (
    <div className="waiting" role="status">
      <span className="hidden-text">{t.common.loading}</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className="waiting-line" aria-hidden />
      ))}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <Inbox size={30} aria-hidden />
      <p className="empty-title">{title}</p>
      {children && <p className="quiet">{children}</p>}
      {action}
    </div>
  );
}
