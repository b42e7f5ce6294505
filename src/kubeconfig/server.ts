import { canonicalAddress } from '../cluster/address.ts';

/** Host and port of a server. */
export interface KubeconfigServer {
  /** An address in its canonical form and without brackets, a name in lower case. */
  readonly host: string;
  readonly port: string;
}

/**
 * What a server of a kubeconfig leads to. A scheme is the same in capital letters (RFC 3986 3.1), a path of `/` the same as
 * none, and a port that is left out 443. Undefined where there is more to the URL, or no https.
 */
export function parseServer(url: string): KubeconfigServer | undefined {
  const [, ipv6, name, port = '443'] =
    /^https:\/\/(?:\[([^\]]+)\]|([^:/?#@[\]]+))(?::(\d+))?\/?$/i.exec(url) ?? [];
  const host = ipv6 ?? name;
  return host === undefined ? undefined : { host: canonicalAddress(host) ?? host.toLowerCase(), port };
}

/** Whether two URLs lead to the same server: by what they say where they are plain, else by their text. */
export function isSameServer(a: string, b: string): boolean {
  const [one, other] = [parseServer(a), parseServer(b)];
  if (one === undefined || other === undefined) return a === b;
  return one.host === other.host && one.port === other.port;
}
