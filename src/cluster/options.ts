import { deepFreeze } from '../table/freeze.ts';
import { PROFILES, type Profile } from '../table/profiles.ts';
import { NEWEST_MINOR, OLDEST_MINOR } from '../table/versions.ts';
import { KEY_ALGORITHM_IDS, type KeyAlgorithmId } from '../x509/algorithms.ts';

/** One value or several: a list, a text with commas, or both. */
export type TextList = string | readonly string[];

/**
 * What can be asked for, by the names of `k8s-pki init` in camel case; {@link OPTIONS} describes each. An option that is
 * undefined counts as not given.
 */
export interface ClusterOptions {
  readonly hostIp?: TextList | undefined;
  readonly hostname?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly apiserverAdvertiseAddress?: string | undefined;
  readonly apiserverBindPort?: number | string | undefined;
  /** `lb.example.com`, `lb.example.com:6443`, `[2001:db8::1]:6443`. */
  readonly controlPlaneEndpoint?: string | undefined;
  readonly apiserverCertExtraSans?: TextList | undefined;
  readonly etcdServerCertExtraSans?: TextList | undefined;
  readonly etcdPeerCertExtraSans?: TextList | undefined;
  readonly serviceCidr?: TextList | undefined;
  readonly serviceDnsDomain?: string | undefined;
  readonly clusterName?: string | undefined;
  readonly externalEtcd?: boolean | undefined;
  readonly keyAlgorithm?: KeyAlgorithmId | undefined;
  readonly saKeyAlgorithm?: KeyAlgorithmId | undefined;
  /** `8760h`, `43800h30m`, `365d`, `10y` of 365 days. */
  readonly certValidity?: string | undefined;
  readonly caValidity?: string | undefined;
  readonly notBeforeSkew?: string | undefined;
  readonly rootCa?: boolean | undefined;
  readonly profile?: Profile | undefined;
  /** `1.36`, `v1.36` or `v1.36.1`. */
  readonly kubernetesVersion?: string | undefined;
  readonly certDir?: string | undefined;
  readonly kubeconfigDir?: string | undefined;
  readonly rootCaDir?: string | undefined;
}

export type OptionKey = keyof ClusterOptions;

/** Everything there is to say about one option before its value is looked at. */
export interface OptionRow {
  /** As the command line spells it, without dashes. */
  readonly name: string;
  /** As the library spells it. */
  readonly key: OptionKey;
  /** It takes several values, by comma and by repeating. */
  readonly isList?: true;
  /** The library takes a number as well as its text. */
  readonly takesNumber?: true;
  readonly describe: string;
  /** What stands for the value in a help text; absent: a switch, which takes none. */
  readonly valueName?: string;
  /** What holds where it is not given, in words; absent: nothing. */
  readonly defaultText?: string;
  /** kubeadm has an option of this name. */
  readonly kubeadm?: true;
  readonly group: 'This host' | 'Cluster' | 'Keys and validity' | 'Rules' | 'Directories';
}

/** The options that shape a cluster's PKI and say where it lies, in the order in which they are shown. */
export const OPTIONS: readonly OptionRow[] = deepFreeze<OptionRow[]>([
  {
    name: 'host-ip',
    key: 'hostIp',
    isList: true,
    describe: 'addresses of this host; the first is the default advertise address',
    valueName: 'ip',
    defaultText: 'the advertise address',
    group: 'This host',
  },
  {
    name: 'hostname',
    key: 'hostname',
    describe: 'name under which others reach this host',
    valueName: 'name',
    defaultText: 'the node name, else the name of this host',
    group: 'This host',
  },
  {
    name: 'node-name',
    key: 'nodeName',
    describe: 'name under which the kubelet of this host registers',
    valueName: 'name',
    defaultText: 'the hostname',
    kubeadm: true,
    group: 'This host',
  },
  {
    name: 'apiserver-advertise-address',
    key: 'apiserverAdvertiseAddress',
    describe: 'address that the API server of this host announces',
    valueName: 'ip',
    defaultText: 'the first --host-ip',
    kubeadm: true,
    group: 'This host',
  },
  {
    name: 'apiserver-bind-port',
    key: 'apiserverBindPort',
    takesNumber: true,
    describe: 'port of the API server',
    valueName: 'port',
    defaultText: '6443',
    kubeadm: true,
    group: 'This host',
  },
  {
    name: 'control-plane-endpoint',
    key: 'controlPlaneEndpoint',
    describe: 'stable address or DNS name of the whole control plane, with or without a port',
    valueName: 'host[:port]',
    kubeadm: true,
    group: 'Cluster',
  },
  {
    name: 'apiserver-cert-extra-sans',
    key: 'apiserverCertExtraSans',
    isList: true,
    describe: "more addresses, DNS names and wildcards for the API server's certificate",
    valueName: 'san',
    kubeadm: true,
    group: 'Cluster',
  },
  {
    name: 'etcd-server-cert-extra-sans',
    key: 'etcdServerCertExtraSans',
    isList: true,
    describe: "the same for etcd's server certificate",
    valueName: 'san',
    group: 'Cluster',
  },
  {
    name: 'etcd-peer-cert-extra-sans',
    key: 'etcdPeerCertExtraSans',
    isList: true,
    describe: "the same for etcd's peer certificate",
    valueName: 'san',
    group: 'Cluster',
  },
  {
    name: 'service-cidr',
    key: 'serviceCidr',
    isList: true,
    describe: 'network of the service addresses; two of different families for dual stack',
    valueName: 'cidr',
    defaultText: '10.96.0.0/12',
    kubeadm: true,
    group: 'Cluster',
  },
  {
    name: 'service-dns-domain',
    key: 'serviceDnsDomain',
    describe: 'DNS domain of the services',
    valueName: 'domain',
    defaultText: 'cluster.local',
    kubeadm: true,
    group: 'Cluster',
  },
  {
    name: 'cluster-name',
    key: 'clusterName',
    describe: 'name of the cluster in the kubeconfigs',
    valueName: 'name',
    defaultText: 'default-cluster; kubernetes in the kubeadm profile',
    group: 'Cluster',
  },
  {
    name: 'external-etcd',
    key: 'externalEtcd',
    describe: 'etcd runs elsewhere: make none of its files',
    group: 'Cluster',
  },
  {
    name: 'key-algorithm',
    key: 'keyAlgorithm',
    describe: `algorithm of the keys: ${KEY_ALGORITHM_IDS.join(', ')}`,
    valueName: 'algorithm',
    defaultText: 'RSA-2048',
    group: 'Keys and validity',
  },
  {
    name: 'sa-key-algorithm',
    key: 'saKeyAlgorithm',
    describe: 'algorithm of the service account key pair; not Ed25519',
    valueName: 'algorithm',
    defaultText: 'as --key-algorithm, RSA-2048 beside Ed25519',
    group: 'Keys and validity',
  },
  {
    name: 'cert-validity',
    key: 'certValidity',
    describe: 'how long certificates are valid: 8760h, 43800h30m, 365d, 1y (of 365 days)',
    valueName: 'period',
    defaultText: '8760h',
    group: 'Keys and validity',
  },
  {
    name: 'ca-validity',
    key: 'caValidity',
    describe: 'how long the certificates of CAs are valid',
    valueName: 'period',
    defaultText: '87600h',
    group: 'Keys and validity',
  },
  {
    name: 'not-before-skew',
    key: 'notBeforeSkew',
    describe: 'how far certificates are backdated, for hosts whose clock is slow',
    valueName: 'period',
    defaultText: '5m',
    group: 'Keys and validity',
  },
  {
    name: 'root-ca',
    key: 'rootCa',
    describe: 'one root CA above all others',
    group: 'Keys and validity',
  },
  {
    name: 'profile',
    key: 'profile',
    describe: `rules for names and usages: ${PROFILES.join(', ')}`,
    valueName: 'profile',
    defaultText: 'requirements',
    group: 'Rules',
  },
  {
    name: 'kubernetes-version',
    key: 'kubernetesVersion',
    describe: `release of Kubernetes, from 1.${OLDEST_MINOR} on: 1.36, v1.36.1`,
    valueName: 'version',
    defaultText: `1.${NEWEST_MINOR}`,
    kubeadm: true,
    group: 'Rules',
  },
  {
    name: 'cert-dir',
    key: 'certDir',
    describe: 'directory of the certificates and keys',
    valueName: 'dir',
    defaultText: '/etc/kubernetes/pki',
    kubeadm: true,
    group: 'Directories',
  },
  {
    name: 'kubeconfig-dir',
    key: 'kubeconfigDir',
    describe: 'directory of the kubeconfigs',
    valueName: 'dir',
    defaultText: 'the parent of --cert-dir, where that is called pki',
    kubeadm: true,
    group: 'Directories',
  },
  {
    name: 'root-ca-dir',
    key: 'rootCaDir',
    describe: "directory of the root CA's key, with --root-ca",
    valueName: 'dir',
    defaultText: 'as --cert-dir',
    group: 'Directories',
  },
]);
