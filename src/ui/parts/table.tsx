/** A table that becomes a list of cards on a phone. */
import type { ReactNode } from 'react';
import './table.css';

export interface Column<T> {
  title: string;
  cell(row: T): ReactNode;
  /** To the right: numbers, buttons. */
  end?: boolean;
  /** Its title is for screen readers only. */
  hideTitle?: boolean;
}

export function Table<T>({
  label,
  columns,
  rows,
  keyOf,
  isFresh,
}: {
  /** What the table is of, for screen readers. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  /** Came just now. */
  isFresh?: (row: T) => boolean;
}) {
  return (
    <div className="table-wrap">
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" className={column.end ? 'cell-end' : undefined}>
                {column.hideTitle ? <span className="hidden-text">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} data-row={keyOf(row)} className={isFresh?.(row) ? 'fresh' : undefined}>
              {columns.map((column) => (
                <td
                  key={column.title}
                  data-label={column.hideTitle ? undefined : column.title}
                  className={column.end ? 'cell-end' : undefined}
                >
                  <div>{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
