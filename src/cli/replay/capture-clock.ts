/**
 * When the messages of a recorded session were written. A session with stamps says it. Of one without only the order is
 * sure; what it tells of time are seconds: each message was written after the channels it shows were made (their unique
 * ids), and CDRs say when a dial was answered and when two channels parted. A CDR comes after what it tells, so the whole
 * session is looked at first. Where nothing is told time stands still, but for a millisecond a message.
 */
import type { AmiMessage } from '../../ami/message.js';
import { stampOf } from '../../ami/translate.js';
import { epochOf } from '../../calls/tracker-time.js';

/** Unix ms of each message, never running back. */
export function timesOf(events: readonly AmiMessage[]): number[] {
  const stamps = events.map((event) => stampOf(event) ?? 0);
  const isStamped = stamps.some((stamp) => stamp > 0);
  const cdrs = new Cdrs(events);
  const told = isStamped ? stamps : events.map((event) => cdrs.notBefore(event));
  let now = told.find((at) => at > 0) ?? 0;
  return told.map((at) => (now = Math.max(now + (isStamped ? 0 : 1), at)));
}

/** What two channels had with each other. */
interface Together {
  answeredAt: number;
  endedAt: number;
}

const QUARTER_MS = 15 * 60_000;

class Cdrs {
  readonly #pairs = new Map<string, Together>();
  readonly #members = new Map<string, string[]>();

  constructor(events: readonly AmiMessage[]) {
    const cdrs = events.filter(({ name }) => name === 'Cdr');
    const offset = offsetOf(cdrs, firstOf(events));
    const ms = (text: string | undefined) => (asUtc(text) ?? offset) - offset;
    for (const cdr of cdrs) {
      const together = { answeredAt: ms(cdr.get('AnswerTime')), endedAt: ms(cdr.get('EndTime')) };
      this.#pairs.set(pairOf(cdr.get('Channel'), cdr.get('DestinationChannel')), together);
    }
  }

  notBefore(event: AmiMessage): number {
    return Math.max(...madeIn(event), this.#told(event, event.get('Channel') ?? ''));
  }

  #told(event: AmiMessage, channel: string): number {
    const bridge = event.get('BridgeUniqueid') ?? '';
    const others = this.#members.get(bridge) ?? [];
    switch (event.name) {
      case 'DialEnd': {
        const pair = this.#pairs.get(pairOf(channel, event.get('DestChannel')));
        return (event.get('DialStatus') === 'ANSWER' ? pair?.answeredAt : pair?.endedAt) ?? 0;
      }
      case 'BridgeEnter':
        this.#members.set(bridge, [...others, channel]);
        return 0;
      case 'BridgeLeave':
        this.#members.set(
          bridge,
          others.filter((other) => other !== channel),
        );
        return Math.max(0, ...others.map((other) => this.#parted(channel, other)));
      case 'Hangup':
        return Math.max(0, ...[...this.#pairs].map(([pair, { endedAt }]) => (isIn(channel, pair) ? endedAt : 0)));
      default:
        return 0;
    }
  }

  #parted(one: string, other: string): number {
    return (this.#pairs.get(pairOf(one, other)) ?? this.#pairs.get(pairOf(other, one)))?.endedAt ?? 0;
  }
}

/** When the channels an event shows were made, as their unique ids tell. */
function madeIn(event: AmiMessage): number[] {
  return [event.get('Uniqueid'), event.get('DestUniqueid')].flatMap((uid) => epochOf(uid ?? '') ?? []);
}

function firstOf(events: readonly AmiMessage[]): number | null {
  for (const event of events) for (const at of madeIn(event)) return at;
  return null;
}

/**
 * CDRs are in local time. The first one of a channel begins when the channel is made; of one whose id tells no time, about
 * when the session does.
 */
function offsetOf(cdrs: readonly AmiMessage[], first: number | null): number {
  const ahead = cdrs.flatMap((cdr) => {
    const made = epochOf(cdr.get('UniqueID') ?? '') ?? first;
    const start = asUtc(cdr.get('StartTime'));
    return made === null || start === null ? [] : [start - made];
  });
  return ahead.length === 0 ? 0 : Math.round(Math.min(...ahead) / QUARTER_MS) * QUARTER_MS;
}

function asUtc(stamp: string | undefined): number | null {
  const ms = Date.parse(`${(stamp ?? '').replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? null : ms;
}

const SEPARATOR = ' → ';
const pairOf = (one: string | undefined, other: string | undefined) => `${one ?? ''}${SEPARATOR}${other ?? ''}`;
const isIn = (channel: string, pair: string) => pair.split(SEPARATOR).includes(channel);
