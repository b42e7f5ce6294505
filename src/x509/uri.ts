import { ipToBytes } from './ip.ts';

const NAME = "[A-Za-z0-9_~!$&'()*+,;=-]";
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const AUTHORITY = new RegExp(
  `^(?:(?:${NAME}|[.:]|%[0-9A-Fa-f]{2})*@)?(?:(?<name>${NAME}+(?:\\.${NAME}+)*)|\\[(?<address>[^\\]]*)\\]|)(?::[0-9]*)?$`,
);
const CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})";
const REST = new RegExp(`^${CHARACTER}*(?:\\?(?:${CHARACTER}|\\?)*)?(?:#(?:${CHARACTER}|\\?)*)?$`);

/**
 * Whether a text is a URI as one stands in a certificate: absolute and with a host, where there is one, that is a domain
 * or an IPv6 address (RFC 5280 4.2.1.6, RFC 3986). What Go does not read is none (net/url, Parse;
 * crypto/x509, parseSANExtension).
 */
export function isUri(text: string): boolean {
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme === undefined) return false;
  const [, authority, rest = ''] = /^(?:\/\/([^/?#]*))?(.*)$/s.exec(text.slice(scheme.length)) ?? [];
  return REST.test(rest) && (authority === undefined || isAuthority(authority));
}

function isAuthority(authority: string): boolean {
  const address = AUTHORITY.exec(authority)?.groups?.['address'];
  return (
    AUTHORITY.test(authority) &&
    (address === undefined || (ipToBytes(address) !== undefined && address.includes(':')))
  );
}
