/** Who a channel is, from its name and the enterprise's settings; never from a caller id. */
import type { EnterpriseProfile, LegKind } from './tracker-types.js';
import { parseChannelName } from './channel-name.js';
import type { PhoneReading } from './phone.js';
import { e164Of, toE164 } from './phone.js';
import { cleanText } from './phone-text.js';
import type { Work } from './tracker-work.js';

const patterns = new Map<string, RegExp | null>();

/** A pattern that does not compile matches nothing; settings are checked where they are saved. */
function compiled(source: string): RegExp | null {
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    try {
      pattern = new RegExp(source);
    } catch {
      pattern = null;
    }
    if (patterns.size < 10_000) patterns.set(source, pattern);
  }
  return pattern;
}

export function matches(source: string | undefined, text: string): boolean {
  return source !== undefined && (compiled(source)?.test(text) ?? false);
}

/** True when the enterprise (or, not known yet, any on this PBX) has such an extension. */
export function isExtension(work: Work, profile: EnterpriseProfile | null, name: string): boolean {
  const some = profile ? [profile] : work.ctx.enterprises;
  return some.some((one) => matches(one.extensionPattern, name) && !one.lines?.includes(name));
}

export interface Identity {
  kind: LegKind;
  /** Extension or trunk endpoint, or what a Local channel dials. */
  resource: string;
}

export function identify(work: Work, profile: EnterpriseProfile | null, channel: string): Identity {
  if (channel === '') return { kind: 'unknown', resource: '' };
  const name = parseChannelName(channel);
  if (name.isLocal) return { kind: 'local', resource: name.resource };
  return { kind: isExtension(work, profile, name.resource) ? 'extension' : 'trunk', resource: name.resource };
}

/** A number read by the enterprise's rules and, where told, those of the line it came in on, which is no client. */
export function readNumber(profile: EnterpriseProfile | null, raw: string | null, line: string | null): PhoneReading {
  return toE164(raw, {
    country: profile?.country ?? '',
    lines: line === null ? (profile?.lines ?? null) : [...(profile?.lines ?? []), line],
    transform: line === null ? null : (profile?.lineTransforms?.[line] ?? null),
  });
}

/** The staff mobile this number is, in E.164, or null. */
export function staffMobile(profile: EnterpriseProfile | null, raw: string | null): string | null {
  if (!profile || raw === null) return null;
  const e164 = e164Of(raw, { country: profile.country, lines: profile.lines });
  if (e164 === null) return null;
  return profile.staffMobiles.some((one) => sameNumber(one.mobile, e164)) ? e164 : null;
}

function sameNumber(one: string, other: string): boolean {
  return one.replace(/\D/g, '') === other.replace(/\D/g, '');
}

/** An extension as it is, a longer number in E.164 where it can be read. */
export function partyOf(work: Work, profile: EnterpriseProfile | null, raw: string): string {
  if (isExtension(work, profile, raw)) return raw;
  const reading = readNumber(profile, raw, null);
  return reading.kind === 'number' ? reading.e164 : cleanText(raw);
}
