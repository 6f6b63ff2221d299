/** Who is logged in. Nobody: the log-in stands in the page's place, and the address stays, so one comes back to it. */
import { useQuery } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { api, hangUp, queries } from './api.js';
import type { Outputs } from './api.js';
import { Login } from './pages/login.js';
import type { Reason } from './pages/login.js';
import { QueryView } from './parts/query-view.js';
import { onSessionEnd } from './platform/session-end.js';
import './session.css';

export type Me = NonNullable<Outputs['auth']['me']>;

interface Session {
  me: Me;
  /** After logging out: everything that was shown is forgotten. */
  leave(): void;
}

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('nobody is logged in');
  return session;
}

export const useMe = () => useSession().me;

const who = () => api.auth.me.queryOptions(undefined, { staleTime: 60_000 });

/** Before anything is drawn. */
export function askWhoIsHere(): void {
  void queries.prefetchQuery(who());
}

export function SessionGate({ children }: { children: ReactNode }) {
  const me = useQuery(who());
  const [reason, setReason] = useState<Reason>('first');
  useEffect(
    () =>
      onSessionEnd(() => {
        if (!queries.getQueryData(api.auth.me.queryKey())) return;
        setReason('ended');
        forget();
      }),
    [],
  );
  const session = useMemo<Session | null>(
    () =>
      me.data
        ? {
            me: me.data,
            leave() {
              setReason('left');
              forget();
            },
          }
        : null,
    [me.data],
  );
  if (session) return <Context value={session}>{children}</Context>;
  if (me.data === null) return <Login reason={reason} />;
  return (
    <div className="gate">
      <QueryView query={me} rows={4}>
        {() => null}
      </QueryView>
    </div>
  );
}

/** Nothing of one session may be seen in the next. */
function forget(): void {
  hangUp();
  const key = api.auth.me.queryKey();
  queries.removeQueries({ predicate: (query) => JSON.stringify(query.queryKey) !== JSON.stringify(key) });
  queries.setQueryData(key, null);
}
