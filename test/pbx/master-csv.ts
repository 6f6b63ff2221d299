/** One row of Asterisk's own call detail record, times as epoch milliseconds (whole seconds; null: never). */
export interface CdrRow {
  readonly src: string;
  readonly dst: string;
  readonly context: string;
  /** `"name" <number>` as Asterisk writes it. */
  readonly clid: string;
  readonly channel: string;
  readonly destinationChannel: string;
  readonly lastApplication: string;
  readonly start: number;
  readonly answer: number | null;
  readonly end: number;
  readonly durationSeconds: number;
  readonly billSeconds: number;
  readonly disposition: 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED' | 'CONGESTION';
  readonly uniqueid: string;
  readonly linkedid: string;
  readonly userfield: string;
}

export function parseMasterCsv(text: string): CdrRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => rowOf(fields(line)));
}

function rowOf(f: readonly string[]): CdrRow {
  const at = (n: number) => f[n] ?? '';
  return {
    src: at(1),
    dst: at(2),
    context: at(3),
    clid: at(4),
    channel: at(5),
    destinationChannel: at(6),
    lastApplication: at(7),
    start: time(at(9)) ?? 0,
    answer: time(at(10)),
    end: time(at(11)) ?? 0,
    durationSeconds: Number(at(12)),
    billSeconds: Number(at(13)),
    disposition: at(14) as CdrRow['disposition'],
    uniqueid: at(16),
    userfield: at(17),
    linkedid: at(19),
  };
}

/** `usegmtime=yes`: the stamps are UTC. */
const time = (text: string): number | null => (text === '' ? null : Date.parse(`${text.replace(' ', 'T')}Z`));

/** Quoted fields, a quote inside doubled; numbers bare. */
function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    (m) => m[1]?.replaceAll('""', '"') ?? m[2] ?? '',
  );
}
