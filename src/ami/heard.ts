/**
 * Which events of calls came since the log-in. What an AMI user's `eventfilter` keeps out or lets through shows in nothing
 * else: no action tells it.
 */
import type { AmiMessage } from './message.js';

/** What an answered call cannot be followed without. */
const NEEDED = ['Newstate', 'DialBegin', 'DialEnd', 'BridgeEnter', 'BridgeLeave', 'Hangup'] as const;

/** Texts of the dialplan in raw form, callers' among them; `VarSet` but for the two variables that are read. */
const RAW = ['Newexten', 'VarSet'] as const;
const READ_VARIABLES = ['LisAMI_EventData', 'MIXMONITOR_FILENAME'];

const COUNTED: ReadonlySet<string> = new Set([...NEEDED, ...RAW]);

/** By name; each name is there, with 0 too. */
export interface HeardEvents {
  needed: Readonly<Record<string, number>>;
  raw: Readonly<Record<string, number>>;
}

export class Heard {
  readonly #counts = new Map<string, number>();

  saw(message: AmiMessage): void {
    const { name } = message;
    if (!COUNTED.has(name)) return;
    if (name === 'VarSet' && READ_VARIABLES.includes(message.get('Variable') ?? '')) return;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Of a new log-in. */
  forget(): void {
    this.#counts.clear();
  }

  counts(): HeardEvents {
    const of = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, this.#counts.get(name) ?? 0]));
    return { needed: of(NEEDED), raw: of(RAW) };
  }
}
