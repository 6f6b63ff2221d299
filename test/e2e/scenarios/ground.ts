/** One real PBX with everybody on it: phones, clients behind the trunk, the reserve trunk. */
import { startAsterisk, type Asterisk } from '../../pbx/asterisk.js';
import type { AmiProbe } from '../../pbx/ami-probe.js';
import { EXTENSIONS, type Extension } from '../../pbx/dialplan.js';
import type { Agent, AgentPlan } from '../../pbx/sip-agent/agent.js';
import type { AgentCall } from '../../pbx/sip-agent/call.js';
import { startPhoneAgent } from '../../pbx/sip-agent/on-pbx.js';
import type { SipLeg } from '../../pbx/sip-trace.js';
import { watchLateness, type Lateness } from '../../support/lateness.js';
import { followMeConf, parkingConf, scenarioDialplan } from './dialplan.js';

export type Who = Extension | 'trunk' | 'reserve';

export interface Ground {
  readonly kind: Kind;
  /** What its channels' names begin with. */
  readonly technology: 'SIP' | 'PJSIP';
  readonly asterisk: Asterisk;
  /** Sees everything, may do everything. */
  readonly ami: AmiProbe;
  agent(who: Who): Agent;
  /** From now on `who` does this with a call of this tag, or to this number; without a plan a phone rings on. */
  plan(who: Who, key: string, plan: AgentPlan): void;
  legOf(call: AgentCall): SipLeg;
  /** Of the process the phones are in. */
  readonly lateness: Lateness;
  stop(): Promise<void>;
}

/** The PBXs a scenario is placed on. */
export const KINDS = {
  '16': { version: 16, chanSip: false },
  '16-sip': { version: 16, chanSip: true },
  '22': { version: 22, chanSip: false },
} as const;
export type Kind = keyof typeof KINDS;

/** @param dialplan more of it, beside the scenarios' own */
export async function openGround(kind: Kind, dialplan = ''): Promise<Ground> {
  const { version, chanSip } = KINDS[kind];
  const asterisk = await startAsterisk({
    version,
    chanSip,
    extraDialplan: `${scenarioDialplan}\n${dialplan}`,
    files: { 'followme.conf': followMeConf, 'res_parking.conf': parkingConf },
  });
  const plans = new Map<Who, Record<string, AgentPlan>>();
  const agents = new Map<Who, Agent>();
  let ami: AmiProbe | null = null;
  const lateness = watchLateness();
  const stop = async () => {
    lateness.stop();
    await Promise.all([...agents.values()].map((agent) => agent.stop()));
    await ami?.close();
    await asterisk.stop();
  };
  try {
    for (const who of [...EXTENSIONS, 'trunk', 'reserve'] as const) {
      const calls: Record<string, AgentPlan> = {};
      plans.set(who, calls);
      agents.set(who, await startPhoneAgent(asterisk, who, { default: { then: 'ring-on' }, calls }));
    }
    ami = await asterisk.probe('crm');
    await ami.action('Events', { EventMask: 'call' });
  } catch (error) {
    await stop();
    throw error;
  }
  const agent = (who: Who): Agent => {
    const found = agents.get(who);
    if (!found) throw new Error(`nobody is ${who}`);
    return found;
  };
  return {
    kind,
    technology: chanSip ? 'SIP' : 'PJSIP',
    asterisk,
    ami,
    agent,
    plan: (who, key, plan) => void Object.assign(plans.get(who) ?? {}, { [key]: plan }),
    legOf(call) {
      const owner = [...agents.values()].find((one) => one.calls.includes(call));
      if (!owner) throw new Error('a call of nobody here');
      return owner.legOf(call);
    },
    lateness,
    stop,
  };
}
