/** One call from hearing of it to its end here. README.md has the rules. */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import type { Ask } from './ask.js';
import { carryOut, whyTooLate } from './act.js';
import { cannotTake, candidatesOf, nameOwner } from './candidates.js';
import type { History } from './candidates.js';
import { decidedMode, isShadow, onItsLine, readCaller } from './caller.js';
import { shownName } from './display-name.js';
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
  /** Those that can name an owner, in the order of the enterprise's integrations. */
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

  // Its single steps, for who answers over HTTP first (told.ts).

  /** `taken`: somebody decided this call before. False: it is not known, so only a release may follow. */
  claim(key: DecisionKey, decision: Decision): Promise<boolean | 'taken'>;
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
/** A claim that is not committed by now is not waited for: the caller is. */
const CLAIM_MS = 700;

export function createDesk(deps: DeskDeps): Desk {
  const { clock, log } = deps;

  async function decide(given: Caller): Promise<Decision> {
    const caller = onItsLine(given);
    const { enterprise } = caller;
    const { settings, number } = enterprise;
    const decision = blank(caller);
    const reading = readCaller(caller);
    decision.phone = reading.phone;
    if (reading.skip !== null) return { ...decision, reason: reading.skip };
    const mode = decidedMode(enterprise);
    const wantsHistory = mode === 'last' || mode === 'first' || (mode === 'owner' && settings.otherwise !== 'nobody');
    const [asked, history] = await Promise.all([
      deps.ask(number, inOrder(deps.lookups(number), settings.order), reading.phone, settings.deadlineMs),
      wantsHistory ? historyOf(enterprise, reading.phone) : { last: null, first: null },
    ]);
    decision.asked = asked;
    const named = nameOwner(mode, settings.otherwise, asked, history);
    const contact = asked.find(({ integration, contact: one }) => one !== null && integration === named?.by);
    const customer = (contact ?? asked.find(({ contact: one }) => one !== null))?.contact ?? null;
    const line = enterprise.lines?.find(({ id }) => id === caller.line)?.name ?? null;
    decision.name = shownName(settings.shows.map((part) => (part === 'customer' ? customer : line)));
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

  async function handle(given: Caller, pbx: Pbx): Promise<Decision> {
    const caller = onItsLine(given);
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

  return { decide, handle, claim, readBefore, settle, finish, report, ours };
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

function nobody({ asked }: Decision): string {
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
