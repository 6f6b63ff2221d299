/** What alerts need of others; alerts-joint.ts joins it. */
import type { AlertDetail, AlertKind, Channel } from './kinds.js';
import type { AlertSecrets, AlertSettings, SecretName } from './settings.js';
import type { Queryable } from './store.js';

export interface WatchedEnterprise {
  number: string;
  name: string;
  /** Its accounts that are switched on; none where the enterprise is off. */
  accounts: readonly string[];
  /** Of the PBX its calls come from by AMI; null: they do not. */
  pbx: string | null;
}

/** What this daemon sees of what is its own. */
export interface Sighted {
  kind: Extract<AlertKind, 'pbx-link' | 'refused'>;
  enterprise: string;
  subject: string;
  bad: boolean;
  detail: AlertDetail;
}

/** Credentials that end with nobody to renew them. */
export interface Ending {
  enterprise: string;
  type: string;
  /** Unix ms; null: at any moment. */
  at: number | null;
  why: string;
}

export interface SecretsPort {
  /** By scope; the same database the settings are read from. */
  open(db: Queryable): Promise<(scope: string) => AlertSecrets>;
  put(tx: Queryable, scope: string, name: SecretName, value: string): Promise<void>;
  drop(tx: Queryable, scope: string, name: SecretName): Promise<void>;
}

/** Null: it arrived. The words hold no secret. */
export type Sent = null | { why: string; afterMs?: number };

export interface Message {
  text: string;
  /** For a webhook. */
  json: Record<string, unknown>;
}

export type Send = (channel: Channel, whom: Whom, message: Message, signal: AbortSignal) => Promise<Sent>;

export interface Whom {
  settings: AlertSettings;
  secrets: AlertSecrets;
}
