/** One call from hearing of it to its end here. README.md has the rules. */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { Ask } from './ask.js';
import { carryOut, whyTooLate } from './act.js';
import { cannotTake, candidatesOf, nameOwner } from './candidates.js';
import type { History } from './candidates.js';
import { decidedMode, isShadow, readCaller } from './caller.js';
import { displayName } from './display-name.js';
import { look } from './look.js';
import type { Look } from './look.js';
import type { Caller, Decision, Lookup, Pbx, RedirectEnterprise } from './ports.js';
import type { Presence } from './presence.js';
import type { DecisionKey } from './store.js';
import { targetOf } from './target.js';

export interface DeskDeps {
  clock: Clock;
  log: Logger;
  ask: Ask;
  lookups(enterprise: string): readonly Lookup[];
  history(enterprise: string, phone: string): Promise<History>;
  claim(key: DecisionKey, decision: Decision): Promise<boolean>;
  read(key: DecisionKey): Promise<Decision | null>;
  finish(key: DecisionKey, decision: Decision): Promise<void>;
  presence(pbxKey: string): Presence | null;
  /** After each decision is over. */
  onDecided(decision: Decision): void;
}

export interface Desk {
  /** Whom this call would go to, without doing anything. */
  decide(caller: Caller): Promise<Decision>;
  /** Decides, claims and carries out. Never rejects. */
  handle(caller: Caller, pbx: Pbx): Promise<Decision>;
  /**
   * For who asked over HTTP and goes there himself: decides and claims. With a PBX the decision is carried out there as
   * well, should the call be seen to wait. `channel` tells how phones are called where nothing else does.
   */
  answer(caller: Caller, channel: string | null, pbx: Pbx | null): Promise<Decision>;
}

const DEFAULT_TECH = 'PJSIP';
/** A claim that is not committed by now is not waited for: the caller is. */
const CLAIM_MS = 700;
/** A call that asked over HTTP is looked for this often, and this long. */
const FOLLOW = { everyMs: 50, forMs: 5_000 };

export function createDesk(deps: DeskDeps): Desk {
  const { clock, log } = deps;

  async function decide(caller: Caller): Promise<Decision> {
    const { enterprise } = caller;
    const { settings, number } = enterprise;
    const decision = blank(caller);
    const reading = readCaller(caller);
    decision.phone = reading.phone;
    if (reading.skip !== null) return { ...decision, reason: reading.skip };
    const mode = decidedMode(enterprise);
    const wantsHistory = mode === 'last' || mode === 'first' || (mode === 'owner' && settings.otherwise !== 'nobody');
    const [asked, history] = await Promise.all([
      deps.ask(number, deps.lookups(number), reading.phone, settings.deadlineMs),
      wantsHistory ? historyOf(enterprise, reading.phone) : { last: null, first: null },
    ]);
    decision.asked = asked;
    const named = nameOwner(mode, settings.otherwise, asked, history);
    const contact = asked.find(({ integration, contact: one }) => one !== null && integration === named?.by);
    decision.name = displayName((contact ?? asked.find(({ contact: one }) => one !== null))?.contact ?? null);
    decision.decidedMs = clock.now() - caller.heardAt;
    if (named === null) return { ...decision, reason: mode === 'name' ? 'only the name is wanted' : nobody(decision) };
    decision.namedBy = named.by;
    const { extensions, leftOut } = candidatesOf(enterprise, named, clock.now());
    decision.candidates = extensions;
    return { ...decision, reason: leftOut ?? `${named.by} names ${named.extension}` };
  }

  /** The database being away costs the history, not the call. */
  async function historyOf(enterprise: RedirectEnterprise, phone: string): Promise<History> {
    const extensionOf = (party: string | null) =>
      enterprise.extensions.find(({ mobile }) => mobile !== undefined && mobile === party)?.number ?? party;
    try {
      const { last, first } = await deps.history(enterprise.number, phone);
      return { last: extensionOf(last), first: extensionOf(first) };
    } catch (error) {
      log.warn({ enterprise: enterprise.number, err: error }, 'who talked with a client before could not be read');
      return { last: null, first: null };
    }
  }

  async function handle(caller: Caller, pbx: Pbx): Promise<Decision> {
    const { enterprise, uid } = caller;
    const key = keyOf(caller);
    let decision = blank(caller);
    try {
      const before = caller.heardBy === 'resync' ? await readBefore(key) : null;
      if (before?.action) return before;
      decision = before ?? (await decide(caller));
      const targets = phonesOf(enterprise, decision, deps.presence(enterprise.pbxKey));
      const [claimed, seen] = await Promise.all([
        before ? true : claim(key, decision),
        look(pbx, uid, [...targets.values()], clock),
      ]);
      decision = await settle(caller, pbx, { ...decision, ...choose(caller, decision, targets, seen, claimed) });
      if (claimed !== 'taken') await finish(key, decision);
    } catch (error) {
      decision = ours(key, decision, error);
    }
    report(key, decision);
    return decision;
  }

  async function answer(caller: Caller, channel: string | null, pbx: Pbx | null): Promise<Decision> {
    const key = keyOf(caller);
    const { enterprise } = caller;
    const decision = await decide(caller);
    const presence = deps.presence(enterprise.pbxKey);
    const targets = phonesOf(enterprise, decision, presence ?? techOf(channel));
    const [first] = targets;
    const told: Decision = { ...decision, chosen: first?.[0] ?? null, target: first?.[1] ?? null };
    const shadow = isShadow(enterprise);
    const final: Decision = { ...told, action: told.target === null || shadow ? 'release' : 'go' };
    const claimed = await claim(key, pbx ? told : final);
    if (pbx && claimed === true) void follow(caller, told, targets, pbx);
    else report(key, final);
    return final;
  }

  /** Looks for the call until it waits, then does as was answered. Whoever goes there by himself is never seen to wait. */
  async function follow(
    caller: Caller,
    decision: Decision,
    targets: ReadonlyMap<string, string>,
    pbx: Pbx,
  ): Promise<void> {
    const key = keyOf(caller);
    let over: Decision = { ...decision, action: 'nothing', reason: 'the call went on by itself' };
    try {
      const until = clock.monotonic() + FOLLOW.forMs;
      let { waitsSince } = caller;
      for (let mayWait = true; mayWait && clock.monotonic() < until; await clock.sleep(FOLLOW.everyMs)) {
        const at = clock.now() + (pbx.skewMs() ?? 0);
        const seen = await look(pbx, caller.uid, [...targets.values()], clock);
        if (seen.whyNot === null) {
          over = await settle({ ...caller, waitsSince }, pbx, {
            ...decision,
            ...choose(caller, decision, targets, seen, true),
          });
          break;
        }
        mayWait = seen.mayWaitYet;
        waitsSince = at;
      }
      await finish(key, over);
    } catch (error) {
      over = ours(key, over, error);
    }
    report(key, over);
  }

  /** Does what was chosen, unless it is too late for it. */
  async function settle(caller: Caller, pbx: Pbx, decision: Decision): Promise<Decision> {
    if (decision.action === 'nothing') return decision;
    const { enterprise, waitsSince } = caller;
    const waitSeconds = deps.presence(enterprise.pbxKey)?.waitSeconds ?? enterprise.settings.waitSeconds;
    const late = whyTooLate(pbx, waitsSince, waitSeconds, clock.now());
    return late === null ? write(caller, decision, pbx) : { ...decision, action: 'nothing', reason: late };
  }

  async function finish(key: DecisionKey, decision: Decision): Promise<void> {
    await deps.finish(key, decision).catch((error: unknown) => unsaved(key, error));
  }

  function ours(key: DecisionKey, decision: Decision, error: unknown): Decision {
    log.error({ ...key, err: error }, 'a call could not be redirected; its wait runs out');
    return { ...decision, action: 'nothing', reason: 'an error of ours; the log has it' };
  }

  async function write(caller: Caller, decision: Decision, pbx: Pbx): Promise<Decision> {
    const { uid, enterprise } = caller;
    const target = decision.action === 'go' ? decision.target : null;
    const name = isShadow(enterprise) ? null : decision.name;
    const acting = carryOut(pbx, { uid, target, name });
    const wireMs = clock.now() - caller.heardAt;
    const acted = await acting;
    return acted.done ? { ...decision, wireMs } : { ...decision, action: 'nothing', reason: acted.why, wireMs };
  }

  /** `taken`: somebody decided this call before. False: it is not known, so only a release may follow. */
  async function claim(key: DecisionKey, decision: Decision): Promise<boolean | 'taken'> {
    const over = new AbortController();
    try {
      const claimed = deps.claim(key, decision).then((fresh) => (fresh ? true : ('taken' as const)));
      claimed.catch(() => undefined);
      return await Promise.race([claimed, clock.sleep(CLAIM_MS, over.signal).then(() => false)]);
    } catch (error) {
      unsaved(key, error);
      return false;
    } finally {
      over.abort();
    }
  }

  async function readBefore(key: DecisionKey): Promise<Decision | null> {
    try {
      return await deps.read(key);
    } catch (error) {
      unsaved(key, error);
      return null;
    }
  }

  function unsaved(key: DecisionKey, error: unknown): void {
    log.warn({ ...key, err: error }, 'a redirect decision could not be stored');
  }

  function report(key: DecisionKey, decision: Decision): void {
    const { asked, ...rest } = decision;
    const answers = asked.map(({ integration, outcome, ms, cached }) => ({
      integration,
      outcome,
      ms: Math.round(ms),
      cached,
    }));
    log.info({ ...key, ...rest, asked: answers }, 'redirect decided');
    deps.onDecided(decision);
  }

  return { decide, handle, answer };
}

function keyOf({ enterprise, uid }: Caller): DecisionKey {
  return { pbx: enterprise.pbxKey, uid, enterprise: enterprise.number };
}

/** How phones are called on a PBX that cannot be asked: as the caller's own channel is. */
function techOf(channel: string | null): Pick<Presence, 'tech'> {
  return { tech: channel?.startsWith('SIP/') ? 'SIP' : null };
}

function blank({ enterprise, line, heardBy }: Caller): Decision {
  return {
    mode: enterprise.settings.mode,
    heardBy,
    phone: null,
    line,
    asked: [],
    candidates: [],
    namedBy: null,
    name: null,
    chosen: null,
    target: null,
    action: null,
    reason: '',
    decidedMs: null,
    wireMs: null,
  };
}

function nobody({ asked }: Decision): string {
  const silent = asked.filter(({ outcome }) => outcome === 'failed' || outcome === 'late');
  if (asked.length === 0) return 'nobody can be asked whose client it is';
  if (silent.length === 0) return 'nobody owns this client';
  return `no owner is known; ${silent.map(({ integration, outcome }) => `${integration}: ${outcome}`).join(', ')}`;
}

/** What each candidate would be dialled by; those with nothing to dial are left out. */
function phonesOf(
  enterprise: RedirectEnterprise,
  { candidates }: Decision,
  presence: Pick<Presence, 'tech'> | null,
): Map<string, string> {
  const tech = enterprise.settings.tech ?? presence?.tech ?? DEFAULT_TECH;
  return new Map(
    candidates.flatMap((extension) => {
      const target = targetOf(enterprise, extension, tech);
      return target === null ? [] : [[extension, target]];
    }),
  );
}

/** What is to be done now that the PBX has shown the call and the phones. */
function choose(
  { enterprise }: Caller,
  decision: Decision,
  targets: ReadonlyMap<string, string>,
  seen: Look,
  claimed: boolean | 'taken',
): Pick<Decision, 'action' | 'chosen' | 'target' | 'reason'> {
  const none = { chosen: null, target: null };
  if (claimed === 'taken') return { ...none, action: 'nothing', reason: 'this call was decided before' };
  if (seen.whyNot !== null) return { ...none, action: 'nothing', reason: seen.whyNot };
  let { reason } = decision;
  for (const [extension, target] of targets) {
    const why = cannotTake(seen.states.get(target) ?? null, enterprise.settings.ringBusy);
    if (why !== null) {
      reason = `${extension}: ${why}`;
      continue;
    }
    if (isShadow(enterprise))
      return { action: 'release', chosen: extension, target, reason: `shadow; ${decision.reason}` };
    if (claimed === false) return { ...none, action: 'release', reason: 'the decision could not be stored' };
    return { action: 'go', chosen: extension, target, reason: decision.reason };
  }
  if (decision.candidates.length > 0 && targets.size === 0) reason = 'nobody named can be dialled';
  return { ...none, action: 'release', reason };
}
