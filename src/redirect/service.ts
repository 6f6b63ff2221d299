/**
 * Smart redirect as the daemon runs it: hears of waiting calls, knows which PBXs have our dialplan, and gives each call to
 * the desk once.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { createComplaints } from './complaints.js';
import type { Desk } from './desk.js';
import { WAIT_CONTEXT, valuesOf } from './look.js';
import type { Caller, Decision, Pbx, RedirectEnterprise } from './ports.js';
import type { Presences } from './presence.js';
import { isSignedWith } from './signature.js';

/** A `UserEvent` of the dialplan, with the channel it came from. */
export interface UserEvent {
  name: string;
  uid: string;
  get(header: string): string | undefined;
  /** Unix ms on the PBX's clock; null when events carry no stamp. */
  at: number | null;
  /** Unix ms by our clock. */
  arrivedAt: number;
}

export interface WaitingChannel {
  uid: string;
  context: string | null;
  callerNum: string | null;
  exten: string | null;
}

export interface RedirectDeps {
  clock: Clock;
  log: Logger;
  desk: Desk;
  presences: Presences;
  pbx(key: string): Pbx | null;
  /** Enterprises of a PBX that have settings of smart redirect. */
  onPbx(key: string): readonly RedirectEnterprise[];
  count(what: 'forged' | 'unclaimed' | 'off'): void;
}

export interface Redirect {
  userEvent(pbxKey: string, event: UserEvent): void;
  /** The link is up: whether our dialplan is there, and who waits already. */
  linkUp(pbxKey: string, channels: readonly WaitingChannel[]): void;
  /** Somebody may want his calls redirected there now. */
  settingsChanged(pbxKey: string): void;
  /** Asks every PBX anew each hour, until the signal aborts; then waits for the calls in hand. */
  run(signal: AbortSignal): Promise<void>;
}

const EVENT = 'SmartRedirect';
const UNIQUE_ID = /^[\w.-]{1,150}$/;
const CHECK_MS = 3_600_000;

export function createRedirect(deps: RedirectDeps): Redirect {
  const { clock, log, desk, presences } = deps;
  const inHand = new Map<string, Promise<Decision>>();
  const complaints = createComplaints(log, clock);
  const complain = (pbx: string, message: string, more: object = {}) => complaints(pbx, message, { pbx, ...more });
  const asked = new Set<string>();

  function handle(caller: Caller): void {
    const key = `${caller.enterprise.pbxKey}/${caller.uid}`;
    const pbx = deps.pbx(caller.enterprise.pbxKey);
    if (!pbx) return;
    const running = inHand.get(key);
    if (running) {
      // It may have lost the link that is back now.
      if (caller.heardBy === 'resync') void running.then((before) => before.action === null && handle(caller));
      return;
    }
    const handling = handleOn(pbx, caller).finally(() => inHand.delete(key));
    inHand.set(key, handling);
  }

  async function handleOn(pbx: Pbx, caller: Caller): Promise<Decision> {
    const { pbxKey } = caller.enterprise;
    if (!presences.of(pbxKey)) await check(pbxKey);
    const off = presences.of(pbxKey)?.off;
    if (!off) return desk.handle(caller, pbx);
    deps.count('off');
    complain(pbxKey, 'a call waits where smart redirect is off', { why: off });
    return desk.leave(caller, `smart redirect is off on this PBX: ${off}`);
  }

  /** Never rejects: a PBX that cannot be asked is asked again with the next call. */
  async function check(pbxKey: string): Promise<void> {
    try {
      await presences.check(pbxKey);
    } catch (error) {
      log.warn({ pbx: pbxKey, err: error }, 'the PBX could not be asked for our contexts');
    }
  }

  /** Whose call it is, by the secret it was signed with; of several with that secret, whose line it came in on. */
  function signedBy(pbxKey: string, uid: string, told: Said): RedirectEnterprise | null {
    const { signature, line } = told;
    const signers = deps.onPbx(pbxKey).filter(({ settings }) => isSignedWith(settings.secret, uid, signature));
    const [first, ...others] = signers;
    if (!first) {
      deps.count('forged');
      complain(pbxKey, 'a waiting call is signed with a secret of no enterprise here');
      return null;
    }
    if (others.length === 0) return first;
    const owners = signers.filter(({ ownLines }) => line !== null && ownLines.includes(line));
    if (owners.length === 1) return owners[0] ?? null;
    deps.count('unclaimed');
    complain(pbxKey, 'a waiting call is signed with a secret of several enterprises, and its line tells none', {
      line,
    });
    return null;
  }

  function take(pbxKey: string, uid: string, told: Said, heard: Pick<Caller, 'heardAt' | 'heardBy'>): void {
    const enterprise = signedBy(pbxKey, uid, told);
    const { number, line, waitsSince, waitSeconds } = told;
    if (enterprise) handle({ enterprise, uid, number, line, waitsSince, waitSeconds, ...heard });
  }

  /** Nobody heard the event of who waits already: what it said stands on the channel. */
  async function resync(pbxKey: string, { uid, callerNum, exten }: WaitingChannel): Promise<void> {
    const pbx = deps.pbx(pbxKey);
    if (!pbx) return;
    try {
      const [signature, at, wait] = await valuesOf(pbx, ['TRUNKLINE_SIG', 'TRUNKLINE_AT', 'TRUNKLINE_SECONDS'], uid);
      const waitsSince = stampOf(at);
      // Nothing said yet: the event is on its way.
      if (!signature || waitsSince === null) return;
      const told = { signature, number: callerNum, line: lineOf(exten), waitsSince, waitSeconds: secondsOf(wait) };
      take(pbxKey, uid, told, { heardAt: clock.now(), heardBy: 'resync' });
    } catch (error) {
      log.warn({ pbx: pbxKey, uid, err: error }, 'a waiting call could not be asked whose it is');
    }
  }

  return {
    userEvent(pbxKey, event) {
      const { name, uid, arrivedAt } = event;
      if (name !== EVENT || !UNIQUE_ID.test(uid) || deps.onPbx(pbxKey).length === 0) return;
      const told = {
        signature: event.get('Sig') ?? '',
        number: event.get('Phone') ?? null,
        line: lineOf(event.get('Line')),
        waitsSince: event.at ?? stampOf(event.get('At')) ?? arrivedAt + (deps.pbx(pbxKey)?.skewMs() ?? 0),
        waitSeconds: secondsOf(event.get('Wait')),
      };
      take(pbxKey, uid, told, { heardAt: arrivedAt, heardBy: 'event' });
    },
    linkUp(pbxKey, channels) {
      asked.add(pbxKey);
      if (deps.onPbx(pbxKey).length === 0) return;
      const waiting = channels.filter(({ uid, context }) => context === WAIT_CONTEXT && UNIQUE_ID.test(uid));
      void check(pbxKey).then(() => Promise.all(waiting.map((channel) => resync(pbxKey, channel))));
    },
    settingsChanged(pbxKey) {
      if (asked.has(pbxKey) && !presences.of(pbxKey) && deps.onPbx(pbxKey).length > 0) void check(pbxKey);
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(CHECK_MS, signal);
        for (const key of signal.aborted ? [] : asked) if (deps.onPbx(key).length > 0) await check(key);
      }
      await Promise.all(inHand.values());
    },
  };
}

/** What a waiting call says of itself, by its event or by its channel. */
type Said = Pick<Caller, 'number' | 'line' | 'waitsSince' | 'waitSeconds'> & { signature: string };

function lineOf(exten: string | null | undefined): string | null {
  return !exten || exten === 's' ? null : exten;
}

/** `At`, Unix seconds, as the dialplan writes it: whole ones, so the wait began up to a second later. */
function stampOf(text: string | null | undefined): number | null {
  return text && /^\d{9,11}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1_000) : null;
}

function secondsOf(text: string | null | undefined): number | null {
  return text && /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : null;
}
