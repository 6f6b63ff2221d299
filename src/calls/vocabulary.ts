/**
 * The words every part of Trunkline uses about calls. A leaf: it imports nothing.
 *
 * - **channel / leg**: one side of a call inside Asterisk (`PJSIP/151-0000000c`), named by its unique id (uid).
 * - **call**: the whole conversation of one client, from first ring to last hang-up, whatever the number of legs,
 *   transfers and bridges.
 * - **external party**: the client's number. **Internal party**: an extension of the enterprise, or a staff mobile.
 * - **call event**: a fact about a call in this vocabulary; what integrations are told.
 * - **delivery**: one call event owed to one integration; **attempt**: one try of it; **lane**: the order-keeping
 *   queue of one integration.
 *
 * Times are Unix epoch milliseconds by the PBX's clock where it tells its time, else by ours; durations are milliseconds.
 */

export type Direction = 'in' | 'out' | 'internal';

/** How a call ended. Webhooks cannot tell `busy` from `missed`; then it is `missed`. */
export type CallResult = 'answered' | 'missed' | 'busy' | 'abandoned' | 'failed';

export interface Transfer {
  kind: 'blind' | 'attended';
  /** Extension that gave the client away. */
  from: string | null;
  /** What was dialled: an extension, a short number or a staff mobile. */
  to: string | null;
  /** True when the client talked with the target, false when not, null while it is open. */
  answered: boolean | null;
  at: number;
}

/** A turn of one of the staff in talking with the client. Turns of a conference overlap. */
export interface Talk {
  /** Extension, or staff mobile in E.164; null when nothing told who it was. */
  agent: string | null;
  from: number;
  to: number;
  /** What was talked of that time: pauses (hold, a consultation) are left out. */
  ms: number;
}

/** What is known of a call at one moment. Plain JSON: it travels in `call_events`, `deliveries` and to connectors. */
export interface CallFacts {
  /** Our own id (a UUID), stable over merges seen from outside. */
  id: string;
  /**
   * The id CRMs get: `<enterprise>-<uniqueid of the first channel>`; where an earlier call had that unique id, with
   * `-<first eight digits of id>` behind it.
   */
  externalId: string;
  enterprise: string;
  /** PBX key, `host:port`. */
  pbx: string;
  uid: string;
  direction: Direction;
  /** The client in E.164 (`+375290000001`), the raw text when it cannot be read as a number, null when withheld. */
  external: string | null;
  /** The company number or line id the call came in on or went out by. */
  line: string | null;
  /** The extension that placed an outgoing or internal call. */
  caller: string | null;
  /** Extensions and staff mobiles (E.164) that rang, in order, without repeats. Empty for outgoing calls. */
  rang: string[];
  answeredBy: string | null;
  /** Staff who talked with the client, in order. */
  agents: string[];
  finalAgent: string | null;
  /** Who talked with the client for how long, in the order they began. Empty when only the dialplan's word told of an answer. */
  talks: Talk[];
  transfers: Transfer[];
  /** Null until the call has ended. */
  result: CallResult | null;
  /** The PBX's clock less ours when it last told its time; 0 where it never did, and times are by ours. */
  skewMs: number;
  startedAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  /** First ring (else start) to answer or end. */
  waitMs: number;
  /** Union of the intervals in which the client shared a bridge with staff. */
  talkMs: number;
  /** Answer to the end of the last such interval. */
  spanMs: number;
  queue: string | null;
  hold: boolean;
  recorded: boolean;
  /** Path of the recording as the PBX names it, when it said so. */
  recordingFile: string | null;
  /** True when a result or second of this record fell into a time without a link to the PBX. */
  approximate: boolean;
  /** True when the call came from recovery and not from a live source. */
  recovered: boolean;
}

interface EventBase {
  /** Counts up from 1 within a call. */
  seq: number;
  at: number;
  call: CallFacts;
}

/** A fact about a call that integrations may want. `call` is the state of the call right after it. */
export type CallEvent =
  | (EventBase & { kind: 'call.started' })
  /** `extensions` began to ring now; one Dial is one event. For an outgoing call: the calling extension. */
  | (EventBase & { kind: 'call.ringing'; extensions: string[] })
  | (EventBase & { kind: 'call.answered'; extension: string | null })
  | (EventBase & { kind: 'call.transferred'; transfer: Transfer })
  | (EventBase & { kind: 'call.finished' })
  /** `late`: it had been taken for absent, and who is told of a call once was told of none. */
  | (EventBase & { kind: 'recording.ready'; file: string; late?: boolean });

export type CallEventKind = CallEvent['kind'];
