import type { GeneralName } from '../x509/model.ts';
import { canonicalAddress, isAddress } from './address.ts';
import { isHostName, isWildcardName, suggestHost } from './names.ts';
import type { Parsed } from './parsed.ts';

/** Reads an additional name: an IP address, to its canonical text, or a DNS name or `*.` before one, in lower case. */
export function parseSan(text: string): Parsed<GeneralName> {
  const address = canonicalAddress(text);
  if (address !== undefined) return { value: { kind: 'ip', value: address } };
  if (isHostName(text) || isWildcardName(text)) return { value: { kind: 'dns', value: text.toLowerCase() } };
  const hint = suggestHost(text, (host) => isAddress(host) || isHostName(host));
  return {
    rule: 'must be an IP address, a DNS name or a wildcard DNS name',
    hint: hint ?? 'for example 192.0.2.7, api.example.com or *.api.example.com',
  };
}
