import type { AgentPlan } from '../../pbx/sip-agent/agent.js';
import type { Office } from './office.js';
import { seat } from './seat.js';
import type { Seat } from './seat.js';

export interface Trial {
  /** As a sentence: what happens. */
  readonly name: string;
  readonly seat: Seat;
  /** Who owns the client in the CRM: his seat's phone unless it says otherwise; null: nobody. */
  readonly owner: string | null;
  /** What the PBX's inbound context does on its line before the call goes to wait. */
  readonly inbound: readonly string[];
  /** Phones that do not answer after a moment. */
  readonly phones: Readonly<Record<string, AgentPlan>>;
  /** Settings of extensions, as an import file has them. */
  readonly extensions: readonly object[];
  /** Resolves with what became of the call, in few words. */
  run(office: Office, here: Seat): Promise<string>;
}

type Told = Pick<Trial, 'run'> & Partial<Omit<Trial, 'name' | 'seat' | 'run'>>;

export function trial(id: string, name: string, told: Told): Trial {
  return { name, seat: seat(id), owner: id, inbound: [], phones: {}, extensions: [], ...told };
}
