import { canonicalAddress } from './address.ts';
import { parseDnsName } from './names.ts';
import type { Parsed } from './parsed.ts';
import type { Endpoint } from './spec.ts';

const PORT_RULE = 'a port from 1 to 65535';

/** Reads a TCP port. */
export function parsePort(text: string): Parsed<number> {
  const isPort = /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
  return isPort ? { value: Number(text) } : { rule: `must be ${PORT_RULE}`, hint: 'for example 6443' };
}

const ENDPOINT_RULE = 'must be host or host:port, the host an IP address or DNS name';

function parseBracketed(ipv6: string): Parsed<string> {
  const address = ipv6.includes(':') ? canonicalAddress(ipv6) : undefined;
  if (address !== undefined) return { value: address };
  return { rule: ENDPOINT_RULE, hint: 'brackets are for an IPv6 address: [2001:db8::1]:6443' };
}

function parseBare(name: string): Parsed<string> {
  const address = canonicalAddress(name);
  if (address !== undefined) return { value: address };
  const parsed = parseDnsName(name);
  return 'rule' in parsed ? { ...parsed, rule: ENDPOINT_RULE } : parsed;
}

/**
 * Reads where the control plane is reached: `host`, `host:port`, `[ipv6]:port`, or an IPv6 address by itself. Brackets
 * without a port are refused, as by kubeadm (kubeadm.md 2.2). The host is in canonical text or lower case.
 */
export function parseEndpoint(text: string): Parsed<Endpoint> {
  const address = canonicalAddress(text);
  if (address !== undefined) return { value: { host: address } };

  const withoutUrl = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[/?#].*$/s, '');
  if (withoutUrl !== text) {
    const isRight = 'value' in parseEndpoint(withoutUrl);
    return {
      rule: ENDPOINT_RULE,
      hint: isRight ? `did you mean ${withoutUrl}` : 'leave scheme and path out: lb.example.com:6443',
    };
  }

  const [, ipv6, name = '', port] = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? [];
  const host = ipv6 === undefined ? parseBare(name) : parseBracketed(ipv6);
  if ('rule' in host) return host;
  if (port === undefined && ipv6 === undefined) return { value: { host: host.value } };
  if (port === undefined) {
    return {
      rule: `must have ${PORT_RULE} after the brackets`,
      hint: `${text}:6443, or ${ipv6} without brackets`,
    };
  }
  const parsedPort = parsePort(port);
  if ('value' in parsedPort) return { value: { host: host.value, port: parsedPort.value } };
  return { ...parsedPort, rule: `must have ${PORT_RULE} after the colon` };
}
