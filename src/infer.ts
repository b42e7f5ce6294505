import type { Evidence, RowEvidence } from './checks/evidence.ts';
import { canonicalAddress } from './cluster/address.ts';
import type { ClusterOptions, OptionKey } from './cluster/options.ts';
import { type KubeconfigServer, parseServer } from './kubeconfig/server.ts';
import { choose, type Ruling } from './resolve/choose.ts';
import { ALGORITHMS } from './table/algorithms.ts';
import type { SanSource, ServerSource } from './table/row.ts';
import { ROWS } from './table/rows.ts';
import type { KeyAlgorithmId } from './x509/algorithms.ts';
import { ipToBytes, ipToText } from './x509/ip.ts';
import { algorithmOfSpki } from './x509/keys.ts';
import { attributeValues, type Certificate, COMMON_NAME_OID } from './x509/model.ts';

/** One of these has to be known for the names of a host. */
export const OF_NAME: readonly OptionKey[] = ['hostname', 'nodeName'];
/** One of these has to be known for the addresses of a host. */
export const OF_ADDRESS: readonly OptionKey[] = ['hostIp', 'apiserverAdvertiseAddress'];
/** One of these has to be known for a server that nodes can reach. */
export const OF_CONTROL_PLANE: readonly OptionKey[] = [...OF_ADDRESS, 'controlPlaneEndpoint'];

/** What has to be known of a cluster for what a source stands for: one of the options. */
const OPTIONS_OF: Partial<Record<SanSource | ServerSource, readonly OptionKey[]>> = {
  hostname: OF_NAME,
  hostAddresses: OF_ADDRESS,
  advertiseAddress: OF_ADDRESS,
  firstServiceAddress: ['serviceCidr'],
  serviceAddresses: ['serviceCidr'],
  host: OF_ADDRESS,
  advertise: OF_ADDRESS,
  controlPlaneOrHost: OF_CONTROL_PLANE,
  controlPlaneOrAdvertise: OF_CONTROL_PLANE,
};
const OPTIONS_OF_TEXT: readonly (readonly [placeholder: string, options: readonly OptionKey[]])[] = [
  ['{nodeName}', OF_NAME],
  ['{serviceDnsDomain}', ['serviceDnsDomain']],
];

/**
 * What has to be known of a cluster for a row of the table to be made from nothing: one option of each. That a certificate has
 * no further names is as good an answer as any, and so is that the control plane has no address of its own.
 */
export function neededOptions(
  id: string,
  ruling: Ruling,
  { isServerKnown }: { readonly isServerKnown: boolean },
): readonly (readonly OptionKey[])[] {
  const row = ROWS.find((candidate) => candidate.id === id);
  if (row?.kind !== 'certificate' && row?.kind !== 'kubeconfig') return [];
  const servers = row.kind === 'certificate' || isServerKnown ? [] : [choose(row.server, ruling)];
  const names = row.kind === 'certificate' ? choose(row.sans, ruling) : [];
  const texts = [choose(row.commonName, ruling), ...names];
  return [
    ...[...names, ...servers].flatMap((source) => {
      const options = OPTIONS_OF[source];
      return options === undefined ? [] : [options];
    }),
    ...OPTIONS_OF_TEXT.flatMap(([placeholder, options]) =>
      texts.some((text) => text.includes(placeholder)) ? [options] : [],
    ),
  ];
}

/** A row that names its owner, as the table has it and as it lies there. */
interface NamedRow {
  readonly sources: readonly SanSource[];
  readonly names: readonly string[];
}

type Placeholders = Readonly<Record<string, string>>;

/** The option that holds what a source of names cannot account for. */
const EXTRA_OPTIONS: Partial<Record<SanSource, OptionKey>> = {
  apiserverExtraSans: 'apiserverCertExtraSans',
  etcdServerExtraSans: 'etcdServerCertExtraSans',
  etcdPeerExtraSans: 'etcdPeerCertExtraSans',
};

const isIp = (name: string): boolean => ipToBytes(name) !== undefined;
const distinct = <T extends string>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** The value that stands there most often; of equals the first. */
function mostFrequent<T extends string>(values: readonly T[]): T | undefined {
  const often = (value: T): number => values.filter((other) => other === value).length;
  return distinct(values).toSorted((a, b) => often(b) - often(a))[0];
}

/** What a placeholder stands for, and how much of the text around it speaks for that. */
interface Guess {
  readonly name: string;
  readonly value: string;
  readonly literalLength: number;
}

/** What stands in a value where a text of the table has a placeholder; undefined where the two do not go together. */
function guessOf(text: string, value: string): Guess | undefined {
  const [, before, name, after] = /^([^{]*)\{(\w+)\}([^{]*)$/.exec(text) ?? [];
  if (before === undefined || name === undefined || after === undefined) return undefined;
  const literalLength = before.length + after.length;
  if (value.length <= literalLength || !value.startsWith(before) || !value.endsWith(after)) return undefined;
  return { name, value: value.slice(before.length, value.length - after.length), literalLength };
}

const literalOf = (source: SanSource): string | undefined => /^(?:dns|ip):(.*)$/.exec(source)?.[1];

/** What is told from names is told from far fewer, and each reading of the files takes its time for each. */
const MAXIMUM_NAMES = 1000;

/** What says whom a row names: its certificate or, as long as there is none, what was asked for. */
function toldOf(evidence: Evidence, id: string): Pick<Certificate, 'subject' | 'subjectAltName'> | undefined {
  const row = evidence.get(id);
  return row?.certificates[0] ?? row?.request;
}

function namedRows(evidence: Evidence, ruling: Ruling): readonly NamedRow[] {
  return ROWS.flatMap((row): readonly NamedRow[] => {
    const certificate = toldOf(evidence, row.id);
    if (certificate === undefined || row.kind !== 'certificate') return [];
    const sources = choose(row.sans, ruling);
    const names = (certificate.subjectAltName ?? []).slice(0, MAXIMUM_NAMES).map(({ value }) => value);
    return [{ sources, names }];
  });
}

/** What the placeholders of common names and DNS names stand for, by what is surest; of equals the longer says more. */
function placeholdersOf(evidence: Evidence, rows: readonly NamedRow[], ruling: Ruling): Placeholders {
  const fromSubjects = ROWS.flatMap((row) => {
    const subject = toldOf(evidence, row.id)?.subject;
    if (subject === undefined || !('commonName' in row)) return [];
    const text = choose(row.commonName, ruling);
    return attributeValues(subject, COMMON_NAME_OID).flatMap((value) => guessOf(text, value) ?? []);
  });
  // Whose certificate is not seen is called by his name in the kubeconfig, where the rules have it so.
  const fromUsers = ROWS.flatMap((row) => {
    if (row.kind !== 'kubeconfig' || toldOf(evidence, row.id) !== undefined) return [];
    const text = choose(row.user, ruling).replace('{commonName}', choose(row.commonName, ruling));
    return guessOf(text, evidence.get(row.id)?.kubeconfig?.user ?? '') ?? [];
  });
  const fromNames = rows.flatMap(({ sources, names }) =>
    sources
      .flatMap((source) => literalOf(source) ?? [])
      .filter((text) => text.includes('{'))
      .flatMap((text) => names.flatMap((name) => guessOf(text, name) ?? [])),
  );
  const surestLast = [...fromUsers, ...fromSubjects, ...fromNames].toSorted(
    (a, b) => a.literalLength - b.literalLength || a.value.length - b.value.length,
  );
  return Object.fromEntries(surestLast.map(({ name, value }) => [name, value]));
}

/** The names of a row that its literal sources do not account for. */
function ownNames({ sources, names }: NamedRow, placeholders: Placeholders): readonly string[] {
  const { serviceDnsDomain = '' } = placeholders;
  const values: Placeholders = {
    ...placeholders,
    serviceDnsFirstLabel: serviceDnsDomain.replace(/\..*$/s, ''),
  };
  const literals = sources
    .flatMap((source) => literalOf(source) ?? [])
    .map((text) => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? ''));
  return names.filter((name) => !literals.includes(name));
}

const OF_HOST: readonly ServerSource[] = ['host', 'advertise'];
const OF_CLUSTER: readonly ServerSource[] = ['controlPlaneOrHost', 'controlPlaneOrAdvertise'];

/** Where the kubeconfigs lead whose server may come from these sources, as host and port. */
function serversOf(
  evidence: Evidence,
  ruling: Ruling,
  isAsked: (sources: readonly ServerSource[]) => boolean,
): readonly KubeconfigServer[] {
  return ROWS.flatMap((row) => {
    if (row.kind !== 'kubeconfig') return [];
    const other = row.otherServer === undefined ? null : choose(row.otherServer, ruling);
    const source = choose(row.server, ruling);
    if (!isAsked(other === null ? [source] : [source, other])) return [];
    const { server } = evidence.get(row.id)?.kubeconfig ?? {};
    return parseServer(server ?? '') ?? [];
  });
}

/**
 * Those servers that something beside the kubeconfig itself speaks for: a certificate that has the host, or most of the
 * others. One kubeconfig that leads elsewhere is what is odd, not everything that it does not fit.
 */
function backedServers(
  servers: readonly KubeconfigServer[],
  rows: readonly NamedRow[],
): readonly KubeconfigServer[] {
  return servers.filter(({ host }) => {
    const isNamed = rows.some(({ names }) =>
      names.some((name) => (canonicalAddress(name) ?? name.toLowerCase()) === host),
    );
    return isNamed || servers.filter((other) => other.host === host).length * 2 > servers.length;
  });
}

/** The network of which an address is the first, if it can be that of the API server's service. */
function serviceCidrOf(address: string): string | undefined {
  const bytes = ipToBytes(address);
  if (bytes?.at(-1) !== 1) return undefined;
  const network = bytes.map((byte, index) => (index === bytes.length - 1 ? 0 : byte));
  return `${ipToText(network)}/${bytes.length * 8 - 8}`;
}

/** The algorithm that most of the leaves have, or else what there is, and that of the service account pair. */
function algorithmsOf(evidence: Evidence): ClusterOptions {
  const rows = [...evidence.values()];
  const of = (row: RowEvidence): KeyAlgorithmId | undefined => {
    const spkiDer = row.certificates[0]?.spkiDer ?? row.key?.spkiDer ?? row.publicKeys[0];
    return spkiDer === undefined ? undefined : algorithmOfSpki(spkiDer);
  };
  const kinds = (kind: string): readonly KeyAlgorithmId[] =>
    rows.filter(({ desired }) => desired.kind === kind).flatMap((row) => of(row) ?? []);
  // A worker has none.
  const leaves = [kinds('certificate'), kinds('kubeconfig'), kinds('ca')].find((ids) => ids.length > 0) ?? [];
  const keyAlgorithm = mostFrequent(leaves);
  // One that no API server takes cannot have been asked for.
  const [saKeyAlgorithm] = kinds('keyPair').filter((id) => ALGORITHMS[id].signsServiceAccountTokens);
  return Object.fromEntries(
    Object.entries({ keyAlgorithm, saKeyAlgorithm }).filter(([, value]) => value !== undefined),
  );
}

/**
 * What the files themselves say of the cluster they were made for, as options of `init` in the rules of one profile and
 * release: names, addresses, service network, algorithms. What they leave open is absent. Knows no row by name: it turns
 * the sources of the table around.
 */
export function inferOptions(evidence: Evidence, ruling: Ruling): ClusterOptions {
  const rows = namedRows(evidence, ruling);
  const placeholders = placeholdersOf(evidence, rows, ruling);
  const { nodeName, serviceDnsDomain, clusterName } = placeholders;
  const own = rows.map((row) => ({ ...row, names: ownNames(row, placeholders) }));

  // Where either of two servers is right, the file does not tell which of them it names; but on a worker it is the only one.
  const serversFrom = (isAsked: (sources: readonly ServerSource[]) => boolean): readonly KubeconfigServer[] =>
    backedServers(serversOf(evidence, ruling, isAsked), rows);
  const direct = serversFrom((sources) => sources.every((one) => OF_HOST.includes(one)));
  const ofCluster = serversFrom((sources) => sources.every((one) => OF_CLUSTER.includes(one)));
  const isAlone = direct.length === 0 && ofCluster.length === 0;
  const shared = isAlone
    ? serversFrom((sources) => sources.some((one) => OF_CLUSTER.includes(one)))
    : ofCluster;
  const inAll = (source: SanSource, isWanted: (name: string) => boolean): readonly string[] => {
    const lists = own
      .filter(({ sources }) => sources.includes(source))
      .map(({ names }) => names.filter(isWanted));
    const others = lists.slice(1).map((list) => new Set(list));
    return (lists[0] ?? []).filter((name) => others.every((other) => other.has(name)));
  };
  const services = own
    .filter(({ sources }) => sources.includes('serviceAddresses') || sources.includes('firstServiceAddress'))
    .flatMap(({ names }) => names.filter((name) => isIp(name) && !direct.some(({ host }) => host === name)))
    .filter((name) => serviceCidrOf(name) !== undefined);
  // In one row alone the address of the service cannot be told from the host's but by its last byte.
  const isShared = own.filter(({ sources }) => sources.includes('hostAddresses')).length > 1;
  // A wildcard is nobody's own name.
  const hostNames = inAll('hostname', (name) => !isIp(name) && !name.startsWith('*'));
  const addresses = distinct([
    ...direct.map(({ host }) => host).filter(isIp),
    ...inAll('hostAddresses', isIp).filter((name) => isShared || !services.includes(name)),
  ]);
  const free = services.filter((name) => !addresses.includes(name));
  const ofFamily = (isIpv6: boolean): readonly string[] =>
    free.filter((name) => name.includes(':') === isIpv6).slice(0, 1);
  const hasOne = own.some(({ sources }) => sources.includes('firstServiceAddress'));
  const serviceAddresses = hasOne ? free.slice(0, 1) : [...ofFamily(false), ...ofFamily(true)];
  const hostname = hostNames.find((name) => name === nodeName) ?? hostNames[0] ?? nodeName;
  const boundPort = mostFrequent(direct.map(({ port }) => port));
  const endpoint = shared.find(
    ({ host, port }) => !addresses.includes(host) || (boundPort !== undefined && port !== boundPort),
  );
  const accounted = new Set([...addresses, ...serviceAddresses, hostname, endpoint?.host]);
  const extras = own.flatMap(({ sources, names }) => {
    const option = sources.flatMap((source) => EXTRA_OPTIONS[source] ?? [])[0];
    const rest = names.filter((name) => !accounted.has(name));
    return option === undefined || rest.length === 0 ? [] : [[option, rest] as const];
  });
  const clusters = [...evidence.values()].flatMap(({ kubeconfig }) => kubeconfig?.cluster ?? []);
  const found: ClusterOptions = {
    ...algorithmsOf(evidence),
    ...Object.fromEntries(extras),
    hostIp: addresses.length > 0 ? addresses : undefined,
    hostname,
    nodeName,
    apiserverBindPort: boundPort,
    controlPlaneEndpoint:
      endpoint && `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`,
    serviceCidr:
      serviceAddresses.length > 0 ? serviceAddresses.flatMap((name) => serviceCidrOf(name) ?? []) : undefined,
    serviceDnsDomain,
    clusterName: clusterName ?? mostFrequent(clusters),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
