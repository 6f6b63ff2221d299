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
}: {
  tone: keyof typeof SHAPES;
  title?: string | undefined;
  children?: ReactNode;
  action?: ReactNode;
}) {
  const Shape = SHAPES[tone];
  return (
    <div className={`notice notice-${tone}`} role={tone === 'bad' || tone === 'warn' ? 'alert' : 'status'}>
      <Shape size={18} aria-hidden />
      <div className="notice-words">
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {action}
    </div>
  );
}
