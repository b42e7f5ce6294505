import { ipToBytes } from './ip.ts';
import type { Certificate } from './model.ts';

const HOST = /^[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_][a-z0-9_-]*)*$/;

/**
 * Whether a certificate is good for a host, as Go decides it (crypto/x509, VerifyHostname; RFC 9525 6.3): addresses among
 * the IP addresses of subjectAltName, anything else among its DNS names, where `*` stands for one whole label, the first.
 * The common name never counts.
 *
 * @param host An IP address or a name, in any case, a name also with the dot of the root.
 */
export function isGoodForHost({ subjectAltName = [] }: Certificate, host: string): boolean {
  const valuesOf = (kind: string): readonly string[] =>
    subjectAltName.filter((name) => name.kind === kind).map(({ value }) => lowerCase(value));
  const address = ipToBytes(host);
  if (address !== undefined) {
    return valuesOf('ip').some((value) => Buffer.compare(ipToBytes(value) ?? Buffer.alloc(0), address) === 0);
  }
  const name = lowerCase(host);
  const relative = name.replace(/\.$/, '');
  return valuesOf('dns').some((pattern) => {
    // What is no host name has only itself to match.
    if (!HOST.test(relative) || !HOST.test(pattern.replace(/^\*\./, '')))
      return pattern === name && /[^.]/.test(name);
    return pattern === relative || pattern === relative.replace(/^[^.]+\./, '*.');
  });
}

/** ASCII alone: to Unicode, a Kelvin sign is a `k` (RFC 9525 6.3). */
function lowerCase(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
