/** A fact in one line. */
import type { ChannelInfo, Fact } from './facts.js';
import { uidOf } from './facts.js';
import type { KeptFact } from './timeline-store.js';

/** A fact as it was received. */
export interface FactSeen {
  /** The PBX's stamp, where it gave one. */
  stamp: number | null;
  /** Our clock. */
  arrivedAt: number;
  source: string;
  /** As notes name it. */
  kind: string;
  uid: string;
  text: string;
}

export function factSeen(fact: Fact): FactSeen {
  const { source, arrivedAt, stamped, at } = fact;
  const kind = fact.kind === 'fleet' ? fact.fleet.event : fact.kind;
  return { stamp: stamped ? at : null, arrivedAt, source, kind, uid: uidOf(fact), text: textOf(fact) };
}

/** AMI facts are kept as they were folded, posts as they came. */
export function keptFactSeen({ arrivedAt, source, uid, type, raw }: KeptFact): FactSeen {
  if (source !== 'webhook') return { ...factSeen(raw as Fact), arrivedAt };
  return { stamp: null, arrivedAt, source, kind: type, uid, text: fieldsOf(raw as object) };
}

function textOf(fact: Fact): string {
  switch (fact.kind) {
    case 'channel.new':
      return `${shown(fact.channel)}${numberOf(fact.channel)}, dialled ${fact.channel.exten ?? 'nothing'}`;
    case 'channel.state':
      return shown(fact.channel);
    case 'channel.seen':
      return `${shown(fact.channel)}${fact.asked ? ', the PBX says' : ''}`;
    case 'channel.cut':
      return `${fact.name}, in an event its caller had cut`;
    case 'channel.hold':
      return `${fact.channel.name} ${fact.on ? 'puts the other side on hold' : 'comes back'}`;
    case 'channel.gone':
      return `${fact.channel.name}, cause ${fact.cause ?? 'unknown'}`;
    case 'channel.confirmed-gone':
      return fact.uid;
    case 'dial.begin':
      return `${nameOf(fact.channel)} dials ${fact.dest.name}${fact.dialString === null ? '' : ` (${fact.dialString})`}`;
    case 'dial.end':
      return `${nameOf(fact.channel)} dialled ${fact.dest.name}: ${fact.status}`;
    case 'bridge.enter':
      return `${fact.channel.name} enters ${fact.bridge.slice(0, 8)} (${fact.technology ?? fact.bridgeType ?? 'bridge'})`;
    case 'bridge.leave':
      return `${fact.channel.name} leaves ${fact.bridge.slice(0, 8)}`;
    case 'bridge.create':
    case 'bridge.destroy':
      return fact.bridge.slice(0, 8);
    case 'bridge.merge':
      return `${fact.from.slice(0, 8)} into ${fact.to.slice(0, 8)}`;
    case 'local.pair':
      return `${fact.one.name} and ${fact.two.name}`;
    case 'transfer.blind':
      return `${fact.transferer.name} sends ${nameOf(fact.transferee)} to ${fact.exten ?? '?'}${ifFailed(fact.ok)}`;
    case 'transfer.attended':
      return `${fact.transferer.name} joins ${nameOf(fact.transferee)} with ${nameOf(fact.target)}${ifFailed(fact.ok)}`;
    case 'pickup':
      return `${fact.channel.name} takes the call of ${fact.target.name}`;
    case 'queue.join':
      return `${fact.channel.name} waits in ${fact.queue}`;
    case 'recording.started':
      return fact.channel.name;
    case 'recording.file':
      return fact.file;
    case 'cdr':
      return `${fact.channel}, ${fact.disposition}`;
    case 'fleet':
      return fieldsOf(fact.fleet);
    case 'snapshot':
      return `${fact.channels.length} channels`;
    case 'link.up':
      return fact.restarted ? 'the PBX was restarted' : '';
    case 'clock.stepped':
      return `our clock was set by ${Math.round(fact.by / 1_000)} s`;
    case 'link.lost':
    case 'timer':
      return '';
  }
}

function shown({ name, state }: ChannelInfo): string {
  return state === null ? name : `${name} ${state}`;
}

function numberOf({ callerNum }: ChannelInfo): string {
  return callerNum === null ? '' : ` from ${callerNum}`;
}

function nameOf(channel: ChannelInfo | null): string {
  return channel?.name ?? 'the PBX';
}

function ifFailed(ok: boolean): string {
  return ok ? '' : ', which failed';
}

/** What a post said, without what it left empty. */
function fieldsOf(post: object): string {
  return Object.entries(post)
    .filter(([name, value]) => !/^(event|uid|uniqueid|token)$/i.test(name) && said(value))
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join('&') : String(value)}`)
    .join(', ');
}

function said(value: unknown): boolean {
  return value !== null && value !== undefined && value !== '' && value !== false && String(value) !== '';
}
