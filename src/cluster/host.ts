import { parseAdvertiseAddress, parseHostAddress } from './address.ts';
import { parseEndpoint, parsePort } from './endpoint.ts';
import type { GivenOptions } from './given.ts';
import { parseDnsName, parseNodeName } from './names.ts';
import type { ClusterSpec } from './spec.ts';

/** What the caller knows of the machine for which the PKI is. */
export interface HostFacts {
  /** Stands in for the hostname and the node name where neither is given. */
  readonly hostname?: string;
  /** Named in a hint where no address is given; none is ever chosen. */
  readonly addresses?: readonly string[];
}

type HostPart = Pick<
  ClusterSpec,
  'hostAddresses' | 'advertiseAddress' | 'hostname' | 'nodeName' | 'bindPort' | 'controlPlaneEndpoint'
>;

function parseAddresses(
  given: GivenOptions,
  { addresses = [] }: HostFacts,
): Pick<HostPart, 'hostAddresses' | 'advertiseAddress'> {
  const hostAddresses = [...new Set(given.list('hostIp', parseHostAddress))];
  const advertised = given.one('apiserverAdvertiseAddress', parseAdvertiseAddress);
  if (!given.has('hostIp') && !given.has('apiserverAdvertiseAddress')) {
    const example =
      addresses.length === 0 ? 'for example --host-ip 10.0.0.5' : `this host has ${addresses.join(', ')}`;
    given.refuse('hostIp', { rule: 'is needed, or --apiserver-advertise-address', hint: example });
  }
  return {
    hostAddresses: advertised !== undefined && hostAddresses.length === 0 ? [advertised] : hostAddresses,
    advertiseAddress: advertised ?? hostAddresses[0] ?? '',
  };
}

/** The hostname, where only the node name or neither is given. */
function defaultHostname(given: GivenOptions, name: string | undefined): string {
  const parsed = parseDnsName(name ?? '');
  if ('value' in parsed) return parsed.value;
  const because = name === undefined ? '' : `: ${JSON.stringify(name)} cannot stand in for it`;
  given.refuse('hostname', { rule: `is needed${because}`, hint: 'for example --hostname cp1' });
  return '';
}

function parseNames(given: GivenOptions, host: HostFacts): Pick<HostPart, 'hostname' | 'nodeName'> {
  const givenHostname = given.one('hostname', parseDnsName);
  const givenNodeName = given.one('nodeName', parseNodeName);
  if (!given.areSound('hostname', 'nodeName')) return { hostname: '', nodeName: '' };
  const hostname = givenHostname ?? defaultHostname(given, givenNodeName ?? host.hostname);
  return { hostname, nodeName: givenNodeName ?? hostname };
}

/** What the options say of this host and of how it is reached. */
export function parseHost(given: GivenOptions, host: HostFacts): HostPart {
  const controlPlaneEndpoint = given.one('controlPlaneEndpoint', parseEndpoint);
  return {
    ...parseAddresses(given, host),
    ...parseNames(given, host),
    bindPort: given.one('apiserverBindPort', parsePort) ?? 6443,
    ...(controlPlaneEndpoint === undefined ? {} : { controlPlaneEndpoint }),
  };
}
