/**
 * Enterprises that share a PBX must be told apart, else a call would be nobody's or, worse, the wrong one's.
 *
 * Every call has a staff side, so the surest sign is whose extension it is: extension patterns must not meet. Where
 * they do (two tenants with a `151` each, behind different contexts), both must name their contexts in `selector`,
 * all of them, the ones their phones dial from included. A line or a named context can only be one enterprise's.
 */
import { TrunklineError } from '../platform/errors.js';
import type { Enterprise, Selector } from './enterprise.js';
import { pbxKeyOf } from './enterprise.js';

/** What the check needs of an enterprise; both an import entry and a stored enterprise fit after `resolve`. */
export type Claim = Pick<
  Enterprise,
  'number' | 'mode' | 'sources' | 'inboundContexts' | 'extensionPattern' | 'selector'
> & {
  pbx: { host: string; port: number } | null;
  lines: { id: string }[] | null;
  extensions: { number: string }[];
};

/** @throws TrunklineError CONFIG_OVERLAP naming both enterprises and what both claim. */
export function refuseOverlaps(claims: readonly Claim[]): void {
  const running = claims.filter((claim) => claim.mode !== 'off' && claim.pbx !== null);
  running.forEach((one, index) => {
    for (const other of running.slice(index + 1)) {
      if (pbxKeyOf(one) !== pbxKeyOf(other)) continue;
      const shared = whatBothClaim(one, other);
      if (shared === null) continue;
      throw new TrunklineError(
        'CONFIG_OVERLAP',
        `enterprises ${one.number} and ${other.number} share the PBX ${pbxKeyOf(one)} and both claim ${shared}`,
      );
    }
  });
}

function whatBothClaim(one: Claim, other: Claim): string | null {
  const line = firstShared(linesOf(one), linesOf(other));
  if (line !== null) return `line ${line}`;
  const context = firstShared(one.selector?.contexts ?? [], other.selector?.contexts ?? []);
  if (context !== null) return `context ${context}`;
  const apartByContext = one.selector?.contexts !== undefined && other.selector?.contexts !== undefined;
  const extension = sharedExtension(one, other);
  return apartByContext ? null : extension;
}

/** What an enterprise claims on a PBX it shares: what it says, and else what follows from its other settings. */
export function selectorOf(claim: Claim, others: readonly Claim[]): Selector {
  // A context that another enterprise has too tells nothing; the call then belongs to whose extension it is.
  const taken = new Set(others.flatMap((other) => other.selector?.contexts ?? other.inboundContexts));
  const contexts = claim.selector?.contexts ?? claim.inboundContexts.filter((context) => !taken.has(context));
  const lines = linesOf(claim);
  return {
    ...(contexts.length > 0 ? { contexts } : {}),
    ...(lines.length > 0 ? { lines } : {}),
    extensions: extensionsOf(claim),
  };
}

function linesOf(claim: Claim): string[] {
  return claim.selector?.lines ?? claim.lines?.map((line) => line.id) ?? [];
}

function extensionsOf(claim: Claim): string {
  return claim.selector?.extensions ?? claim.extensionPattern;
}

function firstShared(one: readonly string[], other: readonly string[]): string | null {
  return one.find((value) => other.includes(value)) ?? null;
}

/** An extension both patterns take, or null. Tried with every number of one to five digits and every one configured. */
function sharedExtension(one: Claim, other: Claim): string | null {
  const mine = new RegExp(extensionsOf(one));
  const theirs = new RegExp(extensionsOf(other));
  const both = (number: string) => mine.test(number) && theirs.test(number);
  const configured = [...one.extensions, ...other.extensions].map((extension) => extension.number).find(both);
  if (configured !== undefined) return `extension ${configured}`;
  for (let digits = 1; digits <= 5; digits += 1) {
    for (let value = 0; value < 10 ** digits; value += 1) {
      const number = String(value).padStart(digits, '0');
      if (both(number)) return `extension ${number}`;
    }
  }
  // Patterns for longer names cannot all be tried; equal ones surely meet.
  return mine.source === theirs.source ? `extensions like ${mine.source}` : null;
}
