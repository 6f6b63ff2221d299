/** The newest lines of the log and what is added to them, without a gap and each once. */
import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { api, client, queries } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useLive } from '../../platform/use-live.js';
import type { LiveState } from '../../platform/use-live.js';

type Page = Outputs['logs']['list'];
export type LogRow = Page['rows'][number];

const MOST_KEPT = 200;
/** What comes together is one reason to ask again. */
const TOGETHER_MS = 250;

export const logKey = ({ type, id }: LogRow) => `${type}-${id}`;

/** Newest first, each line once: a line may come with the page and live. */
export function merged(live: readonly LogRow[], page: readonly LogRow[]): LogRow[] {
  const known = new Set<string>();
  const all = [...live, ...page].filter((row) => !known.has(logKey(row)) && known.add(logKey(row)));
  return all.sort((one, other) => other.at.localeCompare(one.at) || Number(other.id) - Number(one.id));
}

export interface LiveLog {
  query: UseQueryResult<Page, unknown>;
  /** Came since the page was shown. */
  news: readonly LogRow[];
  state: LiveState;
}

export const newestOf = (enterprise: string, limit: number) =>
  api.logs.list.queryOptions({ enterprise, limit }, { staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false });

export function useLiveLog(enterprise: string, limit: number): LiveLog {
  const query = useQuery(newestOf(enterprise, limit));
  const [news, setNews] = useState<readonly LogRow[]>([]);
  const from = query.data?.live ?? null;
  const state = useLive<LogRow>(
    query.data ? `log of ${enterprise}` : null,
    (last, handlers) => client.logs.live.subscribe({ enterprise, lastEventId: last ?? from }, handlers),
    (row) => {
      setNews((before) => merged([row], before).slice(0, MOST_KEPT));
      figuresChanged(enterprise);
    },
  );
  return { query, news, state };
}

const told = new Set<string>();

/** What is counted of calls and of CRMs has changed, too. */
function figuresChanged(enterprise: string): void {
  if (told.has(enterprise)) return;
  told.add(enterprise);
  setTimeout(() => {
    told.delete(enterprise);
    for (const { queryKey } of [
      api.stats.today.queryFilter({ enterprise }),
      api.integrations.list.queryFilter({ enterprise }),
      api.calls.list.queryFilter({ enterprise, result: 'live' }),
    ])
      void queries.invalidateQueries({ queryKey });
  }, TOGETHER_MS);
}
