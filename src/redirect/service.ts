/**
 * Smart redirect as the daemon runs it: hears of waiting calls, knows which PBXs have our dialplan, and gives each call to
 * the desk once.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { createComplaints } from './complaints.js';
import type { Desk } from './desk.js';
import { WAIT_CONTEXT } from './look.js';
import type { Caller, Pbx, RedirectEnterprise } from './ports.js';
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
  /** Age of the channel. */
  seconds: number | null;
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
  /** Asks every PBX anew each hour, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const EVENT = 'SmartRedirect';
const UNIQUE_ID = /^[\w.-]{1,150}$/;
const CHECK_MS = 3_600_000;

export function createRedirect(deps: RedirectDeps): Redirect {
  const { clock, log, desk, presences } = deps;
  const inHand = new Set<string>();
  const complaints = createComplaints(log, clock);
  const complain = (pbx: string, message: string, more: object = {}) => complaints(pbx, message, { pbx, ...more });
  const asked = new Set<string>();

  function handle(caller: Caller): void {
    const key = `${caller.enterprise.pbxKey}/${caller.uid}`;
    const pbx = deps.pbx(caller.enterprise.pbxKey);
    if (!pbx || inHand.has(key)) return;
    inHand.add(key);
    void handleOn(pbx, caller).finally(() => inHand.delete(key));
  }

  async function handleOn(pbx: Pbx, caller: Caller): Promise<void> {
    const { pbxKey } = caller.enterprise;
    if (!presences.of(pbxKey)) await check(pbxKey);
    const off = presences.of(pbxKey)?.off;
    if (!off) return void (await desk.handle(caller, pbx));
    deps.count('off');
    complain(pbxKey, 'a call waits where smart redirect is off', { why: off });
  }

  /** Never rejects: a PBX that cannot be asked is asked again with the next call. */
  async function check(pbxKey: string): Promise<void> {
    try {
      await presences.check(pbxKey);
    } catch (error) {
      log.warn({ pbx: pbxKey, err: error }, 'the PBX could not be asked for our contexts');
    }
  }

  /** Whose call it is, by the secret it was signed with. */
  function signedBy(pbxKey: string, uid: string, signature: string): RedirectEnterprise | null {
    return deps.onPbx(pbxKey).find(({ settings }) => isSignedWith(settings.secret, uid, signature)) ?? null;
  }

  /** Without a signature the line tells whose call it is; the PBX itself has shown that it waits. */
  function owningLine(pbxKey: string, line: string | null): RedirectEnterprise | null {
    const all = deps.onPbx(pbxKey);
    if (all.length === 1) return all[0] ?? null;
    const owners = all.filter(({ lines }) => lines?.some(({ id }) => id === line));
    return owners.length === 1 ? (owners[0] ?? null) : null;
  }

  function resync(pbxKey: string, channels: readonly WaitingChannel[]): void {
    const now = clock.now();
    for (const { uid, context, callerNum, exten, seconds } of channels) {
      if (context !== WAIT_CONTEXT) continue;
      const line = lineOf(exten);
      const enterprise = owningLine(pbxKey, line);
      if (!enterprise) {
        deps.count('unclaimed');
        continue;
      }
      // The wait began after the channel did; that it began with it is the safe reading.
      const waitsSince = now + (deps.pbx(pbxKey)?.skewMs() ?? 0) - (seconds ?? 3_600) * 1_000;
      handle({ enterprise, uid, number: callerNum, line, waitsSince, heardAt: now, heardBy: 'resync' });
    }
  }

  return {
    userEvent(pbxKey, event) {
      if (event.name !== EVENT || !UNIQUE_ID.test(event.uid) || deps.onPbx(pbxKey).length === 0) return;
      const enterprise = signedBy(pbxKey, event.uid, event.get('Sig') ?? '');
      if (!enterprise) {
        deps.count('forged');
        return complain(pbxKey, 'a waiting call is signed with a secret of no enterprise here');
      }
      handle({
        enterprise,
        uid: event.uid,
        number: event.get('Phone') ?? null,
        line: lineOf(event.get('Line') ?? null),
        waitsSince: stampOf(event.get('At')) ?? event.at ?? event.arrivedAt + (deps.pbx(pbxKey)?.skewMs() ?? 0),
        heardAt: event.arrivedAt,
        heardBy: 'event',
      });
    },
    linkUp(pbxKey, channels) {
      asked.add(pbxKey);
      if (deps.onPbx(pbxKey).length > 0) void check(pbxKey).then(() => resync(pbxKey, channels));
    },
    settingsChanged(pbxKey) {
      if (asked.has(pbxKey) && !presences.of(pbxKey) && deps.onPbx(pbxKey).length > 0) void check(pbxKey);
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(CHECK_MS, signal);
        for (const key of signal.aborted ? [] : asked) if (deps.onPbx(key).length > 0) await check(key);
      }
    },
  };
}

function lineOf(exten: string | null): string | null {
  return exten === null || exten === '' || exten === 's' ? null : exten;
}

/** `At`, seconds with a fraction, as the dialplan writes it. */
function stampOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{9,11}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1_000) : null;
}
