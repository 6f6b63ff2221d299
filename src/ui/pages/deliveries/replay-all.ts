import { useState } from 'react';
import { client, queries, api } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';

const AT_ONCE = 200;

/** Sends all dead ones again, so many at a time, and tells how far it is. */
export function useReplayAll(enterprise: string) {
  const t = useText();
  const toast = useToast();
  const [state, setState] = useState({ running: false, done: 0, total: 0 });

  async function start(total: number): Promise<void> {
    let done = 0;
    setState({ running: true, done, total });
    try {
      for (;;) {
        const { ids, left } = await client.deliveries.replayDead.mutate({ enterprise, limit: AT_ONCE });
        done += ids.length;
        setState({ running: true, done, total: Math.max(total, done) });
        if (left === 0 || ids.length === 0) break;
      }
      toast(t.deliveries.replayed(done));
    } catch (error) {
      toast(errorText(error, t), 'bad');
    } finally {
      setState({ running: false, done, total });
      await queries.invalidateQueries({ queryKey: api.deliveries.pathKey() });
    }
  }

  return { ...state, start };
}
