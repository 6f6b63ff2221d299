import { SCENARIOS } from './scenarios.js';

/** Scenario × version × source → ok. */
export function printed(results: {
  readonly kinds: readonly string[];
  readonly users: readonly string[];
  /** `scenario|kind|user`. */
  readonly ok: ReadonlySet<string>;
}): string {
  const { kinds, users, ok } = results;
  const columns = kinds.flatMap((kind) => users.map((user) => ({ kind, user })));
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  const row = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}  ${cells.map((cell) => cell.padEnd(14)).join('')}\n`;
  return [
    '\n',
    row(
      'scenario',
      columns.map(({ kind, user }) => `${kind} ${user}`),
    ),
    ...SCENARIOS.map(({ name }) =>
      row(
        name,
        columns.map(({ kind, user }) => (ok.has(`${name}|${kind}|${user}`) ? 'ok' : 'wrong')),
      ),
    ),
    `${ok.size} of ${SCENARIOS.length * columns.length} ok\n`,
  ].join('');
}
