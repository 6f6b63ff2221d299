import { ArrowDownLeft, ArrowLeftRight, ArrowUpRight } from 'lucide-react';
import { useText } from '../../i18n/language.js';
import { Tag } from '../../parts/light.js';
import type { Tone } from '../../parts/light.js';

const PICTURES = { in: ArrowDownLeft, out: ArrowUpRight, internal: ArrowLeftRight } as const;
const TONES: Record<string, Tone> = { answered: 'ok', missed: 'bad', busy: 'warn', abandoned: 'warn', failed: 'bad' };

export function Direction({ direction }: { direction: keyof typeof PICTURES }) {
  const t = useText();
  const Picture = PICTURES[direction];
  return (
    <span className="light">
      <Picture size={16} aria-hidden />
      <span>{t.calls.directions[direction]}</span>
    </span>
  );
}

export function ResultTag({ result, live }: { result: string | null; live: boolean }) {
  const t = useText();
  if (live || result === null) return <Tag tone="wait">{t.calls.live}</Tag>;
  return <Tag tone={TONES[result] ?? 'off'}>{t.calls.results[result] ?? result}</Tag>;
}
