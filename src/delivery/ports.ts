import type { AnyConnector, Connection, DeliveryClass, Rate } from '../integrations/contract.js';
import type { CallEvent } from '../calls/vocabulary.js';

/** A lane is named by its integration. */
export interface LaneId {
  enterprise: string;
  type: string;
}

export function laneKey({ enterprise, type }: LaneId): string {
  return `${enterprise}/${type}`;
}

/** A configured account, alive, with what delivery needs to know about it. */
export interface LiveAccount {
  connector: Pick<AnyConnector, 'id' | 'secretFields'>;
  /** A new object after every change of settings: that is how a paused lane learns of it. */
  connection: Connection;
  settings: Record<string, unknown>;
  limitKey: string;
  rate: Rate;
  /** Attempts in flight, when not the default. */
  parallel?: number;
  /** True when `Retry-After` is waited for in full, however long (Telegram). */
  retryAfterInFull?: boolean;
}

export interface Accounts {
  /** Null when the integration is not configured, not enabled or its settings never parsed. */
  of(enterprise: string, type: string): LiveAccount | null;
}

/** `send`, only log what would be sent, or why neither. `startedAt`: Unix ms by our clock the call began, for `takeover_at`. */
export type MayDeliver = (enterprise: string, startedAt: number) => 'send' | 'shadow' | 'off' | 'before the take-over';

/** What delivery counts. Labels are few: integration types, outcomes, states. */
export interface DeliveryMetrics {
  attempted(type: string, outcome: string, ms: number): void;
  settled(type: string, state: string, count: number): void;
  paused(type: string, by: 1 | -1): void;
  breakerOpened(type: string): void;
  /** From the commit of the event to the start of the first attempt. */
  waited(type: string, deliveryClass: DeliveryClass, ms: number): void;
}

export type CardState = 'none' | 'accepted' | 'unknown' | 'closed';

/** A claimed row of `deliveries`. */
export interface DeliveryRow extends LaneId {
  id: string;
  callId: string;
  seq: number;
  step: string;
  class: DeliveryClass;
  event: CallEvent;
  /** This attempt included. */
  attempts: number;
  epoch: string;
  /** Time left when it was claimed. */
  expiresInMs: number;
  /** Age when it was claimed. */
  ageMs: number;
  unknownOutcome: boolean;
  /** The attempt before this one was lost in flight. */
  lost: boolean;
  refs: Record<string, string>;
  card: CardState;
}
