import { printable } from './printable.js';

/** Rows as aligned lines under a head; a column is as wide as its widest value. */
export function table<K extends string>(columns: readonly K[], rows: readonly Record<K, string | number>[]): string[] {
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => String(row[column]).length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(columns), ...rows.map((row) => line(columns.map((column) => printable(String(row[column])))))];
}
