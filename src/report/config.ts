import { isLoopback } from '../cluster/address.ts';
import { type ExternalEtcd, OWN_API_VERSION } from '../cluster/config.ts';
import type { Directories } from '../cluster/directories.ts';
import { goDurationText } from '../cluster/go-duration.ts';
import type { ClusterSpec, Endpoint } from '../cluster/spec.ts';
import { ALGORITHMS } from '../table/algorithms.ts';
import type { GeneralName } from '../x509/model.ts';
import { toYaml } from './yaml.ts';

/** What a configuration is made from. */
export interface EffectiveConfig {
  readonly spec: ClusterSpec;
  readonly directories: Directories;
  /** An etcd that is elsewhere, as it was described; absent: nobody did. */
  readonly externalEtcd?: ExternalEtcd | undefined;
}

const API_VERSION = 'kubeadm.k8s.io/v1beta4';

function endpointText({ host, port }: Endpoint): string {
  if (port === undefined) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const texts = (names: readonly GeneralName[]): readonly string[] | undefined =>
  names.length === 0 ? undefined : names.map(({ value }) => value);

/** Without what there is nothing to say of. */
function filled(fields: Readonly<Record<string, unknown>>): object | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function etcdOf({ spec, externalEtcd }: EffectiveConfig): object | undefined {
  if (spec.etcd === 'stacked') {
    const local = {
      serverCertSANs: texts(spec.etcdServerExtraSans),
      peerCertSANs: texts(spec.etcdPeerExtraSans),
    };
    return { local: { dataDir: '/var/lib/etcd', ...filled(local) } };
  }
  if (externalEtcd === undefined) return undefined;
  const { endpoints, httpEndpoints, ...files } = externalEtcd;
  return { external: { endpoints, ...(httpEndpoints.length === 0 ? {} : { httpEndpoints }), ...files } };
}

/** kubeadm wants a patch release, and none stands for the newest one. */
function versionOf(
  { kubernetesVersion: { patch, text } }: ClusterSpec,
  isWhole: boolean,
): string | undefined {
  return Number.isFinite(patch) === isWhole ? text : undefined;
}

function clusterConfiguration(config: EffectiveConfig): object {
  const { spec, directories } = config;
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterConfiguration',
    ...filled({
      kubernetesVersion: versionOf(spec, true),
      certificatesDir: directories.certDir,
      clusterName: spec.clusterName,
      controlPlaneEndpoint: spec.controlPlaneEndpoint && endpointText(spec.controlPlaneEndpoint),
      networking: {
        dnsDomain: spec.serviceDnsDomain,
        serviceSubnet: spec.serviceCidrs.map((cidr) => `${cidr.address}/${cidr.prefixLength}`).join(','),
      },
      apiServer: filled({ certSANs: texts(spec.apiserverExtraSans) }),
      etcd: etcdOf(config),
      encryptionAlgorithm: isInKubeadm(spec) ? spec.keyAlgorithm : undefined,
      certificateValidityPeriod: goDurationText(spec.certValiditySeconds),
      caCertificateValidityPeriod: goDurationText(spec.caValiditySeconds),
    }),
  };
}

function isInKubeadm({ keyAlgorithm }: ClusterSpec): boolean {
  return ALGORITHMS[keyAlgorithm].kubeadmSince !== undefined;
}

/** kubeadm takes a loopback address for one that is to be looked up (kubeadm.md 7.2). */
function advertised({ advertiseAddress }: ClusterSpec, isLoopbackWanted: boolean): string | undefined {
  return isLoopback(advertiseAddress) === isLoopbackWanted ? advertiseAddress : undefined;
}

function initConfiguration({ spec }: EffectiveConfig): object {
  return {
    apiVersion: API_VERSION,
    kind: 'InitConfiguration',
    localAPIEndpoint: {
      ...filled({ advertiseAddress: advertised(spec, false) }),
      bindPort: spec.bindPort,
    },
    nodeRegistration: { name: spec.nodeName },
  };
}

/** What kubeadm has no field for. */
function pkiConfiguration({ spec, directories, externalEtcd }: EffectiveConfig): object {
  return {
    apiVersion: OWN_API_VERSION,
    kind: 'PkiConfiguration',
    ...filled({
      profile: spec.profile,
      kubernetesVersion: versionOf(spec, false),
      hostIps: spec.hostAddresses,
      advertiseAddress: advertised(spec, true),
      hostname: spec.hostname,
      keyAlgorithm: isInKubeadm(spec) ? undefined : spec.keyAlgorithm,
      saKeyAlgorithm: spec.saKeyAlgorithm,
      notBeforeSkew: goDurationText(spec.notBeforeSkewSeconds),
      rootCa: spec.rootCa !== 'none',
      externalEtcd: spec.etcd === 'external' && externalEtcd === undefined ? true : undefined,
      kubeconfigDir: directories.kubeconfigDir,
      rootCaDir: directories.rootCaDir,
    }),
  };
}

/** The whole specification as documents: kubeadm's two, and one of our own for what those have no field for. */
export function configDocuments(config: EffectiveConfig): readonly object[] {
  return [clusterConfiguration(config), initConfiguration(config), pkiConfiguration(config)];
}

/** The same as the text of a file that `--config` takes. */
export function configText(config: EffectiveConfig): Promise<readonly string[]> {
  return toYaml(configDocuments(config));
}
