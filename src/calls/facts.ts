/**
 * What the tracker is fed: facts about channels (from AMI) and about calls (from the fleet's webhooks), in one
 * vocabulary, as plain JSON. AMI and webhook adapters produce them; the tracker folds them; `asterisk_logs` keeps them.
 */

/** A channel as an AMI event shows it. Empty and `<unknown>` values are null. */
export interface ChannelInfo {
  uid: string;
  linkedid: string | null;
  /** `PJSIP/151-0000000c`, `SIP/0001363-00000004`, `Local/151@internal-00000002;1`. */
  name: string;
  /** ChannelStateDesc in lower case: `down`, `ring`, `ringing`, `up`, `dialing`, `busy`, … */
  state: string | null;
  callerNum: string | null;
  callerName: string | null;
  connectedNum: string | null;
  connectedName: string | null;
  context: string | null;
  exten: string | null;
}

/** A channel in a resync snapshot (`Status`), with what only that answer tells. */
export interface LiveChannel extends ChannelInfo {
  bridge: string | null;
  /** `Dial` marks the calling leg, `AppDial` the called one, `AppQueue` a queue caller. */
  application: string | null;
  /** Age of the channel in seconds; null when not told. */
  seconds: number | null;
  dnid: string | null;
}

/** A call detail record as an event tells it. Stamps are the PBX's local time; empty where it says nothing. */
export interface ToldRecord {
  src: string;
  dst: string;
  context: string;
  clid: string;
  lastApp: string;
  start: string;
  answer: string;
  end: string;
  billSeconds: number;
}

/** One of the fleet's own events, posted as a webhook or read from `LisAMI_EventData`. Fields as read, normalised in form only. */
export interface FleetEvent {
  event: 'start' | 'dial' | 'bridge' | 'bridge_create' | 'bridge_leave' | 'bridge_destroy' | 'new_callerid' | 'hangup';
  /** Null for `bridge_create` and `bridge_destroy`, which carry none. */
  uid: string | null;
  phone: string | null;
  /** Split on `&`, without `SIP/` or `Local/…@…` wrappers and empty elements. */
  extensions: string[];
  callType: 0 | 1 | 2 | null;
  /** `0` not answered, `1` other, `2` answered, `5` talking. */
  callStatus: string | null;
  trunk: string | null;
  bridge: string | null;
  channel: string | null;
  exten: string | null;
  context: string | null;
  callerNum: string | null;
  callerName: string | null;
  connectedNum: string | null;
  connectedName: string | null;
  bridgeNumChannels: number | null;
  /** PBX-local date-times as posted, `YYYY-MM-DD HH:MM:SS`, or null. */
  dateReceived: string | null;
  startTime: string | null;
  endTime: string | null;
  externalInitiated: boolean;
}

/** An event of the fleet in which nothing is told but this. */
export function fleetEvent(told: Pick<FleetEvent, 'event'> & Partial<FleetEvent>): FleetEvent {
  return {
    uid: null,
    phone: null,
    extensions: [],
    callType: null,
    callStatus: null,
    trunk: null,
    bridge: null,
    channel: null,
    exten: null,
    context: null,
    callerNum: null,
    callerName: null,
    connectedNum: null,
    connectedName: null,
    bridgeNumChannels: null,
    dateReceived: null,
    startTime: null,
    endTime: null,
    externalInitiated: false,
    ...told,
  };
}

interface FactBase {
  source: 'ami' | 'webhook' | 'system';
  /** Unix ms: the PBX's own stamp where it gives one, else the time of arrival. */
  at: number;
  /** Unix ms by our clock when the fact arrived. */
  arrivedAt: number;
  /** True when `at` is the PBX's stamp. */
  stamped: boolean;
  /** Enterprise number when the source proves it (a webhook's token); absent for AMI, where selectors decide. */
  enterprise?: string;
}

type FactBody =
  | { kind: 'channel.new'; channel: ChannelInfo }
  /** Newstate: `ringing` on a called leg is the moment a phone rings. */
  | { kind: 'channel.state'; channel: ChannelInfo }
  /** Anything else that shows a channel (NewCallerid, NewConnectedLine, Newexten, DialState, HangupRequest, …). */
  | { kind: 'channel.seen'; channel: ChannelInfo; asked?: false }
  /** The PBX's own answer about a channel that was asked for: nobody can forge it. */
  | { kind: 'channel.seen'; channel: LiveChannel; asked: true }
  /** Its hang-up was told in an event that its caller had cut. */
  | { kind: 'channel.cut'; name: string }
  | { kind: 'channel.hold'; channel: ChannelInfo; on: boolean }
  /** Hangup. `cause` is the Q.850 code (16 normal, 17 busy, 26 answered elsewhere, 127 interworking …). */
  | { kind: 'channel.gone'; channel: ChannelInfo; cause: number | null }
  /** The PBX answered that this channel is not there any more (confirmation of a hang-up). */
  | { kind: 'channel.confirmed-gone'; uid: string }
  | { kind: 'dial.begin'; channel: ChannelInfo | null; dest: ChannelInfo; dialString: string | null }
  /** `status`: ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION, CHANUNAVAIL, … */
  | { kind: 'dial.end'; channel: ChannelInfo | null; dest: ChannelInfo; status: string }
  | { kind: 'bridge.create'; bridge: string; bridgeType: string | null; technology: string | null }
  | { kind: 'bridge.enter'; bridge: string; bridgeType: string | null; technology: string | null; channel: ChannelInfo }
  | { kind: 'bridge.leave'; bridge: string; channel: ChannelInfo }
  | { kind: 'bridge.destroy'; bridge: string }
  | { kind: 'bridge.merge'; from: string; to: string }
  | { kind: 'local.pair'; one: ChannelInfo; two: ChannelInfo }
  | {
      kind: 'transfer.blind';
      transferer: ChannelInfo;
      transferee: ChannelInfo | null;
      exten: string | null;
      context: string | null;
      ok: boolean;
    }
  | {
      kind: 'transfer.attended';
      transferer: ChannelInfo;
      secondTransferer: ChannelInfo | null;
      transferee: ChannelInfo | null;
      target: ChannelInfo | null;
      ok: boolean;
    }
  | { kind: 'pickup'; channel: ChannelInfo; target: ChannelInfo }
  | { kind: 'queue.join'; channel: ChannelInfo; queue: string }
  | { kind: 'recording.started'; channel: ChannelInfo }
  /** `channel`: the name of the channel with that uid, as the PBX says it. */
  | { kind: 'recording.file'; uid: string; channel: string; file: string }
  | {
      kind: 'cdr';
      uid: string;
      linkedid: string | null;
      channel: string;
      destChannel: string | null;
      disposition: string;
      billableSeconds: number | null;
      /** Name of the queue, where the call went through one. */
      queue?: string | null;
      /** The rest of the record, for whoever counts by the PBX's own. */
      told?: ToldRecord;
    }
  | { kind: 'fleet'; fleet: FleetEvent }
  /** The link to the PBX was lost or came up again; a snapshot of every live channel follows an `up`. */
  | { kind: 'link.lost' }
  | {
      kind: 'link.up';
      lostAt: number | null;
      restarted: boolean;
      /** The PBX's clock less ours, by its answer to a ping; null or absent when it did not tell. */
      skewMs?: number | null;
    }
  | { kind: 'snapshot'; channels: LiveChannel[] }
  /** Our own clock was set by `by` ms: whatever was dated by it before is `by` earlier than it seems. */
  | { kind: 'clock.stepped'; by: number }
  /** Time passed: the tracker asked to be woken (`wakeAt`). */
  | { kind: 'timer' };

export type Fact = FactBase & FactBody;

/** Unique ids of all channels a fact names, linked ids among them. */
export function uidsIn(fact: Fact): string[] {
  if (fact.kind === 'fleet') return [fact.fleet.uid].filter(isUid);
  const channels = Object.values(fact)
    .flat()
    .filter((value): value is ChannelInfo => typeof value === 'object' && value !== null && 'uid' in value);
  return [fact as Partial<ChannelInfo>, ...channels].flatMap(({ uid, linkedid }) => [uid, linkedid].filter(isUid));
}

function isUid(uid: unknown): uid is string {
  return typeof uid === 'string' && uid !== '';
}

/** The channel a fact is kept under; empty when it is about none, or about all. */
export function uidOf(fact: Fact): string {
  if ('channel' in fact && fact.channel && typeof fact.channel === 'object') return fact.channel.uid;
  if ('dest' in fact) return fact.dest.uid;
  if ('transferer' in fact) return fact.transferer.uid;
  if ('one' in fact) return fact.one.uid;
  if ('fleet' in fact) return fact.fleet.uid ?? '';
  return 'uid' in fact ? fact.uid : '';
}
