/**
 * One post of the fleet, as read. Hosts run several generations of the poster: the same field comes as a number or as
 * text, missing, empty, as the word `<unknown>`, in quotes or with a line end. What is odd but readable is read as meant.
 */
import type { Fact, FleetEvent } from '../calls/facts.js';
import { TrunklineError } from '../platform/errors.js';

export type FleetEventName = FleetEvent['event'];

/** A post that passed the door: what is stored, and all that is needed to read it again. */
export interface AcceptedWebhook {
  /** PBX key, `host:port` or `webhook/<enterprise number>`. */
  pbx: string;
  /** Enterprise number, proved by the token. */
  enterprise: string;
  event: FleetEventName;
  /** Unique id of the channel; empty for `bridge_create` and `bridge_destroy`. */
  uid: string;
  /** The body as posted, without the token. */
  raw: object;
  /** Unix ms by our clock. */
  arrivedAt: number;
}

export const FLEET_EVENTS = [
  'start',
  'dial',
  'bridge',
  'bridge_create',
  'bridge_leave',
  'bridge_destroy',
  'new_callerid',
  'hangup',
] as const satisfies readonly FleetEventName[];

export function isFleetEvent(name: string): name is FleetEventName {
  return (FLEET_EVENTS as readonly string[]).includes(name);
}

/** Anything longer or stranger could leave a path or a query it is put into. */
const UID = /^[\w.-]{1,150}$/;
const WITHOUT_UID: readonly FleetEventName[] = ['bridge_create', 'bridge_destroy'];

/**
 * @param event name of the endpoint
 * @param raw the parsed JSON body
 * @throws TrunklineError WEBHOOK_MALFORMED when it is no object, no known event, or the unique id is missing or no id.
 */
export function parseFleetEvent(event: string, raw: unknown): FleetEvent {
  if (!isFleetEvent(event)) throw malformed(`no such event: ${event.slice(0, 40)}`);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw malformed('the body is not a JSON object');
  const field = fieldReader(raw);
  return {
    event,
    uid: readUid(event, field('uniqueid')),
    phone: text(field('phone')),
    extensions: readExtensions(field('extensions')),
    callType: readCallType(field('calltype')),
    callStatus: text(field('callstatus')),
    trunk: text(field('trunk')),
    bridge: text(field('bridgeuniqueid')),
    channel: text(field('channel')),
    exten: text(field('exten')),
    context: text(field('context')),
    callerNum: text(field('calleridnum')),
    callerName: text(field('calleridname')),
    connectedNum: text(field('connectedlinenum')),
    connectedName: text(field('connectedlinename')),
    bridgeNumChannels: readCount(field('bridgenumchannels')),
    dateReceived: readDate(field('datereceived')),
    startTime: readDate(field('starttime')),
    endTime: readDate(field('endtime')),
    externalInitiated: readFlag(field('externalinitiated')),
  };
}

/** A stored post as the tracker's fact. Its time is that of arrival: posts come 1 to 8 s after what they tell. */
export function toFact(row: Pick<AcceptedWebhook, 'enterprise' | 'event' | 'raw' | 'arrivedAt'>): Fact {
  return {
    kind: 'fleet',
    source: 'webhook',
    at: row.arrivedAt,
    arrivedAt: row.arrivedAt,
    stamped: false,
    enterprise: row.enterprise,
    fleet: parseFleetEvent(row.event, row.raw),
  };
}

/** By the name in small letters: some posters write `Uniqueid`, some `UniqueId`. */
function fieldReader(raw: object): (name: string) => unknown {
  const byLowerName = new Map<string, unknown>();
  for (const [name, value] of Object.entries(raw)) byLowerName.set(name.toLowerCase(), value);
  return (name) => byLowerName.get(name);
}

/** Nearly all values: nothing is to be taken off. */
const PLAIN = /^[\w+./@;-]+$/;

/** Text without spaces, line ends and quotes around it or anything invisible in it; null for nothing and `<unknown>`. */
function text(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  const read = bare(value).replace(/\p{C}/gu, '');
  return read === '' || read.toLowerCase() === '<unknown>' ? null : read;
}

/** Takes off whatever a dialplan left around a value: spaces, line ends (also as a literal `\n`), quotes. */
export function bare(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return '';
  let read = value;
  for (;;) {
    const trimmed = read
      .trim()
      .replace(/(?:\\[nr])+$/, '')
      .replace(/^(["'])([^]*)\1$/, '$2');
    if (trimmed === read) return read;
    read = trimmed;
  }
}

function readUid(event: FleetEventName, value: unknown): string | null {
  const uid = text(value);
  if (uid === null) {
    if (WITHOUT_UID.includes(event)) return null;
    throw malformed('UniqueId is missing');
  }
  if (!UID.test(uid)) throw malformed('UniqueId is not a unique id');
  return uid;
}

function readCallType(value: unknown): FleetEvent['callType'] {
  switch (text(value)) {
    case '0':
      return 0;
    case '1':
      return 1;
    case '2':
      return 2;
    default:
      return null;
  }
}

/** `["150","152"]`, `["150&152"]`, `"150&152"`, `[""]`, `""`, `151` or nothing at all. */
function readExtensions(value: unknown): string[] {
  const parts = Array.isArray(value) ? value : [value];
  return parts
    .flatMap((part) => bare(part).split(/[&,]/))
    .map((part) => text(unwrap(bare(part))))
    .filter((part) => part !== null);
}

/** `SIP/151`, `PJSIP/151-0000000c`, `SIP/0001363/375290000001`, `Local/152@dialexecute-00000001;2`: the number dialled. */
function unwrap(target: string): string {
  const dialled = /^[A-Za-z]\w*\/(.+)$/.exec(target)?.[1];
  if (dialled === undefined) return target;
  const number = dialled
    .replace(/@.*$/, '')
    .replace(/;[12]$/, '')
    .replace(/-[0-9a-f]{8}$/, '');
  return number.slice(number.lastIndexOf('/') + 1);
}

function readCount(value: unknown): number | null {
  const read = text(value);
  return read !== null && /^\d{1,6}$/.test(read) ? Number(read) : null;
}

function readDate(value: unknown): string | null {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)?$/.exec(text(value) ?? '');
  return match ? `${match[1]} ${match[2]}` : null;
}

function readFlag(value: unknown): boolean {
  return value === true || ['true', '1', 'yes'].includes(bare(value).toLowerCase());
}

function malformed(why: string): TrunklineError {
  return new TrunklineError('WEBHOOK_MALFORMED', why);
}
