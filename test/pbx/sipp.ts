import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathOf } from './available.js';
import { keepProcess } from './kept-process.js';
import { parseTrace, type SipMessage } from './sip-trace.js';

/** One SIPp process in a folder of its own. It dies with the process that started it. */
export interface SippRun {
  readonly exited: Promise<number>;
  running(): boolean;
  /** Every SIP message it has sent and received so far. */
  trace(): SipMessage[];
  /** What it complained about: unexpected messages, time-outs. */
  complaints(): string;
  /** Lets calls in progress end, then kills. Its trace stays readable. */
  stop(graceMs?: number): Promise<void>;
}

export interface SippOptions {
  readonly scenario: 'caller' | 'callee';
  readonly port: number;
  readonly ports: { readonly control: number; readonly media: number };
  /** The injection file, by the name the scenario uses; rows of fields. */
  readonly rows: { readonly file: string; readonly rows: readonly (readonly (string | number)[])[] };
  readonly args: readonly string[];
}

export async function runSipp(options: SippOptions): Promise<SippRun> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-sipp-'));
  const lines = options.rows.rows.map((row) => `${row.join(';')};`);
  writeFileSync(join(folder, options.rows.file), `SEQUENTIAL\n${lines.join('\n')}\n`);
  const scenario = fileURLToPath(new URL(`./sipp/${options.scenario}.xml`, import.meta.url));
  const process_ = await keepProcess({
    command: [
      pathOf('sipp'),
      ...['-sf', scenario, '-inf', options.rows.file, '-i', '127.0.0.1', '-p', String(options.port)],
      ...['-cp', String(options.ports.control), '-mp', String(options.ports.media), '-nostdin'],
      ...['-trace_msg', '-message_file', 'messages.log', '-trace_err', '-error_file', 'errors.log'],
      ...options.args,
    ],
    cwd: folder,
    env: { TZ: 'UTC', TERM: 'dumb' },
    removeAfter: folder,
  });

  const read = (file: string) => {
    try {
      return readFileSync(join(folder, file), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  };
  let kept: { trace: SipMessage[]; complaints: string } | null = null;
  const complaints = () => read('errors.log') || (process_.running() ? '' : process_.output().slice(-2_000));
  return {
    exited: process_.exited,
    running: () => process_.running(),
    trace: () => kept?.trace ?? parseTrace(read('messages.log')),
    complaints: () => kept?.complaints ?? complaints(),
    async stop(graceMs = 3_000) {
      if (process_.running()) await process_.stop('SIGUSR1', graceMs);
      kept ??= { trace: parseTrace(read('messages.log')), complaints: complaints() };
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when somebody listens on the UDP port. Binding it to find out would take it from the one who should. */
export async function untilUdpBound(port: number, run: SippRun): Promise<void> {
  const entry = ` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
    if (!run.running()) throw new Error(`SIPp ended at start: ${run.complaints()}`);
    if (readFileSync('/proc/net/udp', 'latin1').includes(entry)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`SIPp did not open port ${port} in time`);
}
