import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../../pbx/sip-agent/agent.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import type { SipLeg } from '../../pbx/sip-trace.js';
import type { Seat } from './seat.js';

/** Long enough for a wait that runs out and phones that do not answer, on a busy machine. */
const PATIENCE_MS = 90_000;

/** One call of a client, with the phones that rang for it. */
export class ClientCall {
  readonly seat: Seat;
  readonly call: AgentCall;
  readonly #ends: { clients: Agent; phones: Agent };
  /** Calls the phones had before. */
  readonly #before: number;

  constructor(seat: Seat, call: AgentCall, ends: { clients: Agent; phones: Agent }) {
    this.seat = seat;
    this.call = call;
    this.#ends = ends;
    this.#before = ends.phones.calls.length;
  }

  get leg(): SipLeg {
    return this.#ends.clients.legOf(this.call);
  }

  /** In the order they began to ring. A caller without a number is known by the phone his line leads to. */
  ringing(): AgentCall[] {
    const { from } = this.call.who;
    const isMine = ({ who }: AgentCall) => (/\d/.test(from) ? who.from === from : who.number === this.seat.id);
    return this.#ends.phones.calls.slice(this.#before).filter((call) => call.who.direction === 'in' && isMine(call));
  }

  rang(): string[] {
    return this.ringing().map(({ who }) => who.number);
  }

  /** When the phone that was answered began to ring, Unix ms. */
  reachedAt(): number {
    const answered = this.#answered();
    return answered ? this.#ends.phones.legOf(answered).invitedAt : NaN;
  }

  /** How long nobody's phone rang for him, though he heard it ringing: until the one that was answered began to. */
  waitedMs(): number {
    return this.reachedAt() - this.leg.invitedAt;
  }

  /** Until somebody answers; talks for a moment, and hangs up. Resolves with the phone that answered. */
  async talk(ms = 400): Promise<string> {
    await this.call.reached('talking', PATIENCE_MS);
    await sleep(ms);
    const by = this.#answered()?.who.number ?? 'nobody';
    if (this.call.state !== 'talking') throw new Error(`the talk of ${this.seat.client} with ${by} was cut`);
    await this.call.hangUp();
    return by;
  }

  /** He is lost when the call ended and he had not hung up. */
  lost(): boolean {
    return this.call.state === 'over' && this.leg.endedBy !== 'here';
  }

  #answered(): AgentCall | undefined {
    return this.ringing().find((call) => call.finalStatus === 200);
  }
}
