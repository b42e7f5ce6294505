import { deepFreeze } from '../table/freeze.ts';

/** The versions in which kubeadm's configuration is read; `v1` is read as v1beta4 (kubeadm.md 7.1). */
export const CONFIG_VERSIONS = ['v1beta3', 'v1beta4'] as const;
export type ConfigVersion = (typeof CONFIG_VERSIONS)[number];

/**
 * The type of a field as Go writes it, by version where that matters; a version that is absent has no such field. `any`
 * is passed over whatever it holds.
 */
export type FieldType = string | { readonly [Version in ConfigVersion]?: string };

export type FieldTypes = Readonly<Record<string, FieldType>>;

/** Where fields of kubeadm's own hold a command line: a mapping once, a list of {@link FIELD_TYPES}.Arg since. */
const ARGUMENTS: FieldType = { v1beta3: 'map[string]string', v1beta4: '[]Arg' };
const IMAGE: FieldTypes = { imageRepository: 'string', imageTag: 'string' };
const COMPONENT: FieldTypes = {
  extraArgs: ARGUMENTS,
  extraVolumes: '[]HostPathMount',
  extraEnvs: { v1beta4: '[]EnvVar' },
};
const DOCUMENT: FieldTypes = { apiVersion: 'string', kind: 'string' };
const SINCE_V1BETA4 = { v1beta4: 'string' };
const PERIOD_SINCE_V1BETA4 = { v1beta4: 'duration' };

/**
 * Every field of kubeadm's configuration, by the names of its types (`cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go` of
 * Kubernetes 1.37, `v1beta3/types.go` of 1.36), and those of our own document. Most of them do not bear on certificates.
 */
export const FIELD_TYPES: Readonly<Record<string, FieldTypes>> = deepFreeze<Record<string, FieldTypes>>({
  ClusterConfiguration: {
    ...DOCUMENT,
    etcd: 'Etcd',
    networking: 'Networking',
    kubernetesVersion: 'string',
    controlPlaneEndpoint: 'string',
    apiServer: 'APIServer',
    controllerManager: 'ControlPlaneComponent',
    scheduler: 'ControlPlaneComponent',
    dns: 'DNS',
    proxy: { v1beta4: 'Proxy' },
    certificatesDir: 'string',
    imageRepository: 'string',
    featureGates: 'map[string]bool',
    clusterName: 'string',
    encryptionAlgorithm: SINCE_V1BETA4,
    certificateValidityPeriod: PERIOD_SINCE_V1BETA4,
    caCertificateValidityPeriod: PERIOD_SINCE_V1BETA4,
  },
  InitConfiguration: {
    ...DOCUMENT,
    bootstrapTokens: '[]BootstrapToken',
    dryRun: { v1beta4: 'bool' },
    nodeRegistration: 'NodeRegistrationOptions',
    localAPIEndpoint: 'APIEndpoint',
    certificateKey: 'string',
    skipPhases: '[]string',
    patches: 'Patches',
    timeouts: { v1beta4: 'Timeouts' },
  },
  JoinConfiguration: {
    ...DOCUMENT,
    dryRun: { v1beta4: 'bool' },
    nodeRegistration: 'NodeRegistrationOptions',
    caCertPath: 'string',
    discovery: 'Discovery',
    controlPlane: 'JoinControlPlane',
    skipPhases: '[]string',
    patches: 'Patches',
    timeouts: { v1beta4: 'Timeouts' },
  },
  PkiConfiguration: {
    ...DOCUMENT,
    profile: 'string',
    kubernetesVersion: 'string',
    hostIps: '[]string',
    advertiseAddress: 'string',
    hostname: 'string',
    keyAlgorithm: 'string',
    saKeyAlgorithm: 'string',
    notBeforeSkew: 'string',
    rootCa: 'bool',
    externalEtcd: 'bool',
    kubeconfigDir: 'string',
    rootCaDir: 'string',
  },
  APIServer: { ...COMPONENT, certSANs: '[]string', timeoutForControlPlane: { v1beta3: 'duration' } },
  ControlPlaneComponent: COMPONENT,
  DNS: { ...IMAGE, disabled: { v1beta4: 'bool' } },
  Proxy: { disabled: 'bool' },
  Networking: { serviceSubnet: 'string', podSubnet: 'string', dnsDomain: 'string' },
  Etcd: { local: 'LocalEtcd', external: 'ExternalEtcd' },
  LocalEtcd: {
    ...IMAGE,
    dataDir: 'string',
    extraArgs: ARGUMENTS,
    extraEnvs: { v1beta4: '[]EnvVar' },
    serverCertSANs: '[]string',
    peerCertSANs: '[]string',
  },
  ExternalEtcd: {
    endpoints: '[]string',
    httpEndpoints: { v1beta4: '[]string' },
    caFile: 'string',
    certFile: 'string',
    keyFile: 'string',
  },
  APIEndpoint: { advertiseAddress: 'string', bindPort: 'int' },
  NodeRegistrationOptions: {
    name: 'string',
    criSocket: 'string',
    taints: '[]Taint',
    kubeletExtraArgs: ARGUMENTS,
    ignorePreflightErrors: '[]string',
    imagePullPolicy: 'string',
    imagePullSerial: { v1beta4: 'bool' },
  },
  JoinControlPlane: { localAPIEndpoint: 'APIEndpoint', certificateKey: 'string' },
  Discovery: {
    bootstrapToken: 'BootstrapTokenDiscovery',
    file: 'FileDiscovery',
    tlsBootstrapToken: 'string',
    timeout: { v1beta3: 'duration' },
  },
  BootstrapTokenDiscovery: {
    token: 'string',
    apiServerEndpoint: 'string',
    caCertHashes: '[]string',
    unsafeSkipCAVerification: 'bool',
  },
  FileDiscovery: { kubeConfigPath: 'string' },
  BootstrapToken: {
    token: 'string',
    description: 'string',
    ttl: 'duration',
    expires: 'string',
    usages: '[]string',
    groups: '[]string',
  },
  Taint: { key: 'string', value: 'string', effect: 'string', timeAdded: 'string' },
  HostPathMount: {
    name: 'string',
    hostPath: 'string',
    mountPath: 'string',
    readOnly: 'bool',
    pathType: 'string',
  },
  Patches: { directory: 'string' },
  Arg: { name: 'string', value: 'string', mergeMethod: SINCE_V1BETA4 },
  EnvVar: { name: 'string', value: 'string', valueFrom: 'any' },
  Timeouts: {
    controlPlaneComponentHealthCheck: 'duration',
    kubeletHealthCheck: 'duration',
    kubernetesAPICall: 'duration',
    etcdAPICall: 'duration',
    tlsBootstrap: 'duration',
    discovery: 'duration',
    upgradeManifests: 'duration',
  },
});
