import type { ReactNode } from 'react';
import './tile.css';

/** One thing at a glance; stands in a `<dl className="tiles">`. `words`: it is no figure. */
export function Tile({ name, words, children }: { name: string; words?: boolean; children: ReactNode }) {
  return (
    <div className="tile">
      <dt className="tile-name">{name}</dt>
      <dd className={words ? 'tile-words' : 'tile-value'}>{children}</dd>
    </div>
  );
}
