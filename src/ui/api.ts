/**
 * The typed way to the daemon. Questions and changes go by HTTP; what is live comes over a WebSocket, or as server-sent
 * events where a proxy lets none through (`live.ts`).
 */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, wsLink } from '@trpc/client';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { AppRouter } from '../admin/router.js';
import { BASE } from './platform/base.js';
import { faultOf, isUnauthorized, isUnreachable } from './platform/errors.js';
import { liveByWebSocket, webSocket } from './platform/live-line.js';
import { doubtful, onReturn } from './platform/reachability.js';
import { sessionEnded } from './platform/session-end.js';

export type Inputs = inferRouterInputs<AppRouter>;
export type Outputs = inferRouterOutputs<AppRouter>;

const url = `${location.origin}${BASE}/trpc`;
const RETRIES = 2;

function failed(error: unknown): void {
  if (isUnauthorized(error)) sessionEnded();
  else if (isUnreachable(error)) doubtful();
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: failed }),
  mutationCache: new MutationCache({ onError: failed }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: 'always',
      retry: (count, error) => faultOf(error)?.code === 'SERVICE_UNAVAILABLE' && count < RETRIES,
    },
    mutations: { networkMode: 'always' },
  },
});

onReturn(() => void queries.invalidateQueries());

const live = webSocket(url);

/** A line is opened for one session and never serves another. */
export function hangUp(): void {
  void live.close();
}

export const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: splitLink({
        condition: liveByWebSocket,
        true: wsLink({ client: live }),
        false: httpSubscriptionLink({ url }),
      }),
      false: httpBatchLink({ url, maxItems: 12 }),
    }),
  ],
});

export const api = createTRPCOptionsProxy<AppRouter>({ client, queryClient: queries });
