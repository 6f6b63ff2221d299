/** What the trials came to, as a table for whoever reads the run. */
import type { ClientCall } from './client-call.js';
import { DEAD_CRM, NOBODYS } from './crm-trials.js';
import { DEADLINE_MS } from './enterprises.js';
import type { Office } from './office.js';

const NAME_WIDTH = 90;

export class Report {
  readonly #versions: readonly number[];
  readonly #outcomes = new Map<string, Map<number, string>>();
  readonly #lines: string[] = [];

  constructor(versions: readonly number[]) {
    this.#versions = versions;
  }

  told(name: string, version: number, outcome: string): void {
    const row = this.#outcomes.get(name) ?? new Map<number, string>();
    this.#outcomes.set(name, row.set(version, outcome));
  }

  count(what: string, found: number, of: number): void {
    this.#lines.push(`${what}: ${found} of ${of}`);
  }

  /** How long callers rang for nothing: with no CRM, and after a CRM said that nobody owns them. */
  measure(offices: readonly Office[]): void {
    for (const office of offices) {
      for (const id of DEAD_CRM)
        for (const call of callsOf(office, id))
          this.#lines.push(
            `Asterisk ${office.version}, CRM dead (${id}): rang ${ms(call.waitedMs())} before the default route, deadline ${DEADLINE_MS} ms`,
          );
      for (const id of NOBODYS)
        for (const call of callsOf(office, id)) {
          const released = call.reachedAt() - (office.toldAt(call.seat.client) ?? NaN);
          this.#lines.push(
            `Asterisk ${office.version}, nobody found (${id}): the CRM’s answer to the default route’s phone ${ms(released)}`,
          );
        }
    }
  }

  print(): void {
    const rows = [...this.#outcomes].map(([name, row]) => {
      const told = this.#versions.map((version) => `${version}: ${row.get(version) ?? 'failed'}`);
      const same = new Set(row.values()).size === 1 && row.size === this.#versions.length;
      return `${name.padEnd(NAME_WIDTH)} ${same ? [...row.values()][0] : told.join(' | ')}`;
    });
    process.stdout.write(`${[...rows, ...this.#lines].join('\n')}\n`);
  }
}

const callsOf = (office: Office, id: string): ClientCall[] => office.placed.filter(({ seat }) => seat.id === id);
const ms = (value: number): string => `${Math.round(value)} ms`;
