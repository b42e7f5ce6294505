import { serviceAddress } from '../cluster/address.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { SanSource } from '../table/row.ts';
import { ipToBytes } from '../x509/ip.ts';
import type { GeneralName } from '../x509/model.ts';
import { fillText } from './text.ts';

const dns = (value: string): GeneralName => ({ kind: 'dns', value });
const ip = (value: string): GeneralName => ({ kind: 'ip', value });
const isIp = (host: string): boolean => ipToBytes(host) !== undefined;
const isIpv6 = (host: string): boolean => ipToBytes(host)?.length === 16;

type NamedSource = Exclude<SanSource, `dns:${string}` | `ip:${string}`>;

const NAMED_SOURCES: Readonly<Record<NamedSource, (spec: ClusterSpec) => readonly GeneralName[]>> = {
  hostname: (spec) => [dns(spec.hostname)],
  hostAddresses: (spec) => spec.hostAddresses.map(ip),
  advertiseAddress: (spec) => [ip(spec.advertiseAddress)],
  controlPlaneEndpoint: ({ controlPlaneEndpoint: endpoint }) => {
    if (endpoint === undefined) return [];
    return [isIp(endpoint.host) ? ip(endpoint.host) : dns(endpoint.host)];
  },
  serviceAddresses: (spec) => spec.serviceCidrs.map((cidr) => ip(serviceAddress(cidr))),
  firstServiceAddress: (spec) => spec.serviceCidrs.slice(0, 1).map((cidr) => ip(serviceAddress(cidr))),
  ipv6Loopback: (spec) => (spec.hostAddresses.some(isIpv6) ? [ip('::1')] : []),
  apiserverExtraSans: (spec) => spec.apiserverExtraSans,
  etcdServerExtraSans: (spec) => spec.etcdServerExtraSans,
  etcdPeerExtraSans: (spec) => spec.etcdPeerExtraSans,
};

function isNamed(source: SanSource): source is NamedSource {
  return Object.hasOwn(NAMED_SOURCES, source);
}

function namesOf(source: SanSource, spec: ClusterSpec): readonly GeneralName[] {
  if (isNamed(source)) return NAMED_SOURCES[source](spec);
  const colon = source.indexOf(':');
  const value = fillText(source.slice(colon + 1), spec);
  return [source.startsWith('dns:') ? dns(value) : ip(value)];
}

/**
 * The names of a certificate: DNS names sorted bytewise, then IP addresses in the order of their sources, each once
 * (kubeadm.md 1.4).
 */
export function resolveSans(sources: readonly SanSource[], spec: ClusterSpec): readonly GeneralName[] {
  const names = sources.flatMap((source) => namesOf(source, spec));
  const distinct = (kind: GeneralName['kind']): string[] => [
    ...new Set(names.filter((name) => name.kind === kind).map((name) => name.value)),
  ];
  return [...distinct('dns').toSorted().map(dns), ...distinct('ip').map(ip)];
}
