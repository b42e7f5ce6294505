import { isAbsolute } from 'node:path';
import { ALGORITHMS } from '../table/algorithms.ts';
import { deepFreeze } from '../table/freeze.ts';
import { KEY_ALGORITHM_IDS } from '../x509/algorithms.ts';
import { canonicalAddress, isLoopback } from './address.ts';
import { anyOf } from './choices.ts';
import { parseGoSeconds } from './go-duration.ts';
import { nearest } from './nearest.ts';
import { parseCertificateKey } from './join-secrets.ts';
import type { OptionKey } from './options.ts';
import type { Breach, Parsed } from './parsed.ts';

/** The documents that say something here. */
export type ConfigKind =
  | 'ClusterConfiguration'
  | 'InitConfiguration'
  | 'JoinConfiguration'
  | 'PkiConfiguration';

/** A field that bears on certificates or kubeconfigs (kubeadm.md 7.2), and what becomes of it. */
export interface ConfigField {
  readonly kind: ConfigKind;
  readonly path: readonly string[];
  /** The option that it stands for; absent: it is only looked at. */
  readonly option?: OptionKey;
  /** Reads one text, to that of the option; absent: it is taken as it stands. */
  readonly parse?: (text: string) => Parsed<string>;
  /** The certificate key: never shown. */
  readonly isSecret?: true;
  /** What holds without it, in words. */
  readonly defaultText: string;
  /** What it decides, where that is not said by its option. */
  readonly says?: string;
}

const ENCRYPTION_ALGORITHMS = KEY_ALGORITHM_IDS.filter((id) => ALGORITHMS[id].kubeadmSince !== undefined);

function parseEncryptionAlgorithm(text: string): Parsed<string> {
  if (ENCRYPTION_ALGORITHMS.some((id) => id === text)) return { value: text };
  const meant = nearest(text, ENCRYPTION_ALGORITHMS);
  return {
    rule: `must be ${anyOf(ENCRYPTION_ALGORITHMS)}`,
    hint:
      meant === undefined
        ? 'any other goes into keyAlgorithm of a PkiConfiguration'
        : `did you mean ${meant}`,
  };
}

function parseAbsolutePath(text: string): Parsed<string> {
  return isAbsolute(text)
    ? { value: text }
    : { rule: 'must be an absolute path', hint: `for example /${text}` };
}

function parseCaCertPath(text: string): Parsed<string> {
  if (isAbsolute(text) && text.endsWith('.crt')) return { value: text };
  return {
    rule: 'must be an absolute path that ends in .crt',
    hint: 'for example /etc/kubernetes/pki/ca.crt',
  };
}

// kubeadm asks the network what `stable-1` is at the moment.
function parseVersionText(text: string): Parsed<string> {
  if (!/^(?:ci\/|k8s-)?(?:stable|latest)/.test(text)) return { value: text };
  return {
    rule: 'is a label, which only the network can tell the release of',
    hint: 'name the release, for example v1.37.2',
  };
}

function parseAdvertiseAddress(text: string): Parsed<string> {
  const address = canonicalAddress(text);
  if (address === undefined || !isLoopback(address)) return { value: text };
  return {
    rule: 'is a loopback address, for which kubeadm looks up another; that is not done here',
    hint: 'give the address under which others reach this host',
  };
}

/** A name of its own: the options divide their lists at commas. */
function parseOneName(text: string): Parsed<string> {
  return text.includes(',') ? { rule: 'must be one name', hint: 'an item for each' } : { value: text };
}

const trimmed = (text: string): Parsed<string> => ({ value: text.trim() });

type HostKind = Extract<ConfigKind, 'InitConfiguration' | 'JoinConfiguration'>;

function hostFields(kind: HostKind, beneath: readonly string[]): readonly ConfigField[] {
  return [
    {
      kind,
      path: ['nodeRegistration', 'name'],
      option: 'nodeName',
      parse: trimmed,
      defaultText: 'the name of this host',
    },
    {
      kind,
      path: [...beneath, 'localAPIEndpoint', 'advertiseAddress'],
      option: 'apiserverAdvertiseAddress',
      parse: parseAdvertiseAddress,
      defaultText: 'the first --host-ip; none is looked up',
    },
    {
      kind,
      path: [...beneath, 'localAPIEndpoint', 'bindPort'],
      option: 'apiserverBindPort',
      defaultText: '6443',
    },
    {
      kind,
      path: [...beneath, 'certificateKey'],
      parse: parseCertificateKey,
      isSecret: true,
      defaultText: '',
      says: 'encrypts the Secret kubeadm-certs: export secret and import secret take it',
    },
  ];
}

function clusterField(
  path: string,
  option: OptionKey,
  defaultText: string,
  parse?: ConfigField['parse'],
): ConfigField {
  return {
    kind: 'ClusterConfiguration',
    path: path.split('.'),
    option,
    defaultText,
    ...(parse === undefined ? {} : { parse }),
  };
}

function ownField(name: string, option: OptionKey, defaultText: string): ConfigField {
  return { kind: 'PkiConfiguration', path: [name], option, defaultText };
}

/** Where an etcd that is elsewhere is described; that it is there makes the option. */
export const EXTERNAL_ETCD: readonly string[] = Object.freeze(['etcd', 'external']);
/** The other of the two: what it says of names, {@link CONFIG_FIELDS} has. */
export const LOCAL_ETCD: readonly string[] = Object.freeze(['etcd', 'local']);

const EXTERNAL_SAYS = 'no files of etcd are made; the arguments of kube-apiserver name these';

/** Every field of kubeadm.md 7.2, in its order, and those of our own document. */
export const CONFIG_FIELDS: readonly ConfigField[] = deepFreeze<ConfigField[]>([
  clusterField('certificatesDir', 'certDir', '/etc/kubernetes/pki', parseAbsolutePath),
  clusterField('clusterName', 'clusterName', 'kubernetes'),
  clusterField('controlPlaneEndpoint', 'controlPlaneEndpoint', 'the local API endpoint'),
  clusterField('kubernetesVersion', 'kubernetesVersion', 'the newest that is known', parseVersionText),
  clusterField('networking.dnsDomain', 'serviceDnsDomain', 'cluster.local'),
  clusterField('networking.serviceSubnet', 'serviceCidr', '10.96.0.0/12'),
  clusterField('apiServer.certSANs', 'apiserverCertExtraSans', '', parseOneName),
  clusterField('etcd.local.serverCertSANs', 'etcdServerCertExtraSans', '', parseOneName),
  clusterField('etcd.local.peerCertSANs', 'etcdPeerCertExtraSans', '', parseOneName),
  {
    kind: 'ClusterConfiguration',
    path: ['etcd', 'local', 'dataDir'],
    parse: parseAbsolutePath,
    defaultText: '/var/lib/etcd',
    says: 'no certificate; its form is looked at',
  },
  ...['caFile', 'certFile', 'keyFile'].map(
    (name): ConfigField => ({
      kind: 'ClusterConfiguration',
      path: [...EXTERNAL_ETCD, name],
      parse: parseAbsolutePath,
      defaultText: '',
      says: EXTERNAL_SAYS,
    }),
  ),
  clusterField('encryptionAlgorithm', 'keyAlgorithm', 'RSA-2048', parseEncryptionAlgorithm),
  clusterField('certificateValidityPeriod', 'certValidity', '8760h0m0s', parseGoSeconds),
  clusterField('caCertificateValidityPeriod', 'caValidity', '87600h0m0s', parseGoSeconds),
  ...hostFields('InitConfiguration', []),
  ...hostFields('JoinConfiguration', ['controlPlane']),
  {
    kind: 'JoinConfiguration',
    path: ['caCertPath'],
    parse: parseCaCertPath,
    defaultText: '/etc/kubernetes/pki/ca.crt',
    says: 'where a worker keeps the CA; its form is looked at',
  },
  ownField('profile', 'profile', 'kubeadm beside a document of kubeadm, else requirements'),
  ownField('kubernetesVersion', 'kubernetesVersion', 'that of ClusterConfiguration'),
  ownField('hostIps', 'hostIp', 'the advertise address'),
  ownField(
    'advertiseAddress',
    'apiserverAdvertiseAddress',
    'that of InitConfiguration, which cannot be a loopback one',
  ),
  ownField('hostname', 'hostname', 'the node name'),
  ownField('keyAlgorithm', 'keyAlgorithm', 'that of ClusterConfiguration'),
  ownField('saKeyAlgorithm', 'saKeyAlgorithm', 'as all other keys'),
  ownField('notBeforeSkew', 'notBeforeSkew', '5m'),
  ownField('rootCa', 'rootCa', 'false'),
  ownField('externalEtcd', 'externalEtcd', 'as ClusterConfiguration says'),
  ownField('kubeconfigDir', 'kubeconfigDir', 'the parent of certificatesDir, where that is called pki'),
  ownField('rootCaDir', 'rootCaDir', 'certificatesDir'),
]);

/** A breach of a kubeadm's feature gate, or nothing. */
export function breachOfGate(name: string): Breach | undefined {
  if (GATES.includes(name)) return undefined;
  const meant = nearest(name, GATES);
  return {
    rule: 'is no feature gate of kubeadm',
    hint: meant === undefined ? `one of ${GATES.join(', ')}` : `did you mean ${meant}`,
  };
}

/** The gate that asks for ECDSA-P256, in place of `encryptionAlgorithm`; it went with 1.37 (kubeadm.md 7.2). */
export const ECDSA_GATE = 'PublicKeysECDSA';
export const ECDSA_GATE_GONE = '1.37';

// Of kubeadm 1.24 to 1.37 (`cmd/kubeadm/app/features`); which of them a release has matters for the one above alone.
const GATES: readonly string[] = Object.freeze([
  ECDSA_GATE,
  'RootlessControlPlane',
  'UnversionedKubeletConfigMap',
  'EtcdLearnerMode',
  'UpgradeAddonsBeforeControlPlane',
  'WaitForAllControlPlaneComponents',
  'ControlPlaneKubeletLocalMode',
  'NodeLocalCRISocket',
]);
