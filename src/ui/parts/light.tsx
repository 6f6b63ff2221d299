/** A status light: a shape, a colour and words, so that none of them is needed alone. */
import type { ReactNode } from 'react';
import { CircleAlert, CircleCheck, CircleDashed, CircleX, TriangleAlert } from 'lucide-react';
import './light.css';

export type Tone = 'ok' | 'warn' | 'bad' | 'off' | 'wait';

const SHAPES = { ok: CircleCheck, warn: TriangleAlert, bad: CircleX, off: CircleDashed, wait: CircleAlert } as const;

export function Light({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Shape = SHAPES[tone];
  return (
    <span className={`light light-${tone}`}>
      <Shape size={16} aria-hidden />
      <span>{children}</span>
    </span>
  );
}

/** The same with a ground of its own, for tables. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  const Shape = SHAPES[tone];
  return (
    <span className={`tag tag-${tone}`}>
      <Shape size={14} aria-hidden />
      {children}
    </span>
  );
}
