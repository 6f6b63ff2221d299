import { createTRPCClient, httpBatchLink } from '@trpc/client';
import type { AppRouter } from '../../src/admin/router.js';

/** The clients whose calls a CRM refused lately. `session`: the cookie `session_token` of a log-in. */
export async function lastFailures(url: string, session: string, enterprise: string): Promise<(string | null)[]> {
  const headers = { cookie: `session_token=${session}` };
  const trunkline = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: `${url}/trpc`, headers })] });
  const { rows } = await trunkline.logs.list.query({ enterprise, statuses: ['error', 'unknown'], limit: 20 });
  return rows.map(({ phone }) => phone);
}
