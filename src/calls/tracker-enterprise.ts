/** Whose call it is: the only enterprise of the PBX, the one a webhook's token proves, or the one whose selector fits. */
import type { CallState, EnterpriseProfile } from './tracker-types.js';
import type { Work } from './tracker-work.js';
import { matches } from './tracker-who.js';

/** Settles the enterprise when it can be told now. */
export function claim(work: Work, call: CallState): void {
  if (call.enterprise !== null) return;
  const all = work.ctx.enterprises;
  const only = all.length === 1 ? all[0] : undefined;
  if (only && !only.selector) {
    return claimedBy(work, call, only.number, 'the only one on this PBX');
  }
  claimedBy(
    work,
    call,
    onlyOne(all, (one) => fitsContext(one, call)),
    'a context of its own',
  );
  if (call.enterprise === null)
    claimedBy(
      work,
      call,
      onlyOne(all, (one) => fitsLine(one, call)),
      'its line',
    );
  if (call.enterprise === null) claimedBy(work, call, byStaff(all, call), 'its extensions');
}

/** `how`: what told it. */
export function claimedBy(work: Work, call: CallState, enterprise: string | null, how: string): void {
  if (enterprise === null) return;
  call.enterprise = enterprise;
  work.note(call, 'claimed', { enterprise, by: how });
}

function onlyOne(all: readonly EnterpriseProfile[], fits: (one: EnterpriseProfile) => boolean): string | null {
  const fitting = all.filter(fits);
  return fitting.length === 1 ? (fitting[0]?.number ?? null) : null;
}

function fitsContext(one: EnterpriseProfile, call: CallState): boolean {
  const contexts = one.selector?.contexts;
  return contexts !== undefined && call.legs.some((leg) => leg.context !== null && contexts.includes(leg.context));
}

function fitsLine(one: EnterpriseProfile, call: CallState): boolean {
  return call.line !== null && (one.selector?.lines?.includes(call.line) ?? false);
}

/**
 * Extensions of two enterprises in one call tell nothing. A call that came in on a line is never given by them to an
 * enterprise that has named its lines or contexts: it came in on somebody else's.
 */
function byStaff(all: readonly EnterpriseProfile[], call: CallState): string | null {
  const cameIn = call.direction === 'in' && call.line !== null;
  const asked = cameIn ? all.filter(({ selector }) => !selector?.lines && !selector?.contexts) : all;
  const extensions = call.legs.filter((leg) => leg.kind === 'extension' && leg.party !== null);
  if (extensions.length === 0) return null;
  return onlyOne(asked, (one) => extensions.every((leg) => matches(one.selector?.extensions, leg.party ?? '')));
}
