import { parseArgs } from 'node:util';
import { systemClock } from '../platform/clock.js';
import { TrunklineError } from '../platform/errors.js';
import { askRecovery, requestState } from '../recovery/request-store.js';
import type { RequestState } from '../recovery/request-store.js';
import { readStamp } from '../recovery/when.js';
import { UsageError } from './command.js';
import type { CommandContext } from './command.js';
import { enterpriseIn, withWorkbench } from './workbench.js';

const POLL_MS = 300;
/** How long a daemon may take to begin. */
const PATIENCE_MS = 30_000;

/** Asks the daemon that has the PBX, and shows how far it is. */
export async function recover(context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: context.argv,
    allowPositionals: true,
    options: { from: { type: 'string' }, to: { type: 'string' } },
  });
  const [number] = positionals;
  if (number === undefined || positionals.length > 1) throw new UsageError('an enterprise is asked for');
  return withWorkbench(context, async (bench) => {
    const { pbxKey, timezone, recovery } = await enterpriseIn(bench, number, { secrets: false });
    if (!recovery?.events && !recovery?.cdr)
      throw new TrunklineError('RECOVERY_NO_SOURCE', `${number} says nowhere where its PBX keeps its calls`);
    const now = systemClock.now();
    const to = momentOf(values.to, timezone, '--to', true) ?? now;
    const from = momentOf(values.from, timezone, '--from', false) ?? to - 86_400_000;
    if (from >= to) throw new UsageError('--from comes before --to');
    const { pool } = bench.database;
    const id = await askRecovery(pool, { pbx: pbxKey, enterprise: number, from, to });
    const deadline = systemClock.monotonic() + PATIENCE_MS;
    for (let told = ''; !context.signal.aborted; await systemClock.sleep(POLL_MS, context.signal)) {
      const state = await requestState(pool, id);
      const line = state ? lineOf(state) : '';
      if (line !== told) context.stdout(line);
      told = line;
      if (state?.state === 'done') return 0;
      if (state?.state === 'failed') throw new TrunklineError('RECOVERY_FAILED', state.error ?? 'it failed');
      if (state?.state === 'asked' && systemClock.monotonic() > deadline) {
        context.stderr('no daemon has begun yet; it will, as soon as one runs that has this PBX');
        return 1;
      }
    }
    return 1;
  });
}

/** A day, or a day and a time, of the enterprise; the end of a day that is an end. */
function momentOf(text: string | undefined, zone: string, option: string, isEnd: boolean): number | null {
  if (text === undefined) return null;
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const short = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}$/.test(text);
  const at = readStamp(isDay ? `${text} ${isEnd ? '23:59:59' : '00:00:00'}` : short ? `${text}:00` : text, zone);
  if (at === null) throw new UsageError(`${option} takes a day such as 2026-11-20, or 2026-11-20T12:00`);
  return at;
}

function lineOf({ state, progress }: RequestState): string {
  const { read = 0, stored = 0, known = 0, unreadable = 0 } = progress;
  if (state === 'asked') return 'asked';
  const more = unreadable > 0 ? `, ${unreadable} rows could not be read` : '';
  return `${state}: ${read} rows read, ${stored} calls recovered, ${known} known${more}`;
}
