/**
 * What a scenario is played with: verbs for clients, phones and mobiles, and the times of it all as the SIP messages of
 * those ends show them. Nothing here knows of AMI, webhooks or the product.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../sip-agent/agent.js';
import type { AgentCall } from '../sip-agent/call.js';
import { legsOf, type SipLeg, type SipMessage } from '../sip-trace.js';
import type { FleetPbx } from './fleet-pbx.js';
import { MOBILE, type Extension, type Trunk } from './ground.js';

/** Unless a scenario says otherwise. Long enough that no two moments are taken for one, short enough to wait for. */
const RING_MS = 500;
const TALK_MS = 1_500;
const KEY_MS = 300;

export const CLIENT = '375290000001';
export const CALLED = '375290000002';

export class Stage {
  readonly #began = Date.now();

  constructor(readonly pbx: FleetPbx) {}

  /** Whether this host says whom a phone, or a transfer, dials. */
  get saysWhoIsDialled(): boolean {
    return this.pbx.kind.localcallStart;
  }

  /** A client calls in. Gateways of some lines put their line's id into the number; the name always has the number. */
  calls(line: string, how: { over?: Trunk; number?: string } = {}): AgentCall {
    return this.pbx.trunks[how.over ?? '0001363'].call(line, { from: how.number ?? CLIENT, name: CLIENT });
  }

  /** A phone dials. */
  dials(extension: Extension, number: string): AgentCall {
    return this.pbx.phones[extension].call(number);
  }

  /** Somebody clicks on a number in a CRM: what the fleet's server does on the host. */
  async clicks(extension: Extension, number: string): Promise<void> {
    await this.pbx.asterisk.cli(`database put extcall nextcall_${extension} +${number}`);
    await this.pbx.asterisk.cli(
      `channel originate LOCAL/${extension}@web-originate application Dial LOCAL/${number}@inoffice`,
    );
  }

  /** From now on this phone refuses, as one that is off the hook with no second line. */
  busy(extension: Extension): void {
    this.pbx.phones[extension].take({ default: { then: 'busy', ringMs: 0 } });
  }

  /** The line's only channel is taken (by the client's own call, say): whatever goes out over it is refused. */
  full(trunk: Trunk): void {
    this.pbx.trunks[trunk].take({ default: { then: 'busy', ringMs: 0 } });
  }

  /** The next call that rings on this phone. */
  rings(extension: Extension): Promise<AgentCall> {
    return ringing(this.pbx.phones[extension], () => true);
  }

  /** The next call that goes out over this trunk to that number. */
  ringsOutside(trunk: Trunk, number = CALLED): Promise<AgentCall> {
    return ringing(this.pbx.trunks[trunk], (call) => call.who.number === number);
  }

  /** The staff's mobile, reached over a trunk. */
  mobileRings(trunk: Trunk = '0001366'): Promise<AgentCall> {
    return this.ringsOutside(trunk, MOBILE);
  }

  async answers(leg: AgentCall, afterMs = RING_MS): Promise<AgentCall> {
    await sleep(afterMs);
    leg.answer();
    return await leg.reached('talking');
  }

  async talk(ms = TALK_MS): Promise<void> {
    await sleep(ms);
  }

  async hangsUp(leg: AgentCall): Promise<void> {
    await leg.hangUp();
  }

  /** Ends by the other side's doing; when that was. */
  async ends(leg: AgentCall): Promise<number> {
    await leg.reached('over');
    return this.endedAt(leg);
  }

  /** The next call this phone refuses; when. */
  async refuses(extension: Extension): Promise<number> {
    const call = await this.pbx.phones[extension].incoming(
      (one) => one.finalStatus === 486 && this.#legs().has(one.callId),
    );
    return this.endedAt(call);
  }

  /** `*2` and the number: the client waits, the two talk. */
  async consults(leg: AgentCall, number: string): Promise<void> {
    await press(leg, '*2', number);
  }

  /** `##` and the number: the client is sent off. */
  async sends(leg: AgentCall, number: string): Promise<void> {
    await press(leg, '##', number);
  }

  /** Everybody hung up and the PBX has nothing left of it. */
  async quiet(): Promise<void> {
    for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(50)) {
      if ((await this.pbx.asterisk.cli('core show channels count')).startsWith('0 active channels')) return;
    }
    throw new Error(`channels are left:\n${await this.pbx.asterisk.cli('core show channels verbose')}`);
  }

  /** For the next scenario: every phone rings on again. */
  reset(): void {
    for (const agent of this.#agents()) agent.take({ default: { then: 'ring-on' } });
  }

  /** When what happened to a call, by its own end's log. */
  times(call: AgentCall): SipLeg {
    const leg = this.#legs().get(call.callId);
    if (!leg) throw new Error(`no messages of the call to ${call.who.number}`);
    return leg;
  }

  answeredAt(call: AgentCall): number {
    return known(this.times(call).answeredAt);
  }

  endedAt(call: AgentCall): number {
    return known(this.times(call).endedAt);
  }

  /** When the first phone was called for whom this leg's keys asked for. */
  calledAt(leg: AgentCall): number {
    const keys = this.#messages().filter(
      (one) => one.sent && one.callId === leg.callId && one.method === 'INFO' && one.status === null,
    );
    const asked = known(keys.at(-1)?.at ?? null);
    const called = this.#rung().flatMap(({ invitedAt }) => (invitedAt > asked ? [invitedAt] : []));
    return Math.min(...called);
  }

  /** The phones (and the mobile) that rang since then. */
  rung(since: number): { who: string; at: number }[] {
    return this.#rung()
      .flatMap(({ who, ringingAt: at }) => (at !== null && at >= since ? [{ who, at }] : []))
      .sort((one, other) => one.at - other.at);
  }

  /** Calls that came to phones or to the mobile, with whose they are. */
  #rung(): (SipLeg & { who: string })[] {
    const legs = this.#legs();
    const mobiles = Object.values(this.pbx.trunks).flatMap((agent) =>
      agent.calls.filter((call) => call.who.number === MOBILE).map((call) => [`+${MOBILE}`, call] as const),
    );
    const phones = Object.entries(this.pbx.phones).flatMap(([extension, agent]) =>
      agent.calls.map((call) => [extension, call] as const),
    );
    return [...phones, ...mobiles].flatMap(([who, call]) => {
      const leg = call.who.direction === 'in' ? legs.get(call.callId) : undefined;
      return leg ? [{ ...leg, who }] : [];
    });
  }

  /** Of this scenario, by Call-ID. */
  #legs(): Map<string, SipLeg> {
    return new Map(legsOf(this.#messages()).map((leg) => [leg.callId, leg]));
  }

  #messages(): SipMessage[] {
    return this.#agents().flatMap((agent) => {
      const all = agent.trace();
      return all.slice(firstSince(all, this.#began));
    });
  }

  #agents(): Agent[] {
    return [...Object.values(this.pbx.phones), ...Object.values(this.pbx.trunks)];
  }
}

async function ringing(agent: Agent, fits: (call: AgentCall) => boolean): Promise<AgentCall> {
  const call = await agent.incoming((one) => one.state !== 'over' && fits(one));
  return await call.reached('ringing');
}

async function press(leg: AgentCall, code: string, number: string): Promise<void> {
  await leg.dtmf(code);
  await sleep(KEY_MS);
  await leg.dtmf(number);
}

function known(at: number | null): number {
  if (at === null) throw new Error('the SIP log does not show that moment');
  return at;
}

/** Traces grow with every scenario; what is looked for is near the end. */
function firstSince(messages: readonly SipMessage[], since: number): number {
  let first = messages.length;
  while (first > 0 && (messages[first - 1]?.at ?? 0) >= since) first -= 1;
  return first;
}
