/**
 * A phone, or the far end of a trunk, in this process: takes calls by a plan or by hand, places calls, transfers, holds.
 *
 * It binds one port for both ways, names itself as it is told and carries any header, so that every kind of endpoint
 * matches it: by header or by address (PJSIP), by From and port (chan_sip). Nothing is registered, no password is asked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CalleePlan } from '../phones.js';
import { legsOf, type SipLeg } from '../sip-trace.js';
import { AgentCall } from './call.js';
import { learn, token, type Dialog } from './dialog.js';
import { openEndpoint, type LoggedMessage } from './endpoint.js';
import { openMedia } from './media.js';
import { answerTo, header, methodOf, uriOf, type Headers, type SipText } from './message.js';

/** `by-hand`: nothing but 100 Trying goes back by itself. */
export type AgentPlan = CalleePlan | { readonly then: 'by-hand' };

export interface AgentPlans {
  readonly default: AgentPlan;
  /** By the caller's tag, or by the number called. */
  readonly calls?: Readonly<Record<string, AgentPlan>>;
}

export interface AgentOptions {
  readonly port: number;
  /** Where the PBX listens. */
  readonly pbxPort: number;
  /** The user of From on calls it places. */
  readonly user: string;
  /** On every INVITE, e.g. `X-From: 151`. */
  readonly headers?: Headers;
  /** What it does with calls that come in; absent: it rings on. */
  readonly takes?: AgentPlans;
  /** Says something as long as it lives, so that there is something to record. */
  readonly speaks?: boolean;
}

export interface CallOptions {
  /** Instead of the agent's own user. */
  readonly from?: string;
  /** Display name: a tag, where the call is to be found by it. */
  readonly name?: string;
  /** The whole text before the address, in place of a quoted name. */
  readonly display?: string;
  readonly callId?: string;
  /** One that the agent writes itself (`To`, `Contact`) stands as it is given here. */
  readonly headers?: Headers;
}

export interface Agent extends AsyncDisposable {
  readonly user: string;
  /** In the order they began. */
  readonly calls: readonly AgentCall[];
  /** From now on. */
  take(plan: AgentPlans): void;
  call(number: string, options?: CallOptions): AgentCall;
  /** The first call that came in, or will, and fits; each is given out once. */
  incoming(fits?: (call: AgentCall) => boolean, patienceMs?: number): Promise<AgentCall>;
  trace(): readonly LoggedMessage[];
  legs(): SipLeg[];
  legOf(call: AgentCall): SipLeg;
  /** Hangs up what is left, and closes. */
  stop(): Promise<void>;
}

const RING_ON: AgentPlans = { default: { then: 'ring-on' } };
const STATUS = { busy: 486, decline: 603, unavailable: 480 } as const;
const PATIENCE_MS = 30_000;
/** Nobody is waited for longer at the end. */
const GOODBYE_MS = 3_000;

export async function startAgent(options: AgentOptions): Promise<Agent> {
  let plan = options.takes ?? RING_ON;
  const calls: AgentCall[] = [];
  const byCallId = new Map<string, AgentCall>();
  const given = new Set<AgentCall>();
  /** Who waits for a call to come in. */
  const waiting = new Set<() => void>();
  const media = await openMedia({ speaks: options.speaks ?? false });
  const endpoint = await openEndpoint({ port: options.port, peerPort: options.pbxPort, onRequest: heard });
  const open = (who: AgentCall['who'], dialog: Dialog) => {
    const call = new AgentCall(who, { endpoint, port: options.port, media, dialog });
    calls.push(call);
    byCallId.set(dialog.callId, call);
    return call;
  };

  function heard(request: SipText): void {
    const call = byCallId.get(header(request, 'Call-ID'));
    if (call) return call.heard(request);
    switch (methodOf(request)) {
      case 'INVITE':
        return takeCall(request);
      case 'ACK':
        return;
      case 'OPTIONS':
      case 'NOTIFY':
        return endpoint.reply(request, answerTo(request, 200, { toTag: token() }));
      default:
        return endpoint.reply(request, answerTo(request, 481, { toTag: token() }));
    }
  }

  function takeCall(invite: SipText): void {
    const localTag = token();
    const from = header(invite, 'From');
    const dialog: Dialog = {
      callId: header(invite, 'Call-ID'),
      localTag,
      local: `${header(invite, 'To')};tag=${localTag}`,
      remote: from,
      target: '',
      cseq: 0,
    };
    learn(dialog, invite, 'From');
    const number = userOf(invite.startLine.split(' ')[1] ?? '');
    const tag = /T\d{4}/.exec(from.split('<')[0] ?? '')?.[0] ?? null;
    const call = open({ direction: 'in', number, from: userOf(uriOf(from)), tag }, dialog);
    call.invited(invite);
    follow(call, plan.calls?.[tag ?? ''] ?? plan.calls?.[number] ?? plan.default);
    for (const look of [...waiting]) look();
  }

  const agent: Agent = {
    user: options.user,
    calls,
    take: (next) => void (plan = next),
    call(number, { from = options.user, name, headers = [], callId = `${token()}@127.0.0.1`, ...more } = {}) {
      const localTag = token();
      const display = more.display ?? (name === undefined ? '' : `"${name}" `);
      const call = open(
        { direction: 'out', number, from, tag: /T\d{4}/.exec(name ?? '')?.[0] ?? null },
        {
          callId,
          localTag,
          local: `${display}<sip:${from}@127.0.0.1:${options.port}>;tag=${localTag}`,
          remote: `<sip:${number}@127.0.0.1:${options.pbxPort}>`,
          target: `sip:${number}@127.0.0.1:${options.pbxPort}`,
          cseq: 0,
        },
      );
      call.invite([...(options.headers ?? []), ...headers]);
      return call;
    },
    incoming: (fits = () => true, patienceMs = PATIENCE_MS) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        };
        const look = () => {
          const found = calls.find((call) => call.who.direction === 'in' && !given.has(call) && fits(call));
          if (!found) return;
          given.add(found);
          settle(() => resolve(found));
        };
        const timer = setTimeout(
          () => settle(() => reject(new Error(`no call came to ${options.user} in ${patienceMs} ms`))),
          patienceMs,
        );
        waiting.add(look);
        look();
      }),
    trace: () => endpoint.log,
    legs: () => legsOf(endpoint.log),
    legOf(call) {
      const [leg] = legsOf(endpoint.log.filter((message) => message.callId === call.callId));
      if (!leg) throw new Error(`${options.user} has no such call`);
      return leg;
    },
    async stop() {
      const left = calls.filter((call) => call.state !== 'over');
      await Promise.race([
        Promise.allSettled(left.map((call) => call.hangUp())),
        sleep(GOODBYE_MS, null, { ref: false }),
      ]);
      for (const call of left) call.cut();
      await endpoint.close();
      await media.close();
    },
    [Symbol.asyncDispose]: () => agent.stop(),
  };
  return agent;
}

function follow(call: AgentCall, plan: AgentPlan): void {
  if (plan.then === 'by-hand') return call.trying();
  if (plan.then === 'ring-on') return call.ring();
  const last =
    plan.then === 'answer' ? () => pickUp(call, plan.talkMs) : () => call.refuse(STATUS[plan.then as 'busy']);
  if (plan.ringMs === 0 && plan.then !== 'answer') return last();
  call.ring();
  call.later(plan.ringMs, last);
}

function pickUp(call: AgentCall, talkMs: number | undefined): void {
  call.answer();
  if (talkMs !== undefined) call.later(talkMs, () => void call.hangUp().catch(() => undefined));
}

const userOf = (uri: string): string => /sips?:([^@>;]*)@/.exec(uri)?.[1] ?? '';
