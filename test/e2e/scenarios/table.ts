import { SCENARIOS } from './scenarios.js';

/** Scenario × version × source → ok. */
export function printed(results: {
  readonly versions: readonly number[];
  readonly users: readonly string[];
  /** `scenario|version|user`. */
  readonly ok: ReadonlySet<string>;
}): string {
  const { versions, users, ok } = results;
  const columns = versions.flatMap((version) => users.map((user) => ({ version, user })));
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  const row = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}  ${cells.map((cell) => cell.padEnd(10)).join('')}\n`;
  return [
    '\n',
    row(
      'scenario',
      columns.map(({ version, user }) => `${version} ${user}`),
    ),
    ...SCENARIOS.map(({ name }) =>
      row(
        name,
        columns.map(({ version, user }) => (ok.has(`${name}|${version}|${user}`) ? 'ok' : 'wrong')),
      ),
    ),
    `${ok.size} of ${SCENARIOS.length * columns.length} ok\n`,
  ].join('');
}
