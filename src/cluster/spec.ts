import type { KeyAlgorithmId } from '../x509/algorithms.ts';
import type { GeneralName } from '../x509/model.ts';
import type { Profile } from '../table/profiles.ts';
import type { KubernetesVersion } from '../table/versions.ts';

/** Host and port under which all control planes are reached. The host is an IP address in canonical text or a DNS name. */
export interface Endpoint {
  readonly host: string;
  /** Absent: the API server's bind port. */
  readonly port?: number;
}

/** An IP network: `address` is its first address, in canonical text. */
export interface Cidr {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 4 | 6;
}

/**
 * One validated cluster, as seen from one control-plane host: everything that decides what its PKI holds, with
 * nothing left to default. Frozen. IP addresses are in canonical text, DNS names in lower case, periods in seconds.
 */
export interface ClusterSpec {
  readonly profile: Profile;
  readonly kubernetesVersion: KubernetesVersion;
  /** The host's own addresses (R3 `<Host_IP>`); never empty. */
  readonly hostAddresses: readonly string[];
  /** The host's name as others reach it; goes into SANs. */
  readonly hostname: string;
  /** The name under which the kubelet registers; goes into its CN. */
  readonly nodeName: string;
  readonly advertiseAddress: string;
  readonly bindPort: number;
  readonly controlPlaneEndpoint?: Endpoint;
  readonly apiserverExtraSans: readonly GeneralName[];
  readonly etcdServerExtraSans: readonly GeneralName[];
  readonly etcdPeerExtraSans: readonly GeneralName[];
  readonly serviceCidrs: readonly Cidr[];
  readonly serviceDnsDomain: string;
  readonly clusterName: string;
  readonly keyAlgorithm: KeyAlgorithmId;
  readonly saKeyAlgorithm: KeyAlgorithmId;
  readonly certValiditySeconds: number;
  readonly caValiditySeconds: number;
  readonly notBeforeSkewSeconds: number;
  readonly etcd: 'stacked' | 'external';
  /** `none`: three self-signed CAs. `beside`: one root, its key in the certificate directory. `apart`: its key elsewhere. */
  readonly rootCa: 'none' | 'beside' | 'apart';
}
