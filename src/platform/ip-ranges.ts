import { BlockList, isIP } from 'node:net';

/** IPv4 networks that are not somebody else's public host: RFC 6890 and its kin. */
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** IPv6 likewise. Teredo and the local NAT64 prefix hide where a packet ends, so they are refused whole. */
const NOT_PUBLIC_V6 = [
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** Sets of addresses, IPv4 and IPv6, written as addresses or CIDRs. */
export class IpRanges {
  readonly #list = new BlockList();

  /** @throws Error naming the text that is neither an address nor a CIDR. */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) this.#add(range);
  }

  #add(range: string): void {
    const [address = '', prefix] = range.split('/');
    const family = isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    if (family === 0 || prefix === '' || !Number.isInteger(length) || length < 0 || length > bits) {
      throw new Error(`not an IP address or CIDR: ${range}`);
    }
    this.#list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }

  /** `address` is a plain IPv4 or IPv6 address; one mapped into IPv6 counts as the IPv4 address it stands for. */
  has(address: string): boolean {
    const plain = innermostAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }
}

const notPublic = new IpRanges([...NOT_PUBLIC_V4, ...NOT_PUBLIC_V6]);

/** True for an address that may be a host on the Internet; false for every kind of local one, and for no address at all. */
export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && !notPublic.has(address);
}

const loopback = new IpRanges(['127.0.0.0/8', '::1']);

/** True for a host name or address of this machine itself; brackets around an address are allowed. */
export function isLoopback(host: string): boolean {
  return /^localhost$/i.test(host) || loopback.has(host.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * The IPv4 address inside an IPv6 one that only wraps it: mapped (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`) and 6to4
 * (`2002::/16`). Anything else comes back unchanged, without a zone.
 */
export function innermostAddress(address: string): string {
  const plain = address.split('%')[0] ?? address;
  if (isIP(plain) !== 6) return plain;
  const words = ipv6Words(plain);
  const head = words.slice(0, 6).join(':');
  if (head === '0:0:0:0:0:65535' || head === '100:65435:0:0:0:0') return ipv4Of(words[6] ?? 0, words[7] ?? 0);
  if (words[0] === 0x2002) return ipv4Of(words[1] ?? 0, words[2] ?? 0);
  return plain;
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Eight 16-bit words of a valid IPv6 address, with `::` and a dotted tail written out. */
function ipv6Words(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : address;
  const [before = '', after] = text.split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === undefined || after === '' ? [] : after.split(':');
  const middle = after === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...middle, ...right].map((word) => Number.parseInt(word, 16));
}
