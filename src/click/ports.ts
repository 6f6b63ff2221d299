/** What click-to-call is given of the rest of the daemon. */
import type { ClickSettings } from './settings.js';

export interface ClickEnterprise {
  number: string;
  name: string;
  /** ISO country: how national numbers are read. */
  country: string;
  /** False while the enterprise is off or only watched (`shadow`). */
  on: boolean;
  /** Proves a callback; compared in constant time. */
  clientId: string;
  pbxKey: string;
  host: string | null;
  /** The extensions it names; empty: any its pattern takes. */
  extensions: readonly string[];
  extensionPattern: string;
  dialAllow: readonly string[];
  settings: ClickSettings;
}

/** A message the PBX answered with. */
export interface Answered {
  get(header: string): string | undefined;
}

/** The link to a PBX. Actions of one batch go out in one write; each has its own outcome. */
export interface Pbx {
  batch(
    actions: readonly { name: string; headers: Record<string, string | string[]> }[],
    deadlineMs: number,
  ): Promise<PromiseSettledResult<Answered>[]>;
}

/** Who asked for a call and what he calls it. */
export interface Asked {
  /** The integration (`bitrix24`), or `link` for the fleet's own address. */
  source: string;
  /** What that CRM knows the call by; given back to its connector with the call. */
  refs: Record<string, string>;
}

export interface ClickRequest extends Asked {
  enterprise: ClickEnterprise;
  /** The manager's extension as it was sent. */
  code: string;
  /** The number to dial as it was sent. */
  phone: string;
}
