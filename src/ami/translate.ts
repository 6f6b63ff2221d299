/**
 * AMI events as the tracker's facts. Only what tells of calls is translated; the rest is null. Values are taken as they
 * stand: the session has checked the form of each message, the tracker judges what it says.
 */
import type { ChannelInfo, Fact, LiveChannel } from '../calls/facts.js';
import type { AmiMessage } from './message.js';
import { lowerNamesOf } from './message.js';
import { parseLisAmi } from './lis-ami.js';

type Body<F = Fact> = F extends Fact ? Omit<F, 'source' | 'at' | 'arrivedAt' | 'stamped'> : never;
type Translator = (message: AmiMessage) => Body | null;

/**
 * @param arrivedAt Unix ms by our clock
 * @returns the fact an unasked event tells, or null when it tells nothing about a call or lacks what it must have.
 */
export function translate(message: AmiMessage, arrivedAt: number): Fact | null {
  if (message.type !== 'event') return null;
  const body = TRANSLATORS.get(message.name)?.(message);
  if (!body) return null;
  const stamp = stampOf(message);
  return { ...body, source: 'ami', at: stamp ?? arrivedAt, arrivedAt, stamped: stamp !== null } as Fact;
}

/** One answer to `Status` or `CoreShowChannels` as a channel of a snapshot. */
export function statusToLiveChannel(message: AmiMessage): LiveChannel {
  const channel = channelOf(message, '');
  return {
    ...(channel ?? { ...NOBODY, uid: message.get('Uniqueid') ?? '', name: message.get('Channel') ?? '' }),
    bridge: valueOf(message, 'BridgeID') ?? valueOf(message, 'BridgeId'),
    application: valueOf(message, 'Application'),
    seconds: numberOf(message, 'Seconds') ?? secondsIn(valueOf(message, 'Duration')),
    dnid: valueOf(message, 'DNID'),
  };
}

/** `timestampevents = yes` stamps every event with seconds and microseconds, in its third header and nowhere else. */
export function stampOf(message: AmiMessage): number | null {
  const text = lowerNamesOf(message)[2] === 'timestamp' ? message.get('Timestamp') : undefined;
  if (text === undefined || !/^\d{9,11}(?:\.\d{1,9})?$/.test(text)) return null;
  return Math.round(Number(text) * 1000);
}

const NOBODY: ChannelInfo = {
  uid: '',
  linkedid: null,
  name: '',
  state: null,
  callerNum: null,
  callerName: null,
  connectedNum: null,
  connectedName: null,
  context: null,
  exten: null,
};

/** The channel whose headers begin with `prefix` (`Dest`, `Transferee`, …), or null when the event shows none. */
function channelOf(message: AmiMessage, prefix: string): ChannelInfo | null {
  const uid = message.get(`${prefix}Uniqueid`);
  const name = message.get(`${prefix}Channel`);
  if (!uid || !name) return null;
  return {
    uid,
    linkedid: valueOf(message, `${prefix}Linkedid`),
    name,
    state: valueOf(message, `${prefix}ChannelStateDesc`)?.toLowerCase() ?? null,
    callerNum: valueOf(message, `${prefix}CallerIDNum`),
    callerName: unescaped(valueOf(message, `${prefix}CallerIDName`)),
    connectedNum: valueOf(message, `${prefix}ConnectedLineNum`),
    connectedName: unescaped(valueOf(message, `${prefix}ConnectedLineName`)),
    context: valueOf(message, `${prefix}Context`),
    exten: valueOf(message, `${prefix}Exten`),
  };
}

function valueOf(message: AmiMessage, header: string): string | null {
  const value = message.get(header);
  return value === undefined || value === '' || value === '<unknown>' ? null : value;
}

function numberOf(message: AmiMessage, header: string): number | null {
  const value = message.get(header);
  return value !== undefined && /^-?\d{1,12}$/.test(value) ? Number(value) : null;
}

/** Of `HH:MM:SS`, hours without an end. */
function secondsIn(duration: string | null): number | null {
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d)$/.exec(duration ?? '') ?? [];
  return hours === undefined ? null : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** Names come with C escapes. */
function unescaped(text: string | null): string | null {
  return text?.includes('\\') ? text.replace(/\\(["'\\])/g, '$1') : text;
}

/** For events about one channel. */
function about(make: (channel: ChannelInfo, message: AmiMessage) => Body | null): Translator {
  return (message) => {
    const channel = channelOf(message, '');
    return channel && make(channel, message);
  };
}

const seen = about((channel) => ({ kind: 'channel.seen', channel }));

const TRANSLATORS: ReadonlyMap<string, Translator> = new Map<string, Translator>([
  ['Newchannel', about((channel) => ({ kind: 'channel.new', channel }))],
  ['Newstate', about((channel) => ({ kind: 'channel.state', channel }))],
  ['NewCallerid', seen],
  ['NewConnectedLine', seen],
  ['MusicOnHoldStart', seen],
  // The first word of a caller who waits for a smart redirect.
  ['UserEvent', seen],
  ['Hold', about((channel) => ({ kind: 'channel.hold', channel, on: true }))],
  ['Unhold', about((channel) => ({ kind: 'channel.hold', channel, on: false }))],
  ['Hangup', about((channel, message) => ({ kind: 'channel.gone', channel, cause: numberOf(message, 'Cause') }))],
  ['DialBegin', dialBegin],
  ['DialState', dialState],
  ['DialEnd', dialEnd],
  ['BridgeCreate', bridgeOnly((bridge, message) => ({ kind: 'bridge.create', bridge, ...bridgeKind(message) }))],
  [
    'BridgeEnter',
    bridgeAnd((bridge, channel, message) => ({ kind: 'bridge.enter', bridge, channel, ...bridgeKind(message) })),
  ],
  ['BridgeLeave', bridgeAnd((bridge, channel) => ({ kind: 'bridge.leave', bridge, channel }))],
  ['BridgeDestroy', bridgeOnly((bridge) => ({ kind: 'bridge.destroy', bridge }))],
  ['BridgeMerge', bridgeMerge],
  ['LocalBridge', localBridge],
  ['BlindTransfer', blindTransfer],
  ['AttendedTransfer', attendedTransfer],
  ['Pickup', pickup],
  ['QueueCallerJoin', about((channel, message) => queueJoin(channel, message))],
  ['MixMonitorStart', about((channel) => ({ kind: 'recording.started', channel }))],
  ['VarSet', varSet],
  ['Cdr', cdr],
]);

function bridgeKind(message: AmiMessage): { bridgeType: string | null; technology: string | null } {
  return { bridgeType: valueOf(message, 'BridgeType'), technology: valueOf(message, 'BridgeTechnology') };
}

function bridgeOnly(make: (bridge: string, message: AmiMessage) => Body): Translator {
  return (message) => {
    const bridge = valueOf(message, 'BridgeUniqueid');
    return bridge === null ? null : make(bridge, message);
  };
}

function bridgeAnd(make: (bridge: string, channel: ChannelInfo, message: AmiMessage) => Body): Translator {
  return (message) => {
    const bridge = valueOf(message, 'BridgeUniqueid');
    const channel = channelOf(message, '');
    return bridge === null || channel === null ? null : make(bridge, channel, message);
  };
}

function dialBegin(message: AmiMessage): Body | null {
  const dest = channelOf(message, 'Dest');
  if (!dest) return null;
  return { kind: 'dial.begin', channel: channelOf(message, ''), dest, dialString: valueOf(message, 'DialString') };
}

/** `DialStatus: RINGING` may come before the channel's own Newstate, and then shows it still `Down`. */
function dialState(message: AmiMessage): Body | null {
  const dest = channelOf(message, 'Dest');
  if (!dest) return null;
  if (message.get('DialStatus') !== 'RINGING') return { kind: 'channel.seen', channel: dest };
  return { kind: 'channel.state', channel: { ...dest, state: dest.state === 'up' ? 'up' : 'ringing' } };
}

function dialEnd(message: AmiMessage): Body | null {
  const dest = channelOf(message, 'Dest');
  const status = valueOf(message, 'DialStatus');
  return dest && status !== null ? { kind: 'dial.end', channel: channelOf(message, ''), dest, status } : null;
}

function bridgeMerge(message: AmiMessage): Body | null {
  const from = valueOf(message, 'FromBridgeUniqueid');
  const to = valueOf(message, 'ToBridgeUniqueid');
  return from !== null && to !== null ? { kind: 'bridge.merge', from, to } : null;
}

function localBridge(message: AmiMessage): Body | null {
  const one = channelOf(message, 'LocalOne');
  const two = channelOf(message, 'LocalTwo');
  return one && two ? { kind: 'local.pair', one, two } : null;
}

function blindTransfer(message: AmiMessage): Body | null {
  const transferer = channelOf(message, 'Transferer');
  if (!transferer) return null;
  return {
    kind: 'transfer.blind',
    transferer,
    transferee: channelOf(message, 'Transferee'),
    exten: valueOf(message, 'Extension'),
    context: valueOf(message, 'Context'),
    ok: message.get('Result') === 'Success',
  };
}

function attendedTransfer(message: AmiMessage): Body | null {
  const transferer = channelOf(message, 'OrigTransferer');
  if (!transferer) return null;
  return {
    kind: 'transfer.attended',
    transferer,
    secondTransferer: channelOf(message, 'SecondTransferer'),
    transferee: channelOf(message, 'Transferee'),
    target: channelOf(message, 'TransferTarget'),
    ok: message.get('Result') === 'Success',
  };
}

function pickup(message: AmiMessage): Body | null {
  const channel = channelOf(message, '');
  const target = channelOf(message, 'Target');
  return channel && target ? { kind: 'pickup', channel, target } : null;
}

function queueJoin(channel: ChannelInfo, message: AmiMessage): Body | null {
  const queue = valueOf(message, 'Queue');
  return queue === null ? null : { kind: 'queue.join', channel, queue };
}

/** Two variables matter: where the recording is, and what the fleet's dialplan says of the call. */
function varSet(message: AmiMessage): Body | null {
  const variable = message.get('Variable');
  const uid = message.get('Uniqueid');
  const value = message.get('Value');
  const channel = message.get('Channel');
  if (!uid || !value || !channel) return null;
  if (variable === 'MIXMONITOR_FILENAME') return { kind: 'recording.file', uid, channel, file: value };
  if (variable !== 'LisAMI_EventData') return null;
  const fleet = parseLisAmi({ uid, channel }, value);
  return fleet && { kind: 'fleet', fleet };
}

function cdr(message: AmiMessage): Body | null {
  const uid = message.get('UniqueID');
  const channel = message.get('Channel');
  if (!uid || !channel) return null;
  const inQueue = message.get('LastApplication') === 'Queue';
  return {
    kind: 'cdr',
    uid,
    linkedid: valueOf(message, 'Linkedid'),
    channel,
    destChannel: valueOf(message, 'DestinationChannel'),
    disposition: valueOf(message, 'Disposition') ?? '',
    billableSeconds: numberOf(message, 'BillableSeconds'),
    queue: inQueue ? (valueOf(message, 'LastData')?.split(',')[0] ?? null) : null,
    told: {
      src: message.get('Source') ?? '',
      dst: message.get('Destination') ?? '',
      context: message.get('DestinationContext') ?? '',
      clid: message.get('CallerID') ?? '',
      lastApp: message.get('LastApplication') ?? '',
      start: message.get('StartTime') ?? '',
      answer: message.get('AnswerTime') ?? '',
      end: message.get('EndTime') ?? '',
      billSeconds: numberOf(message, 'BillableSeconds') ?? 0,
    },
  };
}
