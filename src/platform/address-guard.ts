/**
 * Keeps addresses that tenants type into their settings away from our own network. A name is judged by what it resolves
 * to at the moment of each connect, and the connected socket is judged once more, so neither a name that changes its
 * answer nor an odd spelling of an address helps. What the operator lists in `TRUNKLINE_ALLOW_TARGETS` is exempt.
 */
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import { TrunklineError } from './errors.js';
import { IpRanges, isPublicAddress } from './ip-ranges.js';

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;
/** The shape `net.connect` wants. */
export type LookupFunction = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

export interface AddressGuard {
  /** True when a connection meant for `hostname` may end at `address`. */
  allows(hostname: string, address: string): boolean;
  /** @throws TrunklineError ADDRESS_REFUSED when `hostname` is an address (brackets allowed) that may not be reached. */
  checkLiteral(hostname: string): void;
  /** A resolver that gives only allowed addresses, and fails with ADDRESS_REFUSED when none is left. */
  lookup: LookupFunction;
}

export interface AddressGuardOptions {
  /** Host names, addresses and CIDRs exempt from the guard. */
  allowTargets: readonly string[];
  /** Name resolution; the system's when absent. */
  resolve?: LookupFunction;
}

/** @throws Error naming an entry of `allowTargets` that is written like a network but is none. */
export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const entries = options.allowTargets.map((entry) => entry.trim()).filter((entry) => entry !== '');
  const looksLikeNetwork = (entry: string) => entry.includes('/') || isIP(unbracketed(entry)) !== 0;
  const ranges = new IpRanges(entries.filter(looksLikeNetwork).map(unbracketed));
  const names = new Set(entries.filter((entry) => !looksLikeNetwork(entry)).map(canonicalName));
  const resolve: LookupFunction = options.resolve ?? (systemLookup as LookupFunction);

  const allows = (hostname: string, address: string): boolean =>
    isPublicAddress(address) || ranges.has(address) || names.has(canonicalName(hostname));

  return {
    allows,
    checkLiteral(hostname) {
      const address = unbracketed(hostname);
      if (isIP(address) !== 0 && !allows(hostname, address)) throw refused(hostname);
    },
    lookup(hostname, lookupOptions, callback) {
      resolve(hostname, { ...lookupOptions, all: true }, (error, answer) => {
        if (error) return callback(error, '');
        const found = typeof answer === 'string' ? [{ address: answer, family: isIP(answer) }] : answer;
        const allowed = found.filter(({ address }) => allows(hostname, address));
        const [first] = allowed;
        if (!first) return callback(refused(hostname), '');
        if (lookupOptions.all) callback(null, allowed);
        else callback(null, first.address, first.family);
      });
    },
  };
}

function refused(hostname: string): TrunklineError {
  return new TrunklineError(
    'ADDRESS_REFUSED',
    `${hostname} is an address of a private or local network; the operator can allow it in TRUNKLINE_ALLOW_TARGETS`,
  );
}

function unbracketed(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

function canonicalName(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}
