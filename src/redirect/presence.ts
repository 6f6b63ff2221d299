/**
 * Whether a PBX has our dialplan, and what its globals say. Asked at connect and every hour: a Redirect into a context
 * that is not there is answered with Success and drops the call.
 */
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { OWN_CONTEXT, WAIT_CONTEXT } from './look.js';
import type { Pbx } from './ports.js';

const OWN_CONTEXTS = [WAIT_CONTEXT, OWN_CONTEXT];
const DEFAULT_CONTEXT = 'default-route';
const ASK_MS = 5_000;
const FRESH_MS = 3_600_000;
/** The fleet's contexts are generated anew now and then. */
const ABSENT_MS = 60_000;

export interface Presence {
  /** Null when calls may be redirected; else why not. */
  off: string | null;
  /** What the operator should mend though calls are redirected. */
  warning: string | null;
  tech: 'PJSIP' | 'SIP' | null;
  waitSeconds: number | null;
}

export interface Presences {
  /** Null while the PBX has not been asked. */
  of(pbxKey: string): Presence | null;
  /** Asks it anew. */
  check(pbxKey: string): Promise<void>;
  /** Whether this PBX has that context; null when it cannot be asked. */
  hasContext(pbxKey: string, context: string): Promise<boolean | null>;
}

export interface PresencesDeps {
  pbx(key: string): Pbx | null;
  clock: Clock;
  log: Logger;
}

export function createPresences({ pbx, clock, log }: PresencesDeps): Presences {
  const known = new Map<string, Presence>();
  const contexts = new Map<string, { there: boolean; until: number }>();

  async function check(key: string): Promise<void> {
    const asked = pbx(key);
    if (!asked) return;
    const before = known.get(key);
    const presence = await presenceOf(asked);
    known.set(key, presence);
    if (JSON.stringify(before) === JSON.stringify(presence)) return;
    if (presence.off !== null) log.warn({ pbx: key, why: presence.off }, 'smart redirect is off on this PBX');
    else log.info({ pbx: key, warning: presence.warning, tech: presence.tech }, 'smart redirect is ready on this PBX');
  }

  return {
    of: (key) => known.get(key) ?? null,
    check,
    async hasContext(key, context) {
      const asked = pbx(key);
      const name = `${key}/${context}`;
      const fresh = contexts.get(name);
      if (fresh && fresh.until > clock.monotonic()) return fresh.there;
      if (!asked) return null;
      const missing = await whyMissing(asked, context);
      if (missing !== null && missing !== 'absent') return null;
      const there = missing === null;
      contexts.set(name, { there, until: clock.monotonic() + (there ? FRESH_MS : ABSENT_MS) });
      return there;
    },
  };
}

async function presenceOf(pbx: Pbx): Promise<Presence> {
  const globals = await readGlobals(pbx, ['TRUNKLINE_TECH', 'TRUNKLINE_WAIT', 'TRUNKLINE_DEFAULT']);
  const tech = globals['TRUNKLINE_TECH'];
  const wait = Number(globals['TRUNKLINE_WAIT'] ?? NaN);
  const presence: Presence = {
    off: null,
    warning: null,
    tech: tech === 'SIP' || tech === 'PJSIP' ? tech : null,
    waitSeconds: Number.isFinite(wait) && wait > 0 ? wait : null,
  };
  const barred = await whyBarred(pbx);
  if (barred !== null) return { ...presence, off: barred };
  for (const context of OWN_CONTEXTS) {
    const missing = await whyMissing(pbx, context);
    if (missing === null) continue;
    const why = missing === 'absent' ? 'is not in the dialplan: include dialplan/trunkline.conf' : missing;
    return { ...presence, off: `the context ${context} ${why}` };
  }
  const fallback = globals['TRUNKLINE_DEFAULT'] ?? DEFAULT_CONTEXT;
  if ((await whyMissing(pbx, fallback)) !== null)
    presence.warning = `the context ${fallback} is not in the dialplan: calls nobody owns go to TRUNKLINE_LAST_RESORT`;
  return presence;
}

async function readGlobals(pbx: Pbx, names: readonly string[]): Promise<Record<string, string>> {
  const answers = await pbx.batch(
    names.map((name) => ({ name: 'Getvar', headers: { Variable: name } })),
    ASK_MS,
  );
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const answer = answers[index];
      const value = answer?.status === 'fulfilled' ? answer.value.get('Value') : undefined;
      return value ? [[name, value]] : [];
    }),
  );
}

/** Null when the AMI user may redirect. A Redirect of nothing is refused either way; what it is refused for tells. */
async function whyBarred(pbx: Pbx): Promise<string | null> {
  const [answer] = await pbx.batch([{ name: 'Redirect', headers: {} }], ASK_MS);
  const denied = answer?.status === 'rejected' && /permission denied/i.test(String(answer.reason));
  return denied ? 'the AMI user may not redirect calls: it needs write=call' : null;
}

/** Null when the context is there, `absent` when it is not, else why that is not known. */
async function whyMissing(pbx: Pbx, context: string): Promise<string | null> {
  try {
    await pbx.list('ShowDialPlan', { Context: context }, ASK_MS);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (/did not find context/i.test(why)) return 'absent';
    if (/permission denied/i.test(why)) return 'cannot be asked for: the AMI user needs write=reporting';
    return `cannot be asked for: ${why}`;
  }
}
