import type { Breach, Parsed } from './parsed.ts';

const LABEL = '[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?';
const SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const MAX_NAME_LENGTH = 253;

function isSubdomain(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && SUBDOMAIN.test(text);
}

// No top-level domain is a number (RFC 1123 section 2.1), so that 1.2.34 and 259.2.3.4, which kubeadm takes for names
// (kubeadm.md 2.2), are addresses with a typing error.
const ENDS_IN_NUMBER = /(?:^|\.)\d+$/;

/** Whether `text` can be the name of a host: an RFC 1123 subdomain that does not end in a number. */
export function isHostName(text: string): boolean {
  return isSubdomain(text) && !ENDS_IN_NUMBER.test(text);
}

/** Whether `text` is a name of hosts whose first label is `*`, and no other. */
export function isWildcardName(text: string): boolean {
  return text.startsWith('*.') && text.length <= MAX_NAME_LENGTH && isHostName(text.slice(2));
}

/** `text` without what does not belong to a host: scheme, path or prefix length, brackets, port, zone, last dot, leading zeros. */
function stripHost(text: string): string {
  const host = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .replace(/^\[([^\]]*)\](?::\d*)?$/, '$1')
    .replace(/^([^:]*):\d*$/, '$1')
    .replace(/%.*$/s, '')
    .replace(/\.$/, '');
  return /^[\d.]+$/.test(host) ? host.replaceAll(/(?<![^.])0+(?=\d)/g, '') : host;
}

/** The hint that says what a `text` that is no host was most likely meant to be; undefined where that cannot be told. */
export function suggestHost(text: string, isRight: (host: string) => boolean): string | undefined {
  const host = stripHost(text);
  return isRight(host) ? `did you mean ${host}` : undefined;
}

function breachOfName(text: string): Breach {
  const rule = 'must be a DNS name (RFC 1123 subdomain)';
  if (isSubdomain(text)) {
    return {
      rule: 'must be a DNS name, which never ends in a number (RFC 1123 section 2.1)',
      hint: 'is it an address, or one with a typing error?',
    };
  }
  if (text.startsWith('*.')) return { rule, hint: 'wildcards belong in --apiserver-cert-extra-sans' };
  const alphabet =
    'letters, digits, - and . only; each part begins and ends with a letter or digit and has 63 at most';
  return { rule, hint: suggestHost(text, isHostName) ?? alphabet };
}

/** Reads the DNS name of a host or domain; in lower case. Neither wildcards nor a dot at the end. */
export function parseDnsName(text: string): Parsed<string> {
  return isHostName(text) ? { value: text.toLowerCase() } : breachOfName(text);
}

/**
 * Reads the name of a Node object; in lower case, as kubeadm does. Unlike a host's it may end in a number: there are
 * clusters whose nodes are called by their addresses.
 */
export function parseNodeName(text: string): Parsed<string> {
  return isSubdomain(text) ? { value: text.toLowerCase() } : breachOfName(text);
}

// `kubernetes.default.svc.` stands before it in the API server's certificate.
const MAX_DOMAIN_LENGTH = MAX_NAME_LENGTH - 'kubernetes.default.svc.'.length;

/** Reads the DNS domain of services; in lower case. */
export function parseServiceDomain(text: string): Parsed<string> {
  if (text.length <= MAX_DOMAIN_LENGTH) return parseDnsName(text);
  return {
    rule: `must be a DNS name of at most ${MAX_DOMAIN_LENGTH} characters`,
    hint: 'for example cluster.local',
  };
}

/**
 * Whether a text can be shown on one line. Format characters (Cf) cannot be seen, or turn the direction of what follows; the
 * last two are none in YAML (1.2 5.1).
 */
export function isShowable(text: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]/u.test(text);
}

/** Reads the name of a cluster: any text that can be shown on one line. */
export function parseClusterName(text: string): Parsed<string> {
  if (text.length > MAX_NAME_LENGTH) {
    return { rule: `must be at most ${MAX_NAME_LENGTH} characters long`, hint: 'choose a shorter name' };
  }
  if (isShowable(text)) return { value: text };
  return {
    rule: 'must be made of characters that can be shown',
    hint: 'leave out control and format characters',
  };
}
