import { TRPCError } from '@trpc/server';
import type { AdminContext } from './context.js';
import { mayEnterprise } from './rights.js';

/**
 * A subscription to what is an enterprise's, for as long as its session may see it. The source ends when its signal says so.
 * @throws TRPCError UNAUTHORIZED when the session is over, which ends the subscription for good at the client
 */
export async function* watched<T>(
  { services, door }: Pick<AdminContext, 'services' | 'door'>,
  enterprise: string,
  signal: AbortSignal | undefined,
  source: (signal: AbortSignal) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const open = services.watch.open({
    token: door.token,
    async may() {
      const identity = await services.sessions.identify(door.token);
      return identity !== null && mayEnterprise(identity, enterprise);
    },
  });
  try {
    yield* source(signal ? AbortSignal.any([signal, open.signal]) : open.signal);
    if (open.signal.aborted) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'the session is over' });
  } finally {
    open.end();
  }
}
