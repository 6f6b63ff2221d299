/** The tracker's data: what it is told, what it keeps of a call, what it answers. All of it plain JSON. */
import type { Note } from './rules.js';
import type { CallEvent, CallResult, Direction, Talk, Transfer } from './vocabulary.js';

/** What the tracker knows of an enterprise. */
export interface EnterpriseProfile {
  number: string;
  timezone: string;
  /** ISO country: how national numbers are read. */
  country: string;
  inboundContexts: readonly string[];
  /** Regular expression of the endpoint names that are extensions. */
  extensionPattern: string;
  /** Line ids, which are never clients; null when not told. */
  lines: readonly string[] | null;
  /** By line id: the rule that makes a client's number of what the line shows (`+375{9}`). */
  lineTransforms?: Readonly<Record<string, string>>;
  staffMobiles: readonly { mobile: string; extension: string }[];
  sources: readonly ('ami' | 'webhook')[];
  /** What is this enterprise's on a PBX it shares; null when the PBX is its own. */
  selector?: Selector | null;
}

export interface Selector {
  contexts?: readonly string[] | undefined;
  lines?: readonly string[] | undefined;
  /** Regular expression of its extensions. */
  extensions?: string | undefined;
}

export interface TrackerContext {
  /** PBX key, `host:port`. */
  pbx: string;
  enterprises: readonly EnterpriseProfile[];
  newCallId(): string;
  /** Ask the PBX before a Hangup may finish a call. */
  confirmHangups: boolean;
  /** The phones of one Dial are collected for at most this long into one `call.ringing`; 30. */
  ringCollectMs: number;
  /** A hang-up nobody confirms counts after this long; 5 s. */
  confirmTimeoutMs?: number;
  /** A call AMI tells nothing of for this long is asked about; 1 h. It never ends by silence alone. */
  amiIdleMs?: number;
  /** A webhook call ends this long after its client left the last bridge; 3 min. */
  webhookIdleMs?: number;
  /** … or after this long without a post before anyone answered; 30 min. */
  webhookWaitMs?: number;
  /** … or after this long without a post while talking; 4 h. */
  webhookTalkMs?: number;
  /** How long an outgoing webhook call stays open after its caller's hang-up: posts may be late, the client may have been transferred; 8 s. */
  webhookSettleMs?: number;
  /** A client alone in a posted bridge is talking after this long: the other half was lost; 5 s. */
  webhookLoneMs?: number;
  /** A uid is only taken for a new call this long after its call ended; 10 min. */
  lateMs?: number;
  /** Its calls are told from what the PBX kept, after the fact; false. */
  recovered?: boolean;
}

export type Settings = Required<TrackerContext>;

export type LegKind = 'extension' | 'trunk' | 'local' | 'unknown';

/**
 * `client` is the side the call is about: the external party, or the caller of an internal call. `staff` is whoever of
 * the enterprise talks with it, on an extension or a mobile.
 */
export type LegRole = 'client' | 'staff' | 'local' | 'unknown';

/** One channel of a call. */
export interface Leg {
  uid: string;
  /** Channel name; empty until one was told (webhooks may tell it late or never). */
  name: string;
  kind: LegKind;
  role: LegRole;
  /** Who is on it: extension, staff mobile in E.164. */
  party: string | null;
  state: string | null;
  context: string | null;
  exten: string | null;
  /** Called by somebody, and by which leg (null: by the PBX itself). */
  dialled: boolean;
  dialledBy: string | null;
  /** Outcome of that dial; null while it is open. */
  dialStatus: string | null;
  /** When it began to ring. */
  rangAt: number | null;
  bridge: string | null;
  /** The holding bridge it waits in, if it does: with music, or parked. */
  waitsIn?: string | undefined;
  /** Put the other side on hold and did not come back yet. */
  held: boolean;
  /** When it came back so that the call counts as held by it. */
  unheldAt: number | null;
  /** Shown by AMI, which alone tells of every hang-up. */
  ami: boolean;
  /** Our clock when it was first seen. */
  bornAt: number;
  /** Time of its hang-up. */
  goneAt: number | null;
}

/** A turn of talk (`Talk`); `since` is when its present stretch began, null when nobody talks in it now. */
export interface TalkTurn extends Talk {
  since: number | null;
}

/** Phones that began to ring and were not told yet. */
export interface RingBatch {
  extensions: string[];
  at: number;
  /** Our clock when it is told at the latest. */
  due: number;
}

export interface Ending {
  /** When the call ended. */
  at: number;
  /** Our clock when an unconfirmed hang-up counts. */
  confirmBy: number;
}

/** How many phones were called and what came of them. */
export interface Dials {
  begun: number;
  unanswered: number;
  busy: number;
  failed: number;
  /** When the last one began. */
  begunAt: number | null;
  /** When one was given up last. */
  cancelledAt: number | null;
}

/** What bears on who talks with the client, as AMI told it of a channel. */
export type Step = { uid: string; at: number } & (
  | { kind: 'in' | 'out'; bridge: string }
  | { kind: 'hold'; on: boolean }
  | { kind: 'blind' | 'attended'; to: string | null }
  | { kind: 'gone' }
);

/** A channel in a bridge, as posts told. `to` is null while it is there. */
export interface Stay {
  uid: string;
  bridge: string;
  from: number;
  to: number | null;
  /** Its coming was posted; else something later showed it. */
  came: boolean;
  /** Its going was posted; else it was seen elsewhere, or hung up. */
  left: boolean;
}

/** What webhooks said that only counts at the end, or with what is posted later. */
export interface FleetMemory {
  /** Checksums of the last posts and our clock then, newest last, for the duplicate rule. */
  recent: readonly { checksum: number; at: number }[];
  /** Who was in which bridge, in the order they came; null when it cannot be read again. Never changed in place. */
  stays: readonly Stay[] | null;
  status: string | null;
  /** Extensions of the main hang-up. */
  peers: string[];
  /** When the main uid hung up, by arrival. */
  mainGoneAt: number | null;
  /** `EndTime` of the main hang-up on the PBX's clock, when it could be anchored. */
  endTime: number | null;
  /** A leg is in a bridge with nobody known before anybody answered: which, and since when by our clock. */
  lone: { uid: string; since: number } | null;
  /** Extensions rung by a dial that AMI has not shown yet. */
  rung: string[];
  /** What the dialplan said was dialled for a transfer, when nothing else names it. */
  lastExten: string | null;
}

/** Everything the tracker keeps of a call. Saved with each fold; `load` goes on from it as if nothing had happened. */
export interface CallState {
  v: 1;
  id: string;
  pbx: string;
  /** Null while no enterprise, or more than one, matches. */
  enterprise: string | null;
  /** Unique id of the first channel. */
  uid: string;
  direction: Direction | null;
  /** `call.started` was told. */
  announced: boolean;
  /** That nobody or more than one claims it was counted. */
  unclaimed: boolean;
  seq: number;
  ami: boolean;
  webhook: boolean;
  /** The PBX's clock less ours, when a stamp last told; null while its times are on ours. */
  skewMs: number | null;
  startedAt: number;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  /** Time and our clock of the last fact about it. */
  lastAt: number;
  lastArrival: number;
  external: string | null;
  /** Whether `external` is a number, text that is none, or not known yet. */
  externalKind: 'number' | 'text' | 'none';
  line: string | null;
  /** The line was read in an inbound context or named by the dialplan, so nothing replaces it. */
  lineSure: boolean;
  caller: string | null;
  rang: string[];
  ring: RingBatch | null;
  /** The one `call.ringing` of an outgoing call was told. */
  outRung: boolean;
  answeredBy: string | null;
  agents: string[];
  finalAgent: string | null;
  /** Uids of the staff legs that talk with the client now. */
  talkers: string[];
  talkingSince: number | null;
  talkMs: number;
  talkEndedAt: number | null;
  talks: TalkTurn[];
  transfers: Transfer[];
  /** Which of them were told, by index. */
  toldTransfers: number[];
  hold: boolean;
  queue: string | null;
  recorded: boolean;
  recordingFile: string | null;
  dials: Dials;
  /** The PBX was asked about its first channel. */
  asked: boolean;
  /** The PBX was asked whether it still is: our clock. */
  askedAt: number | null;
  ending: Ending | null;
  result: CallResult | null;
  approximate: boolean;
  recovered: boolean;
  fleet: FleetMemory;
  /** In the order of their stamps; null when they cannot be read again. Never changed in place. */
  steps: readonly Step[] | null;
  legs: Leg[];
  /** Uids of legs that are gone and forgotten, oldest first. */
  past: string[];
  /** Its uids that an earlier call had. */
  again: Former[];
  /** Our clock when the tracker must look at it again. */
  wake: number | null;
}

/** A uid that an earlier call had. */
export interface Former {
  uid: string;
  /** When that call ended, on the PBX's clock; null when not known. */
  at: number | null;
  /** Checksum of the last post about it. */
  lastPost: number | null;
}

/** A uid whose call is over. */
export interface EndedUid extends Former {
  callId: string;
  /** When it was over, our clock. */
  endedAt: number;
  /** It was only taken for over: nothing more was told, or nobody confirmed its last hang-up. */
  presumed: boolean;
}

/** What is stored of uids the tracker does not know. */
export interface Recalled {
  ended: readonly EndedUid[];
  /** Those by which CRMs know another call of an enterprise of this PBX, wherever that one was heard of. */
  taken: readonly string[];
}

export type Effect =
  /** Ask the PBX whether these channels are gone; answered by `channel.confirmed-gone` or `channel.seen`. */
  | { kind: 'confirm-gone'; uids: string[] }
  /** Ask the PBX about a channel that was only heard of. */
  | { kind: 'ask-status'; uid: string }
  | { kind: 'count'; what: string; enterprise?: string };

export interface Folded {
  /** Calls that changed, as they are now. */
  changed: CallState[];
  /** Those of them that are over for good. */
  finished: CallState[];
  merged: { from: string; into: string }[];
  events: CallEvent[];
  /** Our clock when what each event tells reached us, in the order of `events`. */
  arrivals: number[];
  /** What was concluded, in order. Not kept in the calls' state. */
  notes: Note[];
  /** Legs new to a call, and legs whose call ended (our clock). */
  uids: (Omit<EndedUid, 'endedAt'> & { endedAt: number | null })[];
  effects: Effect[];
}
