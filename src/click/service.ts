/** See README.md: what is promised of a click, and what happens when something is away. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import type { Logger } from '../platform/log.js';
import { wellFormed } from '../platform/well-formed.js';
import { allowed } from './allowed.js';
import { place } from './place.js';
import type { ClickRequest, Pbx } from './ports.js';
import type { Claimed, ClickLimits, NewClick, RefusedClick, Unsettled } from './store.js';

export interface ClickDeps {
  clock: Clock;
  log: Logger;
  /** The link to the PBX, while this daemon has one that is up. */
  pbx(key: string): Pbx | null;
  claim(click: NewClick, limits: ClickLimits): Promise<Claimed>;
  placed(id: string): Promise<void>;
  failed(id: string, why: string): Promise<void>;
  keepRefused(click: RefusedClick): Promise<void>;
  unsettled(limit: number): Promise<Unsettled[]>;
  over(id: string): Promise<void>;
  /** Tells the CRM that nothing came of the call it asked for. False: not now, again later. */
  tellNothingCame(click: Unsettled, signal: AbortSignal): Promise<boolean>;
  count(outcome: string): void;
}

export type Clicked =
  | { ok: true; extension: string; phone: string; double: boolean }
  | { ok: false; status: 400 | 403 | 429 | 503; why: string };

export interface ClickService {
  click(request: ClickRequest): Promise<Clicked>;
  run(signal: AbortSignal): Promise<void>;
}

/** How long after the phone stopped ringing the call must be known, if there is one. */
const AFTER_RING_MS = 20_000;
const TURN_MS = 2_000;
const AT_ONCE = 20;
/** Of what strangers sent for an extension or a number. */
const MOST_SIGNS = 64;

export function createClickService(deps: ClickDeps): ClickService {
  const { clock, log } = deps;
  const placing = new Set<Promise<void>>();
  const stopped = new AbortController();

  function refuse(request: ClickRequest, status: 400 | 403 | 429 | 503, why: string): Clicked {
    deps.count(status === 429 ? 'limited' : status === 503 ? 'away' : 'refused');
    nothingComesOf(request, why);
    return { ok: false, status, why };
  }

  /** It may be on a screen already, under an id of its own: it is settled as one that failed. */
  function nothingComesOf({ enterprise, source, refs, phone, code }: ClickRequest, why: string): void {
    if (Object.keys(refs).length === 0) return;
    const { number, pbxKey: pbx } = enterprise;
    const shortened = (text: string) => wellFormed(text.slice(0, MOST_SIGNS));
    const told = { extension: shortened(code), phone: shortened(phone), source, refs, why };
    keep(
      deps
        .keepRefused({ id: randomUUID(), enterprise: number, pbx, ...told })
        .then(() => settle(stopped.signal))
        .catch((error: unknown) =>
          log.warn({ err: error, enterprise: number, source }, 'a refused click may stay on a screen'),
        ),
    );
  }

  function keep(work: Promise<void>): void {
    placing.add(work);
    void work.finally(() => placing.delete(work));
  }

  async function click(request: ClickRequest): Promise<Clicked> {
    const { enterprise } = request;
    const { settings } = enterprise;
    if (!enterprise.on || !settings.enabled)
      return refuse(request, 403, 'click-to-call is switched off for this enterprise');
    const may = allowed(enterprise, request.code, request.phone);
    if (!may.ok) return refuse(request, 400, may.why);
    const pbx = deps.pbx(enterprise.pbxKey);
    if (!pbx) return refuse(request, 503, 'the PBX cannot be reached now');
    const { extension, phone } = may;
    const uid = `${Math.floor(clock.now() / 1_000)}.click-${randomBytes(8).toString('hex')}`;
    const id = randomUUID();
    const { source, refs } = request;
    const settleMs = settings.ringSeconds * 1_000 + AFTER_RING_MS;
    let claimed: Claimed;
    try {
      const click = { id, enterprise: enterprise.number, pbx: enterprise.pbxKey, uid, extension, phone, source, refs };
      claimed = await deps.claim({ ...click, settleMs }, settings.perMinute);
    } catch (error) {
      log.warn({ err: error, enterprise: enterprise.number }, 'a click could not be written down');
      return refuse(request, 503, 'the click could not be kept; nothing was dialled');
    }
    if (claimed === 'double') {
      deps.count('double');
      nothingComesOf(request, 'asked for twice');
      return { ok: true, extension, phone, double: true };
    }
    if (claimed !== 'new') return refuse(request, 429, `too many calls were asked for in a minute (${claimed})`);
    keep(carryOut(pbx, id, { uid, extension, phone, settings }, enterprise.number));
    return { ok: true, extension, phone, double: false };
  }

  async function carryOut(pbx: Pbx, id: string, order: Parameters<typeof place>[1], enterprise: string): Promise<void> {
    try {
      await place(pbx, order);
      deps.count('placed');
      log.info(
        { enterprise, extension: order.extension, phone: order.phone, uid: order.uid },
        'a clicked call is placed',
      );
      await deps.placed(id);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      deps.count('failed');
      log.warn({ enterprise, extension: order.extension, uid: order.uid, why }, 'a clicked call could not be placed');
      await deps
        .failed(id, why)
        .catch((failure: unknown) => log.warn({ err: failure }, 'a click could not be settled'));
    }
  }

  async function settle(signal: AbortSignal): Promise<void> {
    for (const one of await deps.unsettled(AT_ONCE)) {
      if (signal.aborted) return;
      if (one.came || (await deps.tellNothingCame(one, signal))) await deps.over(one.id);
    }
  }

  return {
    click,
    async run(signal) {
      for (; !signal.aborted; await clock.sleep(TURN_MS, signal)) {
        await settle(signal).catch((error: unknown) => log.debug({ err: error }, 'clicks could not be settled now'));
      }
      stopped.abort();
      await Promise.allSettled(placing);
    },
  };
}
