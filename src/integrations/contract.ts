/**
 * What a CRM connector is. A connector knows one kind of CRM; a connection is one configured account, alive.
 * Connectors never retry, queue or touch the database: one call of `deliver` is one attempt, and what came of it is a
 * value. Anything thrown is a bug of ours, retried and alarmed by the delivery worker.
 */
import type { z } from 'zod';
import type { CallEvent, CallFacts } from '../calls/vocabulary.js';
import type { HttpClient } from '../platform/http-client.js';
import type { Logger } from '../platform/log.js';

/**
 * - `perishable`: opening a card; few short retries, expires (about 15 s), never late.
 * - `closing`: closing a card; owed while an opening was accepted or may have been, for 10 minutes.
 * - `durable`: the finished call; retried for three days, then a dead letter.
 */
export type DeliveryClass = 'perishable' | 'closing' | 'durable';

/** One request a connector owes for a call event; becomes one row of `deliveries`. */
export interface Step {
  /** Name within the connector, stable: `card.open`, `card.close`, `record`. */
  step: string;
  class: DeliveryClass;
  /**
   * True when this step brings the CRM to the state of its event whatever was sent before: an earlier one of the same name
   * and call that has not been sent then sends nothing. Never of a durable step.
   */
  latest?: boolean;
  /** How long a later step may still take its place; it is not sent before. A person waits for it: keep it short. */
  holdMs?: number;
  /**
   * How a step of a finished call deals with a recording that is not ready yet. `awaited`: it sends the address, and adding it later
   * is costly or unsure, so it waits until the recording is ready or known absent, 90 s at most; one that turns up after all (`late`) is another event. `linked`: it shows the address at once. Absent:
   * it knows of none, and `recording.ready` tells the address when it can be fetched.
   */
  recording?: 'awaited' | 'linked';
}

/**
 * What an event owes an account: its requests in order, or why there are none, in an operator's words. An empty list says
 * that events of this kind never concern this CRM.
 */
export type Plan = readonly Step[] | { why: string };

export function stepsOf(plan: Plan): readonly Step[] {
  return 'why' in plan ? [] : plan;
}

export type Outcome =
  /** The CRM has it. `refs` are remembered for later steps of the same call (`Attempt.refs`). */
  | { kind: 'accepted'; refs?: Record<string, string>; warnings?: string[] }
  /** Nothing to do for this account: settings say no, nothing was opened. */
  | { kind: 'skipped'; why: string }
  /** Busy, 429, 5xx, network: nothing was done there. `afterMs` is what the CRM asked for. */
  | { kind: 'retry'; why: string; code: string; afterMs?: number; pauseLane?: boolean }
  /** Sent, but no answer was read: it may or may not have been done. */
  | { kind: 'unknown'; why: string; code: string }
  /** Will never succeed as it is. `config`: credentials or settings, so the whole lane waits for a person. */
  | { kind: 'rejected'; why: string; code: string; config?: boolean };

/** An outcome that is a failure; `skipped` and `accepted` are not. */
export type Failure = Extract<Outcome, { kind: 'retry' | 'unknown' | 'rejected' }>;

export interface DeliveryJob {
  step: string;
  event: CallEvent;
}

export interface Attempt {
  /** 1 for the first try. */
  number: number;
  /** True when an earlier attempt of this delivery was sent and its outcome is not known. */
  afterUnknown: boolean;
  /** What earlier steps of this call returned as `refs` for this integration. */
  refs: Readonly<Record<string, string>>;
  /** State of the card of this call at this integration, from the outcomes of earlier `perishable` steps. */
  card: 'none' | 'accepted' | 'unknown';
  signal: AbortSignal;
}

/** What `createOnce` came to: the id in the CRM, another call is at it right now, or why it failed. */
export type Created = { kind: 'there'; id: string } | { kind: 'busy' } | { kind: 'failed'; failure: Failure };

export interface ConnectionDeps {
  http: HttpClient;
  log: Logger;
  /** Its number, as it stands in addresses CRMs call back. */
  enterprise: string;
  /** IANA zone of the enterprise. */
  timezone: string;
  /** Public base URL of this installation, without a trailing slash; null when not set. */
  publicUrl: string | null;
  /** The extension of the colleague whose mobile (E.164) this is, or null; absent: no mobiles are known. */
  extensionOfMobile?(mobile: string): string | null;
  /** The enterprise's own id in callbacks from CRMs, at least 128 random bits; settings may override it. */
  clientId?: string | null;
  /** The name of whose extension this is, and of a line, as the enterprise calls them; null when it has none. */
  nameOf?(extension: string): string | null;
  lineName?(line: string): string | null;
  /** What the enterprise's CRMs call a client (E.164); null when none knows him, or none said so in a moment. */
  clientName?(phone: string): Promise<string | null>;
  /** The CRM's users as last loaded (`Connection.users`); empty before, and where nobody loads them. */
  crmUsers?(): readonly CrmUser[];
  /** The extension or staff mobile that last talked with this client (E.164), whoever of ours it was; null when nobody. */
  lastTalked?(phone: string): Promise<string | null>;
  /**
   * Makes what must be there once (a contact of an unknown client) once, however many calls and daemons want it. `make`
   * answers the id; it is told when an earlier try may have succeeded, and then looks for it first.
   */
  createOnce?(key: string, make: (mayExist: boolean) => Promise<string | Failure>): Promise<Created>;
  /**
   * Keeps what the account has learnt by itself: a rotated token pair, a chat that moved. Committed when it resolves.
   * @throws when it is not kept
   */
  keepSecrets?(fields: Record<string, unknown>): Promise<void>;
  /** What a CRM said when it asked for this call by a click (`call_id`, …); null of any other call. */
  askedFor?(call: CallFacts): Promise<Record<string, string> | null>;
}

/** Why `users` or `findResponsible` could not answer. The message is for an operator and never holds a secret. */
export class ConnectorError extends Error {
  override readonly name = 'ConnectorError';
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export interface CrmUser {
  id: string;
  name: string;
  extension: string | null;
  active: boolean;
}

export interface Responsible {
  /** Null when the CRM knows the client and nobody owns him. */
  extension: string | null;
  userId: string | null;
  contactName: string | null;
}

export type CheckResult = { ok: true; account: string; warnings: string[] } | { ok: false; code: string; why: string };

/** A page to open and consent on, or an address of ours to enter in the CRM as the one it calls at installation. */
export type HowToLetIn = { open: string } | { enter: string };

export interface Connection {
  deliver(job: DeliveryJob, attempt: Attempt): Promise<Outcome>;
  /** The "Test" button: credentials, scopes, reachability. */
  check(signal: AbortSignal): Promise<CheckResult>;
  /** @throws ConnectorError */
  users?(signal: AbortSignal): Promise<CrmUser[]>;
  /**
   * Null when the CRM knows neither owner nor client. `phone` is E.164.
   * @throws ConnectorError when it could not be asked, which is not the same.
   */
  findResponsible?(phone: string, signal: AbortSignal): Promise<Responsible | null>;
  /**
   * Nothing came of a call this CRM asked for by a click, `refs` being what it asked with: whatever it shows as going on is
   * closed. Absent: it shows nothing.
   */
  dropAsked?(refs: Readonly<Record<string, string>>, extension: string, signal: AbortSignal): Promise<Outcome>;
  /**
   * Credentials that will keep us out unless a person acts, and when (Unix ms; null: at any moment). Null where nothing does: what
   * is renewed by itself does not end.
   */
  credentialsEnd?(): { at: number | null; why: string } | null;
  /** Writes to the CRM what it must know of us: our module, the whole code list, the addresses it calls back; repeat-safe. */
  register?(signal: AbortSignal): Promise<CheckResult>;
  /** What a person does to let us into the account; null where settings are all it takes. `state` comes back with him. */
  howToLetIn?(state: string): HowToLetIn | null;
  /** What a person or the CRM brought in a callback (a code, tokens) is verified, exchanged and kept. */
  letIn?(told: Readonly<Record<string, string>>, signal: AbortSignal): Promise<CheckResult>;
  close(): Promise<void>;
}

export interface Rate {
  perSecond: number;
  burst: number;
}

export interface Connector<S extends z.ZodType = z.ZodType> {
  /** The key in `integrations_config` and `integration_type` in the tables. */
  id: string;
  title: string;
  settings: S;
  /** Settings of an account nobody has, that parse: what a call would send by default is shown with them. */
  example: z.input<S>;
  /** Names of settings that are secrets: sealed at rest, masked everywhere else. */
  secretFields: readonly string[];
  rate: Rate;
  /** True when a wait it asks for is kept in full, however long. */
  retryAfterInFull?: boolean;
  /** What shares one limit and one token refresh: portal host, API key, account, bot. */
  limitKey(settings: z.infer<S>): string;
  /** What this connector owes for an event. Of a finished call that is never an empty list. Pure. */
  plan(event: CallEvent, settings: z.infer<S>): Plan;
  connect(settings: z.infer<S>, deps: ConnectionDeps): Connection;
}

/** A connector whose settings type is forgotten, so that all fit one list. */
export type AnyConnector = Connector<z.ZodType<Record<string, unknown>>>;

/** Ties `settings` to `connect`, then forgets the type. */
export function defineConnector<S extends z.ZodType>(connector: Connector<S>): AnyConnector {
  return connector as unknown as AnyConnector;
}
