import type { Enterprise, Selector, Source } from './enterprise.js';
import { selectorOf } from './selector-overlap.js';

/** What the call tracker knows of an enterprise. */
export interface CallProfile {
  number: string;
  timezone: string;
  country: string;
  inboundContexts: string[];
  extensionPattern: string;
  lines: string[] | null;
  /** By line id: the rule that makes a client's number of what the line shows. */
  lineTransforms: Record<string, string>;
  staffMobiles: { mobile: string; extension: string }[];
  sources: Source[];
  /** Null when the PBX is its own. */
  selector: Selector | null;
}

/** Contexts of our own dialplan in which a call that comes in still shows the number it dialled. */
const OWN_CONTEXTS = ['smart-redirect-start', 'trunkline-line', 'trunkline-http-line', 'waitredirect'];

/** The profiles of all enterprises of one PBX; those switched off are left out. */
export function callProfiles(onOnePbx: readonly Enterprise[]): CallProfile[] {
  const running = onOnePbx.filter((enterprise) => enterprise.mode !== 'off');
  return running.map((enterprise) => {
    const others = running.filter((other) => other !== enterprise);
    return {
      number: enterprise.number,
      timezone: enterprise.timezone,
      country: enterprise.country,
      inboundContexts: [...enterprise.inboundContexts, ...OWN_CONTEXTS],
      extensionPattern: enterprise.extensionPattern,
      lines: enterprise.lines?.map((line) => line.id) ?? null,
      lineTransforms: Object.fromEntries(
        (enterprise.lines ?? []).flatMap((line) => (line.transform === null ? [] : [[line.id, line.transform]])),
      ),
      staffMobiles: enterprise.extensions.flatMap(({ number, mobile }) =>
        mobile === undefined ? [] : [{ mobile, extension: number }],
      ),
      sources: enterprise.sources,
      selector: others.length === 0 && enterprise.selector === null ? null : selectorOf(enterprise, others),
    };
  });
}
