/**
 * For who asks over HTTP and goes there himself: whom the call goes to, as far as can be said before it waits. Where AMI
 * reaches the PBX the phones are asked first, so that nobody is named who cannot take the call; and should the call wait in
 * our context after the answer, it is sent on there, to whom the answer named.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { isShadow, onItsLine } from './caller.js';
import { cannotTake } from './candidates.js';
import { choose, keyOf, phonesOf } from './desk.js';
import type { Desk } from './desk.js';
import { look, phoneStates } from './look.js';
import type { Caller, Decision, Pbx, RedirectEnterprise } from './ports.js';
import type { Presence } from './presence.js';

export interface ToldDeps {
  clock: Clock;
  log: Logger;
  desk: Desk;
  pbx(key: string): Pbx | null;
  presence(pbxKey: string): Presence | null;
  /** The fleet's context that leads to this extension on this line, if the PBX is known to have it. */
  fleetContext(enterprise: RedirectEnterprise, extension: string, line: string): Promise<string | null>;
  /** Aborted when nothing new may be begun. */
  stopping: AbortSignal;
}

export interface Answer {
  decision: Decision;
  /** To be called when the answer is out, or nobody is there any more to take it. Never rejects. */
  afterwards(delivered: boolean): Promise<void>;
}

export interface Told {
  /** `channel` tells how phones are called where nothing else does. */
  answer(caller: Caller, channel: string | null): Promise<Answer>;
  /** The same for the fleet's dialplan, whose target is a context of its own. Nothing is kept of it. */
  forFleet(caller: Caller, decision: Decision): Promise<Decision>;
  /** Keeps what the fleet's dialplan was told. Never rejects. */
  keep(caller: Caller, decision: Decision, delivered: boolean): Promise<void>;
  /** Resolves when nothing is left to do for answers given. */
  settled(): Promise<void>;
}

/** A call that asked is looked for this long, at first this often. */
const FOLLOW = { firstMs: 50, mostMs: 400, forMs: 5_000 };

export function createTold({ clock, log, desk, pbx: pbxOf, presence, fleetContext, stopping }: ToldDeps): Told {
  const following = new Set<Promise<Decision>>();

  async function answer(given: Caller, channel: string | null): Promise<Answer> {
    const caller = onItsLine(given);
    const { pbxKey } = caller.enterprise;
    const key = keyOf(caller);
    const pbx = pbxOf(pbxKey);
    const known = presence(pbxKey);
    const decision = await desk.decide(caller);
    const targets = phonesOf(caller.enterprise, decision, known ?? techOf(channel));
    const states = await statesOf(pbx, [...targets.values()]);
    const told = { ...decision, ...choose(caller, decision, targets, { whyNot: null, states }, true) };
    // Over AMI only where our dialplan is known to be.
    const acting = known?.off === null ? pbx : null;
    const claimed = await desk.claim(key, acting ? { ...told, action: null } : told);
    // Asked twice, the same call is answered as before.
    if (claimed === 'taken') {
      const before = await desk.readBefore(key);
      return { decision: before?.action ? before : told, afterwards: () => Promise.resolve() };
    }
    return {
      decision: told,
      async afterwards(delivered) {
        const heard = delivered ? told : unheard(told);
        if (!acting || !claimed) {
          if (!delivered && claimed) await desk.finish(key, heard);
          return desk.report(key, heard);
        }
        const followed = follow(caller, heard, acting);
        following.add(followed);
        desk.report(key, await followed);
        following.delete(followed);
      },
    };
  }

  /** Looks for the call until it waits, then does as was answered. Whoever goes there by himself is never seen to wait. */
  async function follow(caller: Caller, told: Decision, pbx: Pbx): Promise<Decision> {
    const key = keyOf(caller);
    const targets = new Map(told.chosen && told.target ? [[told.chosen, told.target]] : []);
    let over = told;
    try {
      const until = clock.monotonic() + FOLLOW.forMs;
      let waitsSince = caller.heardAt + (pbx.skewMs() ?? 0);
      const goesOn = () => !stopping.aborted && clock.monotonic() < until;
      for (let pauseMs = FOLLOW.firstMs; goesOn(); pauseMs = Math.min(2 * pauseMs, FOLLOW.mostMs)) {
        const lookedAt = clock.now() + (pbx.skewMs() ?? 0);
        const seen = await look(pbx, caller.uid, [...targets.values()], clock);
        if (seen.whyNot === null) {
          const chosen = choose(caller, told, targets, seen, true);
          over = await desk.settle({ ...caller, waitsSince }, pbx, { ...told, ...chosen });
          break;
        }
        if (!seen.mayWaitYet) break;
        waitsSince = lookedAt;
        await clock.sleep(pauseMs, stopping);
      }
      await desk.finish(key, over);
    } catch (error) {
      over = desk.ours(key, over, error);
    }
    return over;
  }

  async function forFleet(given: Caller, decision: Decision): Promise<Decision> {
    const { enterprise, line } = onItsLine(given);
    const none: Decision = { ...decision, action: 'release', chosen: null, target: null };
    if (line === null || decision.candidates.length === 0) return none;
    const able: string[] = [];
    let { reason } = decision;
    for (const [extension, why] of await whyNotAble(enterprise, decision)) {
      if (why === null) able.push(extension);
      else reason = `${extension}: ${why}`;
    }
    for (const extension of able) {
      const target = await fleetContext(enterprise, extension, line);
      if (target === null) continue;
      const named: Decision = { ...decision, action: 'go', chosen: extension, target };
      return isShadow(enterprise) ? { ...named, action: 'release', reason: `shadow; ${decision.reason}` } : named;
    }
    if (able.length > 0) reason = `the PBX is not known to have a context for ${able.join(' or ')} on line ${line}`;
    return { ...none, reason };
  }

  /** By candidate. The fleet's phones are of either kind: only a kind that is known can be asked about. */
  async function whyNotAble(enterprise: RedirectEnterprise, decision: Decision): Promise<[string, string | null][]> {
    const tech = enterprise.settings.tech ?? presence(enterprise.pbxKey)?.tech ?? null;
    const phones = tech === null ? new Map<string, string>() : phonesOf(enterprise, decision, { tech });
    const states = await statesOf(pbxOf(enterprise.pbxKey), [...phones.values()]);
    return decision.candidates.map((extension) => {
      const state = states.get(phones.get(extension) ?? '') ?? null;
      return [extension, cannotTake(state, enterprise.settings.ringBusy)];
    });
  }

  async function keep(caller: Caller, decision: Decision, delivered: boolean): Promise<void> {
    const key = keyOf(caller);
    const known = delivered ? decision : unheard(decision);
    if (caller.uid !== '') await desk.claim(key, known);
    desk.report(key, known);
  }

  /** Nothing is known where the PBX cannot be asked. */
  async function statesOf(pbx: Pbx | null, targets: readonly string[]): Promise<Map<string, string | null>> {
    if (!pbx) return new Map();
    try {
      return await phoneStates(pbx, targets);
    } catch (error) {
      log.warn({ err: error }, 'the PBX could not be asked for the state of phones');
      return new Map();
    }
  }

  return { answer, forFleet, keep, settled: async () => void (await Promise.all(following)) };
}

function unheard(decision: Decision): Decision {
  return { ...decision, action: 'nothing', reason: `nobody waited for the answer; ${decision.reason}` };
}

/** How phones are called on a PBX that cannot be asked: as the caller's own channel is. */
function techOf(channel: string | null): Pick<Presence, 'tech'> {
  return { tech: channel?.startsWith('SIP/') ? 'SIP' : null };
}
