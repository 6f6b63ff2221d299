/** A PBX whose inbound lines each meet one trial, with its phones and its clients. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAsterisk } from '../pbx/asterisk.js';
import type { Asterisk } from '../pbx/asterisk.js';
import { EXTENSIONS } from '../pbx/dialplan.js';
import type { Extension } from '../pbx/dialplan.js';
import type { Agent, AgentPlan } from '../pbx/sip-agent/agent.js';
import type { AgentCall } from '../pbx/sip-agent/call.js';
import { startPhoneAgent } from '../pbx/sip-agent/on-pbx.js';
import { until } from '../support/until.js';
import { WAS_HERE } from './http-trials.js';
import type { HttpTrial } from './http-trials.js';
import { redirectDialplan } from './redirect-pbx.js';

/** What a trial came to. */
export interface Came {
  what: string;
  /** The phones that rang for the client, in order, and what the last of them showed. */
  rang: string[];
  shown: string;
  caller: AgentCall['state'];
  /** Until the first phone rang for him. */
  waitedMs: number;
}

export interface HttpHost extends AsyncDisposable {
  asterisk: Asterisk;
  /** Every client calls on his trial's line, one soon after another; those named in `busy` talk with somebody all the while. */
  run(busy: readonly string[]): Promise<Came[]>;
  /** Whether a command ran that stood in an answer. */
  wasHere(): boolean;
}

export const lineOf = (nth: number): string => `0001${600 + nth}`;
export const clientOf = (nth: number): string => `+375290000${100 + nth}`;
const directLineOf = (extension: string): string => `0001${extension}`;

/** A caller's patience: more than any phone rings here, on a busy machine. */
const PATIENCE_MS = 30_000;
/** Between two calls: what a busy machine can bear. */
const APART_MS = 150;

const PLANS: Partial<Record<Extension, AgentPlan>> = {
  '152': { then: 'ring-on' },
  '153': { then: 'busy', ringMs: 0 },
  '156': { then: 'ring-on' },
};

export async function startHttpHost(
  version: 16 | 22,
  trials: readonly HttpTrial[],
  globals: Record<string, string>,
  extra = '',
): Promise<HttpHost> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const asterisk = await startAsterisk({
      version,
      extraDialplan: redirectDialplan({ globals, extra: `${inbound(trials)}${extra}` }),
    });
    stops.push(() => asterisk.stop());
    const phones = new Map<string, Agent>();
    for (const extension of EXTENSIONS) {
      const plan = PLANS[extension] ?? { then: 'answer', ringMs: 100 };
      const phone = await startPhoneAgent(asterisk, extension, { default: plan });
      phones.set(extension, phone);
      stops.push(() => phone.stop());
    }
    const clients = await startPhoneAgent(asterisk, 'trunk');
    stops.push(() => clients.stop());
    const legsOf = (nth: number) =>
      [...phones]
        .flatMap(([extension, phone]) => phone.legs().map((leg) => ({ extension, leg, phone })))
        .filter(({ leg }) => leg.from === clientOf(nth))
        .sort((one, other) => one.leg.invitedAt - other.leg.invitedAt);
    const settled = async ({ what, lost }: HttpTrial, nth: number, call: AgentCall) => {
      await call.reached(lost ? 'over' : 'talking', PATIENCE_MS);
      // The dialplan of the fleet answers the call itself before anybody does.
      const taken = ({ who, state }: AgentCall) => who.from === clientOf(nth) && state === 'talking';
      if (!lost) await until(`a talk: ${what}`, () => [...phones.values()].some(({ calls }) => calls.some(taken)));
    };
    const come = ({ what }: HttpTrial, nth: number, call: AgentCall): Came => {
      const legs = legsOf(nth);
      const last = legs.at(-1);
      const invite = last?.phone.trace().find((one) => one.callId === last.leg.callId && one.method === 'INVITE');
      return {
        what,
        rang: legs.map(({ extension }) => extension),
        shown: /^From: "((?:[^"\\]|\\.)*)"/m.exec(invite?.text ?? '')?.[1]?.replace(/\\(.)/g, '$1') ?? '',
        caller: call.state,
        waitedMs: (legs[0]?.leg.invitedAt ?? NaN) - clients.legOf(call).invitedAt,
      };
    };
    return {
      asterisk,
      async run(busy) {
        const others = busy.map((extension) => clients.call(directLineOf(extension), { from: '+375290000099' }));
        await Promise.all(others.map((call) => call.reached('talking', PATIENCE_MS)));
        const placed = [];
        for (const [nth, trial] of trials.entries()) {
          placed.push({ trial, nth, call: clients.call(lineOf(nth), { from: clientOf(nth) }) });
          await sleep(APART_MS);
        }
        await Promise.all(placed.map(({ trial, nth, call }) => settled(trial, nth, call)));
        const came = placed.map(({ trial, nth, call }) => come(trial, nth, call));
        await Promise.all([...placed.map(({ call }) => call), ...others].map((call) => call.hangUp()));
        return came;
      },
      // The PBX sees a root of its own.
      wasHere: () => existsSync(`${asterisk.recordings.replace('/var/spool/asterisk/monitor', '')}${WAS_HERE}`),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What a trial should come to, for comparison. */
export function wanted({ what, rings, shows, lost }: HttpTrial, { shown }: Came): Omit<Came, 'waitedMs'> {
  return { what, rang: [...rings], shown: shows ?? shown, caller: lost ? 'over' : 'talking' };
}

/** Lines 00016NN, one a trial, 0001NNN that ring a phone, and a default route that asks once more. */
function inbound(trials: readonly HttpTrial[]): string {
  const lines = trials.map(({ inbound: before = [], asks }, nth) => {
    const steps = [...before, ...(asks ?? ['Goto(smart-redirect-http-start,${EXTEN},1)'])];
    return steps.map((step, n) => (n === 0 ? `exten => ${lineOf(nth)},1,${step}` : ` same => n,${step}`)).join('\n');
  });
  return `
[from-trunk](+)
${EXTENSIONS.map((extension) => `exten => ${directLineOf(extension)},1,Dial(PJSIP/${extension})`).join('\n')}
${lines.join('\n')}

[again]
exten => _X!,1,Set(TRUNKLINE_DEFAULT=default-route)
 same => n,Goto(smart-redirect-http-start,\${EXTEN},1)
`;
}
