/**
 * Which messages are believed. A caller can put CR LF into his number, so a PBX may write whole events of his making,
 * and cut a real one in two, in some 79 characters. What holds him off: an unasked event must begin `Event`, `Privilege`
 * and must carry every header its class always has, in order, none of them twice. Those of any class that tells about
 * calls are longer than he can write. What fails is dropped, counted, and marks the stream as suspect.
 *
 * Lists hold what Asterisk 13 to 22 all send; newer headers may stand between (`Language`, `Linkedid`, `Timestamp`,
 * `ChanVariable`).
 */
import type { DropReason } from './frame.js';
import type { AmiMessage } from './message.js';
import { lowerNamesOf } from './message.js';

export interface Verdict {
  reason: DropReason;
  /** True when no sound PBX sends such a message: somebody forged it or cut it. */
  suspect: boolean;
}

const SNAPSHOT = [
  'channel',
  'channelstate',
  'channelstatedesc',
  'calleridnum',
  'calleridname',
  'connectedlinenum',
  'connectedlinename',
  'accountcode',
  'context',
  'exten',
  'priority',
  'uniqueid',
];
const BRIDGE = ['bridgeuniqueid', 'bridgetype', 'bridgetechnology', 'bridgecreator', 'bridgename', 'bridgenumchannels'];

const of = (prefix: string, headers: readonly string[]): string[] => headers.map((header) => prefix + header);

/** Mandatory headers of an event, in order, in lower case. */
const MANDATORY: Readonly<Record<string, readonly string[]>> = {
  newchannel: SNAPSHOT,
  newstate: SNAPSHOT,
  newcallerid: SNAPSHOT,
  newconnectedline: SNAPSHOT,
  newexten: [...SNAPSHOT, 'extension', 'application', 'appdata'],
  varset: [...SNAPSHOT, 'variable', 'value'],
  hangup: [...SNAPSHOT, 'cause', 'cause-txt'],
  hanguprequest: SNAPSHOT,
  softhanguprequest: SNAPSHOT,
  hold: SNAPSHOT,
  unhold: SNAPSHOT,
  dialbegin: of('dest', SNAPSHOT),
  dialstate: of('dest', SNAPSHOT),
  dialend: [...of('dest', SNAPSHOT), 'dialstatus'],
  bridgecreate: BRIDGE,
  bridgedestroy: BRIDGE,
  bridgeenter: [...BRIDGE, ...SNAPSHOT],
  bridgeleave: [...BRIDGE, ...SNAPSHOT],
  bridgemerge: [...of('to', BRIDGE), ...of('from', BRIDGE)],
  localbridge: [...of('localone', SNAPSHOT), ...of('localtwo', SNAPSHOT)],
  blindtransfer: [...of('transferer', SNAPSHOT), 'isexternal', 'context', 'extension'],
  attendedtransfer: [...of('origtransferer', SNAPSHOT), ...of('secondtransferer', SNAPSHOT)],
  pickup: [...SNAPSHOT, ...of('target', SNAPSHOT)],
  mixmonitorstart: SNAPSHOT,
  mixmonitorstop: SNAPSHOT,
  musiconholdstart: SNAPSHOT,
  musiconholdstop: SNAPSHOT,
  queuecallerjoin: [...SNAPSHOT, 'queue'],
  queuecallerleave: [...SNAPSHOT, 'queue'],
  queuecallerabandon: [...SNAPSHOT, 'queue'],
  agentcalled: [...SNAPSHOT, ...of('dest', SNAPSHOT)],
  agentconnect: [...SNAPSHOT, ...of('dest', SNAPSHOT)],
  agentcomplete: [...SNAPSHOT, ...of('dest', SNAPSHOT)],
  userevent: [...SNAPSHOT, 'userevent'],
  cdr: [
    'accountcode',
    'source',
    'destination',
    'destinationcontext',
    'callerid',
    'channel',
    'destinationchannel',
    'lastapplication',
    'lastdata',
    'starttime',
    'answertime',
    'endtime',
    'duration',
    'billableseconds',
    'disposition',
    'amaflags',
    'uniqueid',
  ],
};

/** Sent without a channel for good reasons too (a global variable, an AMI user's own event): useless, not suspect. */
const MAY_LACK_CHANNEL = new Set(['varset', 'userevent']);
/** A `DialBegin` of an originated call has no caller; where it has one, it is whole. */
const CALLER_OPTIONAL = new Set(['dialbegin', 'dialstate', 'dialend']);
/** Any event may carry several of these. */
const REPEATED =
  /^(?:dest|localone|localtwo|transferer|transferee|origtransferer|secondtransferer|target)?chanvariable/;
/** In an event of a class we do not read, only what would mislead about a channel is looked at. */
const NEVER_REPEATED = new Set(['event', 'privilege', 'channel', 'uniqueid', 'linkedid', 'actionid', 'timestamp']);

/** Why this unasked event is not to be believed, or null. */
export function distrust(message: AmiMessage): Verdict | null {
  const names = lowerNamesOf(message);
  if (names[1] !== 'privilege') return { reason: 'no-privilege', suspect: true };
  const event = message.name.toLowerCase();
  const mandatory = mandatoryOf(event);
  if (hasRepeated(names, mandatory !== undefined && event !== 'userevent')) {
    return { reason: 'repeated-header', suspect: true };
  }
  if (!mandatory) return null;
  // The PBX's stamp stands third; anywhere else somebody wrote it. What a dialplan names its own headers is its business.
  if (event !== 'userevent' && names.includes('timestamp', 3)) return { reason: 'missing-header', suspect: true };
  const complete =
    inOrder(names, mandatory) &&
    (!CALLER_OPTIONAL.has(event) || !names.includes('channel') || inOrder(names, SNAPSHOT));
  if (complete) return null;
  const lacksChannel = MAY_LACK_CHANNEL.has(event) && (message.get('Channel') ?? 'none') === 'none';
  return { reason: 'missing-header', suspect: !lacksChannel };
}

function mandatoryOf(event: string): readonly string[] | undefined {
  return Object.hasOwn(MANDATORY, event) ? MANDATORY[event] : undefined;
}

/** Whether its headers are known here, so that what it says may be about a call. */
export function isKnownEvent(name: string): boolean {
  return mandatoryOf(name.toLowerCase()) !== undefined;
}

/** Where a caller's text stands in an event: behind these, on every channel it shows. */
const CALLER_WRITES = /^(?:.*calleridnum|source)$/;

/** Whether these are the first headers of such an event, as far as its first number at least. All in lower case. */
export function isHead(event: string, names: readonly string[]): boolean {
  const mandatory = mandatoryOf(event);
  if (!mandatory || names[1] !== 'privilege') return false;
  const number = mandatory.findIndex((name) => CALLER_WRITES.test(name));
  const first = names.includes('channel') && CALLER_OPTIONAL.has(event) ? SNAPSHOT.slice(0, 4) : mandatory;
  return inOrder(names, first.slice(0, number + 1));
}

/** Whether an event with these headers ends before it has them all. */
export function isCutShort(event: string, names: readonly string[]): boolean {
  return !inOrder(names, mandatoryOf(event) ?? []);
}

/** The end of a channel, or of a CDR, without its beginning: the other half of an event that was cut. */
export function isRest(names: readonly string[]): boolean {
  if (names.includes('amaflags') && !names.includes('source')) return true;
  return names.some((name) => name.endsWith('priority') && !names.includes(`${name.slice(0, -8)}channelstate`));
}

function hasRepeated(names: readonly string[], all: boolean): boolean {
  if (all && new Set(names).size === names.length) return false;
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name) && (all ? !REPEATED.test(name) : NEVER_REPEATED.has(name))) return true;
    seen.add(name);
  }
  return false;
}

/** True when `wanted` is a subsequence of `names`. */
function inOrder(names: readonly string[], wanted: readonly string[]): boolean {
  let next = 0;
  for (const name of names) if (name === wanted[next]) next += 1;
  return next === wanted.length;
}
