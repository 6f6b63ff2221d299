import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { CircleCheck, CircleX, Info, TriangleAlert } from 'lucide-react';
import './notice.css';

const SHAPES = { ok: CircleCheck, warn: TriangleAlert, bad: CircleX, info: Info } as const;

/** Something to read before going on. `bad` and `warn` are read out at once. */
export function Notice({
  tone,
  title,
  children,
  action,
  isAnswer = false,
}: {
  tone: keyof typeof SHAPES;
  title?: string | undefined;
  children?: ReactNode;
  action?: ReactNode;
  /** To what was pressed a moment ago, perhaps at the other end of a long form: it is brought into view. */
  isAnswer?: boolean;
}) {
  const Shape = SHAPES[tone];
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isAnswer) place.current?.scrollIntoView({ block: 'nearest' });
  }, [isAnswer]);
  return (
    <div ref={place} className={`notice notice-${tone}`} role={tone === 'bad' || tone === 'warn' ? 'alert' : 'status'}>
      <Shape size={18} aria-hidden />
      <div className="notice-words">
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {action}
    </div>
  );
}
