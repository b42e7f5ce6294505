import { ipToBytes, ipToText } from '../x509/ip.ts';
import { suggestHost } from './names.ts';
import type { Parsed } from './parsed.ts';
import type { Cidr } from './spec.ts';

/** The canonical text (RFC 5952) of one IP address; undefined where `text` is none. IPv4-mapped IPv6 becomes IPv4. */
export function canonicalAddress(text: string): string | undefined {
  const bytes = ipToBytes(text);
  return bytes === undefined ? undefined : ipToText(bytes);
}

/** Whether `text` is one IP address. */
export function isAddress(text: string): boolean {
  return ipToBytes(text) !== undefined;
}

function networkText(bytes: Uint8Array, prefixLength: number): string {
  const network = bytes.map((byte, index) => {
    const hostBits = Math.min(8, Math.max(0, (index + 1) * 8 - prefixLength));
    return byte & (0xff << hostBits);
  });
  return ipToText(network);
}

/** The family of an address. */
export function familyOf(address: string): 4 | 6 {
  return ipToBytes(address)?.length === 4 ? 4 : 6;
}

/** Whether an address lies in a network. */
export function isInside(address: string, { address: network, prefixLength }: Cidr): boolean {
  const bytes = ipToBytes(address);
  return bytes !== undefined && networkText(bytes, prefixLength) === network;
}

function v4(address: string, prefixLength: number): Cidr {
  return { address, prefixLength, family: 4 };
}

function v6(address: string, prefixLength: number): Cidr {
  return { address, prefixLength, family: 6 };
}

// No host has one of these: RFC 1122 section 3.2.1.3, RFC 1112 section 4, RFC 4291 sections 2.5.2 and 2.7.
const UNUSABLE: readonly (readonly [says: string, networks: readonly Cidr[]])[] = [
  ['the unspecified address', [v4('0.0.0.0', 32), v6('::', 128)]],
  ['a multicast address', [v4('224.0.0.0', 4), v6('ff00::', 8)]],
  ['the broadcast address', [v4('255.255.255.255', 32)]],
];
// RFC 3927 section 2.7, RFC 4291 section 2.5.6: good on one link alone.
const LINK_LOCAL: readonly Cidr[] = [v4('169.254.0.0', 16), v6('fe80::', 10)];
const LOOPBACK: readonly Cidr[] = [v4('127.0.0.0', 8), v6('::1', 128)];
// Deprecated by RFC 3879; kubeadm warns as well (kubeadm.md 7.3).
const SITE_LOCAL: Cidr = v6('fec0::', 10);

/** Whether only the host itself reaches this address. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.some((network) => isInside(address, network));
}

/** Whether a network is of the site-local addresses that IPv6 gave up. */
export function isSiteLocal({ address }: Cidr): boolean {
  return isInside(address, SITE_LOCAL);
}

/** Reads the address of one host, to its canonical text. Loopback addresses are let through. */
export function parseHostAddress(text: string): Parsed<string> {
  const value = canonicalAddress(text);
  if (value === undefined) {
    const hint = suggestHost(text, isAddress) ?? 'for a name use --apiserver-cert-extra-sans';
    return { rule: 'must be an IPv4 or IPv6 address', hint };
  }
  const found = UNUSABLE.find(([, networks]) => networks.some((network) => isInside(value, network)));
  if (found === undefined) return { value };
  return {
    rule: `must be the address of one host, not ${found[0]}`,
    hint: 'give the address under which others reach it',
  };
}

/** The same for the address that the API server announces: it cannot announce one that is good on one link alone. */
export function parseAdvertiseAddress(text: string): Parsed<string> {
  const parsed = parseHostAddress(text);
  // kubeadm refuses it, too (k8s.io/kubernetes cmd/kubeadm/app/util/config, VerifyAPIServerBindAddress).
  if ('rule' in parsed || !LINK_LOCAL.some((network) => isInside(parsed.value, network))) return parsed;
  return {
    rule: 'must be an address that other networks reach, not a link-local one',
    hint: 'give the address under which others reach it',
  };
}

// kubeadm.md 7.3: at least 10 addresses, and host bits that the API server can keep account of.
const MIN_HOST_BITS = 4;
const MAX_HOST_BITS = 20;

/** Reads a network of service addresses. Its host bits need not be zero: `10.96.0.12/24` is `10.96.0.0/24`. */
export function parseServiceCidr(text: string): Parsed<Cidr> {
  const [, address = text, prefix] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const bytes = ipToBytes(address);
  const prefixLength = Number(prefix);
  const bits = (bytes?.length ?? 0) * 8;
  // The prefix length of an IPv4-mapped network counts 128 bits, its address is left with 32.
  const isMapped = bits === 32 && address.includes(':');
  if (bytes === undefined || prefix === undefined || prefixLength > bits || isMapped) {
    return {
      rule: 'must be a network in CIDR notation',
      hint:
        bytes === undefined || isMapped
          ? 'for example 10.96.0.0/12'
          : `for example ${address}/${bits - MAX_HOST_BITS}`,
    };
  }
  const smallest = bits - MIN_HOST_BITS;
  const largest = bits - MAX_HOST_BITS;
  if (prefixLength > smallest)
    return { rule: 'must hold at least 10 addresses', hint: `/${smallest} or larger` };
  if (prefixLength < largest)
    return { rule: `must not be larger than /${largest}`, hint: `/${largest} or smaller` };
  return { value: { address: networkText(bytes, prefixLength), prefixLength, family: bits === 32 ? 4 : 6 } };
}

/**
 * The first usable address of a service network, in canonical text: that of the API server (kubeadm.md 1.4).
 *
 * @throws {RangeError} for a network that is none.
 */
export function serviceAddress({ address }: Cidr): string {
  const bytes = ipToBytes(address);
  if (bytes === undefined) throw new RangeError(`"address" expected an IP address, got ${address}`);
  // Without a carry: a service network has four host bits or more.
  return ipToText(bytes.map((byte, index) => (index === bytes.length - 1 ? byte + 1 : byte)));
}
