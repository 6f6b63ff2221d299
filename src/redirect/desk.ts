/** One call from hearing of it to its end here. README.md has the rules. */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { Ask } from './ask.js';
import { carryOut, leaseRunsOut, whyTooLate } from './act.js';
import { cannotTake, candidatesOf, nameOwner } from './candidates.js';
import type { History } from './candidates.js';
import { decidedMode, isShadow, onItsLine, readCaller } from './caller.js';
import { shownName } from './display-name.js';
import { look } from './look.js';
import type { Look } from './look.js';
import type { Asked, Caller, Decision, Lookup, Pbx, RedirectEnterprise } from './ports.js';
import type { Presence } from './presence.js';
import type { DecisionKey } from './store.js';
import { targetOf } from './target.js';

export interface DeskDeps {
  clock: Clock;
  log: Logger;
  ask: Ask;
  /** Those that can name an owner, in the order of the enterprise's integrations. */
  lookups(enterprise: string): readonly Lookup[];
  history(enterprise: string, phone: string): Promise<History>;
  claim(key: DecisionKey, decision: Decision): Promise<boolean>;
  read(key: DecisionKey): Promise<Decision | null>;
  finish(key: DecisionKey, decision: Decision): Promise<void>;
  presence(pbxKey: string): Presence | null;
  /** What else this process does waits until the answer is called, a few milliseconds at most. */
  goFirst(): () => void;
  /** After each decision is over. */
  onDecided(key: DecisionKey, decision: Decision): void;
  /** Aborted when nothing new may be begun. */
  stopping: AbortSignal;
}

export interface Desk {
  /** Whom this call would go to, without doing anything. At once when nobody need be asked, so that nothing comes between. */
  decide(caller: Caller): Decision | Promise<Decision>;
  /** Decides, claims and carries out. Never rejects. Without an action in the end the PBX could not be asked any more. */
  handle(caller: Caller, pbx: Pbx): Promise<Decision>;
  /** Keeps that nothing is done to this call, and why. Never rejects. */
  leave(caller: Caller, why: string): Promise<Decision>;

  // Its single steps, for who answers over HTTP first (told.ts).

  /** `taken`: somebody decided this call before. False: it is not known, so only a release may follow. */
  claim(key: DecisionKey, decision: Decision, patienceMs?: number): Promise<boolean | 'taken'>;
  /** What was claimed before, as far as it can be read. */
  readBefore(key: DecisionKey): Promise<Decision | null>;
  /** Does what was chosen, unless it is too late for it. */
  settle(caller: Caller, pbx: Pbx, decision: Decision): Promise<Decision>;
  finish(key: DecisionKey, decision: Decision): Promise<void>;
  /** After each decision is over. */
  report(key: DecisionKey, decision: Decision): void;
  /** An error of ours, logged; what is left to say of the call. */
  ours(key: DecisionKey, decision: Decision, error: unknown): Decision;
}

const DEFAULT_TECH = 'PJSIP';
/** A claim is waited for as long as the CRMs had time, at least so long; then the caller is let go. */
const CLAIM_MS = 1_500;
const LEASE_POLL_MS = 100;
const NOBODY_BEFORE: History = { last: null, first: null };

export function createDesk(deps: DeskDeps): Desk {
  const { clock, log, stopping } = deps;

  function decide(given: Caller): Decision | Promise<Decision> {
    const caller = onItsLine(given);
    const { enterprise } = caller;
    const { settings, number } = enterprise;
    const decision = blank(caller);
    const reading = readCaller(caller);
    decision.phone = reading.phone;
    if (reading.skip !== null) return { ...decision, reason: reading.skip };
    const mode = decidedMode(enterprise);
    const wantsHistory = mode === 'last' || mode === 'first' || (mode === 'owner' && settings.otherwise !== 'nobody');
    const asked = deps.ask(number, inOrder(deps.lookups(number), settings.order), reading.phone, settings.deadlineMs);
    const history = wantsHistory ? historyOf(enterprise, reading.phone) : NOBODY_BEFORE;
    if (Array.isArray(asked) && !(history instanceof Promise)) return conclude(caller, decision, asked, history);
    return Promise.all([asked, history]).then(([answers, talked]) => conclude(caller, decision, answers, talked));
  }

  function conclude(caller: Caller, decision: Decision, asked: Asked[], history: History): Decision {
    const { enterprise } = caller;
    const { settings } = enterprise;
    const mode = decidedMode(enterprise);
    decision.asked = asked;
    const named = nameOwner(mode, settings.otherwise, asked, history);
    const contact = asked.find(({ integration, contact: one }) => one !== null && integration === named?.by);
    const customer = (contact ?? asked.find(({ contact: one }) => one !== null))?.contact ?? null;
    const line = enterprise.lines?.find(({ id }) => id === caller.line)?.name ?? null;
    decision.name = shownName(settings.shows.map((part) => (part === 'customer' ? customer : line)));
    decision.decidedMs = clock.now() - caller.heardAt;
    if (named === null) return { ...decision, reason: nobody(decision, mode) };
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
      const known = await inTime(deps.history(enterprise.number, phone), enterprise.settings.deadlineMs);
      return { last: extensionOf(known?.last ?? null), first: extensionOf(known?.first ?? null) };
    } catch (error) {
      log.warn({ enterprise: enterprise.number, err: error }, 'who talked with a client before could not be read');
      return NOBODY_BEFORE;
    }
  }

  /** Null when it takes longer. */
  async function inTime<T>(awaited: Promise<T>, ms: number): Promise<T | null> {
    const over = new AbortController();
    awaited.catch(() => undefined);
    try {
      return await Promise.race([awaited, clock.sleep(ms, over.signal).then(() => null)]);
    } finally {
      // With a reason of its own, so that no error is made: that costs more than all else here.
      over.abort('in time');
    }
  }

  async function handle(given: Caller, pbx: Pbx): Promise<Decision> {
    const caller = onItsLine(given);
    const { enterprise } = caller;
    const key = keyOf(caller);
    let decision = blank(caller);
    try {
      const before = caller.heardBy === 'resync' ? await readBefore(key) : null;
      if (before?.action) return before;
      const made = before ?? decide(caller);
      decision = made instanceof Promise ? await made : made;
      // Who runs next finds it waiting, and decides.
      if (stopping.aborted) return { ...decision, reason: 'Trunkline stops' };
      const targets = phonesOf(enterprise, decision, deps.presence(enterprise.pbxKey));
      const others = deps.goFirst();
      const [claimed, seen] = await Promise.all([
        before ? true : claim(key, decision, leftOf(caller)),
        lookAt(caller, pbx, [...targets.values()]),
      ]).finally(() => setImmediate(others)); // After the write, which is made in this turn.
      // What is open stays as it was claimed: whoever finds the call still waiting goes on from there.
      if (seen.unseen === 'lost') decision = { ...decision, reason: seen.whyNot ?? decision.reason };
      else decision = await settle(caller, pbx, { ...decision, ...choose(caller, decision, targets, seen, claimed) });
      if (claimed !== 'taken' && decision.action !== null) await finish(key, decision);
    } catch (error) {
      decision = ours(key, decision, error);
    }
    report(key, decision);
    return decision;
  }

  async function leave(given: Caller, why: string): Promise<Decision> {
    const caller = onItsLine(given);
    const key = keyOf(caller);
    const decision: Decision = { ...blank(caller), phone: readCaller(caller).phone, action: 'nothing', reason: why };
    if ((await claim(key, decision)) !== 'taken') report(key, decision);
    return decision;
  }

  /** A lease is renewed by the second, a PBX that is slow for a moment asked again: as long as there is time to act. */
  async function lookAt(caller: Caller, pbx: Pbx, targets: readonly string[]): Promise<Look> {
    const mayWait = () => !stopping.aborted && tooLate(caller, pbx) === null;
    while (leaseRunsOut(pbx) && mayWait()) await clock.sleep(LEASE_POLL_MS);
    let seen = await look(pbx, caller.uid, targets, clock);
    while (seen.unseen === 'slow' && mayWait()) seen = await look(pbx, caller.uid, targets, clock);
    return seen;
  }

  async function settle(caller: Caller, pbx: Pbx, decision: Decision): Promise<Decision> {
    if (decision.action === 'nothing') return decision;
    const why = tooLate(caller, pbx) ?? (leaseRunsOut(pbx) ? 'the lease of this PBX runs out' : null);
    return why === null ? write(caller, decision, pbx) : { ...decision, action: 'nothing', reason: why };
  }

  function tooLate({ enterprise, waitsSince, waitSeconds }: Caller, pbx: Pbx): string | null {
    const known = waitSeconds ?? deps.presence(enterprise.pbxKey)?.waitSeconds ?? enterprise.settings.waitSeconds;
    return whyTooLate(pbx, waitsSince, known, clock.now());
  }

  function leftOf({ enterprise, heardAt }: Caller): number {
    return Math.max(CLAIM_MS, enterprise.settings.deadlineMs - (clock.now() - heardAt));
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
    const { action, why } = await acting;
    return { ...decision, action, reason: why ?? decision.reason, wireMs };
  }

  async function claim(key: DecisionKey, decision: Decision, patienceMs = CLAIM_MS): Promise<boolean | 'taken'> {
    try {
      const fresh = await inTime(deps.claim(key, decision), patienceMs);
      return fresh === null ? false : fresh || 'taken';
    } catch (error) {
      unsaved(key, error);
      return false;
    }
  }

  async function readBefore(key: DecisionKey): Promise<Decision | null> {
    try {
      return await inTime(deps.read(key), CLAIM_MS);
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
    deps.onDecided(key, decision);
  }

  return { decide, handle, leave, claim, readBefore, settle, finish, report, ours };
}

export function keyOf({ enterprise, uid }: Caller): DecisionKey {
  return { pbx: enterprise.pbxKey, uid, enterprise: enterprise.number };
}

export function blank({ enterprise, line, heardBy }: Caller): Decision {
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

/** Whose word counts first; those not named keep their order behind. */
function inOrder(lookups: readonly Lookup[], order: readonly string[]): Lookup[] {
  const place = ({ integration }: Lookup) => (order.includes(integration) ? order.indexOf(integration) : order.length);
  return lookups.toSorted((one, other) => place(one) - place(other));
}

function nobody({ asked }: Decision, mode: ReturnType<typeof decidedMode>): string {
  if (mode === 'name') return 'only the name is wanted';
  if (mode !== 'owner') return 'nobody has talked with this client';
  const silent = asked.filter(({ outcome }) => outcome === 'failed' || outcome === 'late');
  if (asked.length === 0) return 'nobody can be asked whose client it is';
  if (silent.length === 0) return 'nobody owns this client';
  return `no owner is known; ${silent.map(({ integration, outcome }) => `${integration}: ${outcome}`).join(', ')}`;
}

/** What each candidate would be dialled by; those with nothing to dial are left out. */
export function phonesOf(
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
export function choose(
  { enterprise }: Caller,
  decision: Decision,
  targets: ReadonlyMap<string, string>,
  seen: Pick<Look, 'whyNot' | 'states'>,
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
