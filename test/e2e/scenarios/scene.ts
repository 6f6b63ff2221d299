/** One scenario on the ground: a client of its own, and what those who take part do. Many run side by side. */
import { setTimeout as sleep } from 'node:timers/promises';
import { headerOf } from '../../pbx/ami-probe.js';
import { tagOf } from '../../pbx/callers.js';
import type { Extension } from '../../pbx/dialplan.js';
import type { AgentPlan } from '../../pbx/sip-agent/agent.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import type { SipLeg } from '../../pbx/sip-trace.js';
import { MOBILE } from './dialplan.js';
import type { Ground, Who } from './ground.js';
import type { Truth } from './truth.js';

export interface Scenario {
  readonly name: string;
  play(scene: Scene): Promise<Truth | Truth[]>;
}

/** Clients a scenario may have. */
const CLIENTS = 20;
const SPELLINGS = [(n: string) => n, (n: string) => n.slice(1), (n: string) => `80${n.slice(4)}`];

export class Scene {
  constructor(
    readonly ground: Ground,
    /** Of the scenario: no two have a client in common. */
    readonly index: number,
  ) {}

  /** The client's number, in E.164 and as the trunk shows it. */
  external(client = 0): string {
    return `+37529000${String(1_000 + this.index * CLIENTS + client)}`;
  }

  number(client = 0): string {
    return (SPELLINGS[(this.index + client) % SPELLINGS.length] as (n: string) => string)(this.external(client));
  }

  tag(client = 0): string {
    return tagOf(1 + this.index * CLIENTS + client);
  }

  pause(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** The client calls a line. */
  comesIn(line: string, { client = 0, tag = this.tag(client) } = {}): AgentCall {
    return this.ground.agent('trunk').call(line, { from: this.number(client), name: tag });
  }

  /** A phone calls somebody; absent: the client. */
  dials(who: Extension, number = this.number()): AgentCall {
    return this.ground.agent(who).call(number);
  }

  plan(who: Who, plan: AgentPlan, key = this.tag()): void {
    this.ground.plan(who, key, plan);
  }

  /** A phone that rings for our client, or for a colleague. */
  rings(who: Extension, { tag = this.tag(), from }: { tag?: string; from?: string } = {}): Promise<AgentCall> {
    return this.#rings(who, (call) => (from === undefined ? call.who.tag === tag : call.who.from === from));
  }

  async answers(who: Extension, ringMs: number, by: { tag?: string; from?: string } = {}): Promise<AgentCall> {
    return await picksUp(await this.rings(who, by), ringMs);
  }

  /** The number called rings behind a trunk. */
  clientRings(number = this.number(), trunk: 'trunk' | 'reserve' = 'trunk'): Promise<AgentCall> {
    return this.#rings(trunk, (call) => call.who.number === number);
  }

  /** The number is called and nobody says a word yet. */
  clientCalled(): Promise<AgentCall> {
    return this.ground.agent('trunk').incoming((call) => call.who.number === this.number());
  }

  async clientAnswers(
    ringMs: number,
    number = this.number(),
    trunk: 'trunk' | 'reserve' = 'trunk',
  ): Promise<AgentCall> {
    return await picksUp(await this.clientRings(number, trunk), ringMs);
  }

  /** The staff mobile rings for our client. */
  mobileRings(): Promise<AgentCall> {
    return this.#rings('trunk', (call) => call.who.number === MOBILE && call.who.tag === this.tag());
  }

  async mobileAnswers(ringMs: number): Promise<AgentCall> {
    return await picksUp(await this.mobileRings(), ringMs);
  }

  async #rings(who: Who, fits: (call: AgentCall) => boolean): Promise<AgentCall> {
    return await (await this.ground.agent(who).incoming(fits)).reached('ringing');
  }

  /** The channel on which `who` talks with our client. */
  async channelOf(who: Extension): Promise<string> {
    const event = await this.ground.ami.find(
      (message) =>
        headerOf(message, 'Event') === 'DialEnd' &&
        headerOf(message, 'DialStatus') === 'ANSWER' &&
        headerOf(message, 'CallerIDName') === this.tag() &&
        headerOf(message, 'DestChannel')?.startsWith(`${this.ground.technology}/${who}-`) === true,
    );
    return headerOf(event, 'DestChannel') ?? '';
  }

  async act(action: string, headers: Record<string, string>): Promise<void> {
    const answer = await this.ground.ami.action(action, headers);
    if (headerOf(answer, 'Response') !== 'Success')
      throw new Error(`${action} refused: ${headerOf(answer, 'Message') ?? 'no message'}`);
  }

  leg(call: AgentCall): SipLeg {
    return this.ground.legOf(call);
  }

  /** From the first 180 a phone sent for it. */
  rang(call: AgentCall): number {
    return known(this.leg(call).ringingAt, 'rang');
  }

  picked(call: AgentCall): number {
    return known(this.leg(call).answeredAt, 'was answered');
  }

  ended(call: AgentCall): number {
    return known(this.leg(call).endedAt, 'ended');
  }

  /** From a leg's answer until it ended, or that of the other side, whichever was first. */
  talk(answered: AgentCall, other: AgentCall): [number, number] {
    return [this.picked(answered), Math.min(this.ended(answered), this.ended(other))];
  }

  /** From this leg's answer until the next one is called: whoever sends a client off leaves him then. */
  upUntil(call: AgentCall, next: AgentCall): [number, number] {
    return [this.picked(call), this.leg(next).invitedAt];
  }

  /** An incoming call of our client that was nothing out of the ordinary, but for what is said. */
  came(call: AgentCall, more: Partial<Truth> & Pick<Truth, 'rang' | 'result'>, client = 0): Truth {
    return {
      ...this.#plain(call, more),
      find: { tag: call.who.tag ?? '' },
      direction: 'in',
      external: this.external(client),
      line: call.who.number,
      ...more,
    };
  }

  /** A call of one of the staff to our client. */
  went(call: AgentCall, more: Partial<Truth> & Pick<Truth, 'result'>, client = 0): Truth {
    return {
      ...this.#plain(call, more),
      find: { src: call.who.from, dst: call.who.number },
      direction: 'out',
      external: this.external(client),
      line: 'trunk',
      caller: call.who.from,
      agents: more.result === 'answered' ? [call.who.from] : [],
      ...more,
    };
  }

  #plain(call: AgentCall, { result, rang = [] }: Partial<Truth>) {
    const answered = result === 'answered';
    return {
      caller: null,
      rang,
      rangLater: [],
      agents: answered ? rang : [],
      transfers: [],
      hold: false,
      recorded: false,
      queue: null,
      disposition: answered ? ('ANSWERED' as const) : ('NO ANSWER' as const),
      billed: answered,
      startedAt: this.leg(call).invitedAt,
      ringAt: null,
      endedAt: this.ended(call),
      talks: [],
    };
  }
}

async function picksUp(call: AgentCall, ringMs: number): Promise<AgentCall> {
  await sleep(ringMs);
  call.answer();
  return await call.reached('talking');
}

function known(time: number | null, what: string): number {
  if (time === null) throw new Error(`by the SIP messages it never ${what}`);
  return time;
}
