import type { SpecIssue } from '../errors.ts';
import { deepFreeze } from '../table/freeze.ts';
import { NEWEST_VERSION } from '../table/versions.ts';
import type { GeneralName } from '../x509/model.ts';
import { parseServiceCidr } from './address.ts';
import { parseKnownVersion, parseProfile } from './choices.ts';
import { type Directories, parseAllDirectories, parseCertDirectories } from './directories.ts';
import { type GivenOptions, takeOptions } from './given.ts';
import { type HostFacts, parseHost } from './host.ts';
import { parseAlgorithms, parsePeriods } from './keys.ts';
import { parseClusterName, parseServiceDomain } from './names.ts';
import type { ClusterOptions, OptionKey } from './options.ts';
import { parseSan } from './sans.ts';
import type { Cidr, ClusterSpec } from './spec.ts';
import { warningsOf } from './warnings.ts';

export type { HostFacts } from './host.ts';

/** A specification, and what is odd about what was asked for. */
export interface ParsedSpec {
  readonly spec: ClusterSpec;
  readonly warnings: readonly SpecIssue[];
}

/** The same, and where the files are to lie. */
export interface ParsedRequest extends ParsedSpec {
  readonly directories: Directories;
}

function parseSans(given: GivenOptions, key: OptionKey): readonly GeneralName[] {
  const byText = new Map(given.list(key, parseSan).map((name) => [name.value, name]));
  return [...byText.values()];
}

function parseEtcdSans(
  given: GivenOptions,
): Pick<ClusterSpec, 'etcd' | 'etcdServerExtraSans' | 'etcdPeerExtraSans'> {
  const keys = ['etcdServerCertExtraSans', 'etcdPeerCertExtraSans'] as const;
  const isExternal = given.flag('externalEtcd');
  for (const key of keys.filter((candidate) => isExternal && given.has(candidate))) {
    given.refuse(key, {
      rule: 'must not be given with --external-etcd, which has no etcd certificates',
      hint: 'leave one of the two out',
    });
  }
  return {
    etcd: isExternal ? 'external' : 'stacked',
    etcdServerExtraSans: parseSans(given, 'etcdServerCertExtraSans'),
    etcdPeerExtraSans: parseSans(given, 'etcdPeerCertExtraSans'),
  };
}

const DEFAULT_SERVICE_CIDR: Cidr = { address: '10.96.0.0', prefixLength: 12, family: 4 };

function parseServices(given: GivenOptions): Pick<ClusterSpec, 'serviceCidrs' | 'serviceDnsDomain'> {
  const serviceCidrs = given.has('serviceCidr')
    ? given.list('serviceCidr', parseServiceCidr)
    : [DEFAULT_SERVICE_CIDR];
  if (new Set(serviceCidrs.map(({ family }) => family)).size < serviceCidrs.length) {
    given.refuse('serviceCidr', {
      rule: 'must be one network, or two of different families',
      hint: 'for example 10.96.0.0/12,fd00:10:96::/112',
    });
  }
  return {
    serviceCidrs,
    serviceDnsDomain: given.one('serviceDnsDomain', parseServiceDomain) ?? 'cluster.local',
  };
}

function refuseSecondName(given: GivenOptions, { hostname, nodeName }: ClusterSpec): void {
  if (!given.areSound('hostname', 'nodeName') || hostname === nodeName) return;
  given.refuse('hostname', {
    rule: `must be the node name ${nodeName} in the kubeadm profile, which knows one name`,
    hint: 'leave --hostname or --node-name out',
  });
}

function parseSpec(given: GivenOptions, host: HostFacts, rootCaDir: string | undefined): ParsedSpec {
  const profile = given.one('profile', parseProfile) ?? 'requirements';
  const kubernetesVersion = given.one('kubernetesVersion', parseKnownVersion) ?? NEWEST_VERSION;
  const defaultName = profile === 'kubeadm' ? 'kubernetes' : 'default-cluster';
  const apart = rootCaDir === undefined ? 'beside' : 'apart';
  const spec: ClusterSpec = {
    profile,
    kubernetesVersion,
    ...parseHost(given, host),
    apiserverExtraSans: parseSans(given, 'apiserverCertExtraSans'),
    ...parseEtcdSans(given),
    ...parseServices(given),
    clusterName: given.one('clusterName', parseClusterName) ?? defaultName,
    ...parseAlgorithms(given, { profile, kubernetesVersion }),
    ...parsePeriods(given),
    rootCa: given.flag('rootCa') ? apart : 'none',
  };
  if (profile === 'kubeadm') refuseSecondName(given, spec);
  given.assertSound();
  return deepFreeze({ spec, warnings: warningsOf(spec, given) });
}

/**
 * Reads what was asked for, for one control-plane host, and fills in every default. Nothing is guessed: `host` gives a
 * default for the names only. Of the directories it looks only at whether the root's key is kept apart.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue there is.
 */
export function parseClusterSpec(options: ClusterOptions, host: HostFacts): ParsedSpec {
  const given = takeOptions(options);
  return parseSpec(given, host, parseCertDirectories(given, '/').rootCaDir);
}

/**
 * Reads what was asked for together with the directories, which are resolved against `cwd`, an absolute path. Does not
 * look whether they exist.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue there is.
 */
export function parseRequest(
  options: ClusterOptions,
  { host, cwd }: { readonly host: HostFacts; readonly cwd: string },
): ParsedRequest {
  const given = takeOptions(options);
  const directories = parseAllDirectories(given, cwd);
  return deepFreeze({ ...parseSpec(given, host, directories.rootCaDir), directories });
}

/**
 * Reads the directories alone, resolved against `cwd`, an absolute path.
 *
 * @throws {PkiError} `ERR_CONFIG` with every issue there is.
 */
export function parseDirectories(
  options: Pick<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCa' | 'rootCaDir'>,
  cwd: string,
): Directories {
  const given = takeOptions(options);
  const directories = parseAllDirectories(given, cwd);
  given.assertSound();
  return directories;
}
