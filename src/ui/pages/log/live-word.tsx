import { useText } from '../../i18n/language.js';
import { Light } from '../../parts/light.js';
import type { LiveState } from '../../platform/use-live.js';

/** Whether what is shown is as new as can be. */
export function LiveWord({ state }: { state: LiveState }) {
  const t = useText();
  return (
    <span className="small" data-live={state}>
      <Light tone={state === 'live' ? 'ok' : 'wait'}>
        {state === 'live' ? t.connection.live : t.connection.liveWaiting}
      </Light>
    </span>
  );
}
