/** What a line of the log says, in words and colours. */
import { useText } from '../../i18n/language.js';
import { Tag } from '../../parts/light.js';
import type { Tone } from '../../parts/light.js';

const TONES: Record<string, Tone> = {
  success: 'ok',
  error: 'bad',
  unknown: 'warn',
  expired: 'warn',
  pending: 'wait',
  skipped: 'off',
};

export function StatusTag({ status }: { status: string }) {
  const t = useText();
  return <Tag tone={TONES[status] ?? 'off'}>{t.log.statuses[status] ?? status}</Tag>;
}

/** `card.open`, or `message:-100` of one chat. */
export function useStepName(): (step: string) => string {
  const t = useText();
  return (step) => {
    const [name = '', of] = step.split(':');
    const known = t.deliveries.steps[name] ?? name;
    return of === undefined ? known : `${known} ${of}`;
  };
}

export function useEventName(): (row: { event: string; step: string | null }) => string {
  const t = useText();
  const stepName = useStepName();
  return ({ event, step }) => {
    const what = t.log.events[event] ?? event;
    return step === null ? what : `${what} · ${stepName(step)}`;
  };
}
