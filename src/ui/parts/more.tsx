import type { ReactNode } from 'react';
import { useText } from '../i18n/language.js';
import { Button } from './button.js';

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage(): Promise<unknown>;
}

/** The foot of a table that is read page by page: how far it goes (`children`), and the way to more. */
export function More({ query, children }: { query: Pages; children?: ReactNode }) {
  const t = useText();
  if (!query.hasNextPage && !children) return null;
  return (
    <div className="table-foot">
      {children && <span className="quiet small">{children}</span>}
      {query.hasNextPage && (
        <Button small busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t.common.more}
        </Button>
      )}
    </div>
  );
}
