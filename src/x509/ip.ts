import { isIPv4, isIPv6 } from 'node:net';

/**
 * The bytes of an IP address as an iPAddress name carries them (RFC 5280 4.2.1.6): 4 for IPv4, 16 for IPv6.
 * An IPv4-mapped IPv6 address becomes its 4 bytes, as Go writes it.
 *
 * @returns `undefined` where `text` is not one address: leading zeros in IPv4, zones, prefixes, ports, brackets.
 */
export function ipToBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  // A zone has a meaning on one host only (RFC 4007 section 6): never in a certificate.
  if (!isIPv6(text) || text.includes('%')) return undefined;

  const hexOnly = text.replace(/[^:]+\.[^:]+$/, (ipv4) => {
    const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = [], tail = []] = hexOnly.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const bytes = Uint8Array.from(
    [...head, ...zeros, ...tail]
      .map((group) => Number.parseInt(group, 16))
      .flatMap((group) => [group >> 8, group & 0xff]),
  );
  return isIpv4Mapped(bytes) ? bytes.slice(12) : bytes;
}

/**
 * The canonical text (RFC 5952) of an address of 4 or 16 bytes. 16 bytes that hold an IPv4-mapped address are shown as
 * such (`::ffff:192.0.2.1`, section 5), because OpenSSL does not match them against the IPv4 address.
 *
 * @throws {RangeError} for any other number of bytes.
 */
export function ipToText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new RangeError(`"bytes" expected 4 or 16 bytes, got ${bytes.length}`);
  if (isIpv4Mapped(bytes)) return `::ffff:${bytes.slice(12).join('.')}`;

  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const full = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16)).join(':');
  // The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2).
  const runs = full.match(/(?<![^:])0(?::0)+(?![^:])/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return full;
  const start = full.search(new RegExp(`(?<![^:])${longest}(?![^:])`));
  return `${full.slice(0, start).replace(/:$/, '')}::${full.slice(start + longest.length).replace(/^:/, '')}`;
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}
