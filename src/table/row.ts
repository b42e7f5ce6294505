import type { ExtKeyUsage, KeyUsage } from '../x509/model.ts';
import type { Profile } from './profiles.ts';

/** A value that came with certain releases: the last entry whose release (see `hasChange`) is reached holds. */
export interface Eras<T> {
  readonly eras: readonly (readonly [since: string, value: T])[];
}

/** A value that is the same in every profile, or one for each; in a profile, the same in every release or by eras. */
export type Choice<T> = { readonly always: T } | { readonly [P in Profile]: T | Eras<T> };

/**
 * A text with placeholders: `{nodeName}`, `{clusterName}`, `{user}` (the kubeconfig's own user), `{serviceDnsDomain}`,
 * `{serviceDnsFirstLabel}`. What is put in never adds structure: a text is one attribute value, one name.
 */
export type Text = string;

/** Where a subjectAltName comes from. `dns:…` and `ip:…` are literal (with placeholders); the others name what the cluster says. */
export type SanSource =
  | `dns:${string}`
  | `ip:${string}`
  | 'hostname'
  | 'hostAddresses'
  | 'advertiseAddress'
  | 'controlPlaneEndpoint'
  /** The first address of each service CIDR. */
  | 'serviceAddresses'
  /** The first address of the first service CIDR. */
  | 'firstServiceAddress'
  /** `::1`, where one of the host's addresses is IPv6. */
  | 'ipv6Loopback'
  | 'apiserverExtraSans'
  | 'etcdServerExtraSans'
  | 'etcdPeerExtraSans';

/** Whose address a kubeconfig names as server; `controlPlane` falls back to the second word where no endpoint is given. */
export type ServerSource = 'host' | 'advertise' | 'controlPlaneOrHost' | 'controlPlaneOrAdvertise';

/** What of a row an argument takes. `trust`: the file against which servers of this CA are verified. */
export type Taken =
  | 'certificate'
  | 'key'
  | 'publicKey'
  | 'file'
  | 'trust'
  | 'commonName'
  | { readonly text: Text };

/** One argument of one component that takes something of a row (R5), or without which the row is worth nothing. */
export interface ArgumentRow {
  readonly component: Component;
  readonly flag: `--${string}`;
  readonly takes: Taken;
  /** The requirement row that asks for it; absent for the others of kubeadm.md 8. */
  readonly requirement?: string;
  /** What stands in place of the value where etcd is external and the file is the operator's own. */
  readonly externalEtcd?: { readonly file: ExternalEtcdFile; readonly says: string };
  /** Left out where the CA's key is not on the host: the component refuses to start with half of a signing pair. */
  readonly needsSigningKey?: true;
  /** What it decides, as it follows that word: `who is let in as a user`. */
  readonly decides: string;
  /** What comes of leaving it out. `error`: the component does not start, is refused or lets somebody in. */
  readonly without: readonly [severity: 'error' | 'warning', says: string];
}

/** What kubeadm's configuration names of an etcd that is elsewhere (kubeadm.md 7.2). */
export type ExternalEtcdFile = 'caFile' | 'certFile' | 'keyFile';

export const COMPONENTS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'etcd',
  'etcdctl',
  'kubelet',
] as const;
export type Component = (typeof COMPONENTS)[number];

/** The ClusterRoleBinding that an identity needs because Kubernetes itself grants it nothing. */
export interface Grant {
  /** kubeadm's name for the binding. */
  readonly binding: string;
  readonly clusterRole: string;
  /** To whom: the first organization of the row's subject, or its common name. */
  readonly to: 'organization' | 'commonName';
}

/** Key and extended key usages by kind of certificate (R4); keyEncipherment depends on what the key can do. */
export interface Usage {
  readonly isCa: boolean;
  readonly keyUsage: Choice<{ readonly rsa: readonly KeyUsage[]; readonly other: readonly KeyUsage[] }>;
  readonly extKeyUsage: readonly ExtKeyUsage[];
}
export type UsageId = 'ca' | 'server' | 'client' | 'serverAndClient';

/** The kinds of host that hold files of a PKI. A control plane holds all that there is of every row. */
export const HOST_ROLES = ['control-plane', 'etcd', 'worker'] as const;
export type HostRole = (typeof HOST_ROLES)[number];

/**
 * What a host has of a row, and may have. `public`: what is no secret of it, neither a private key nor a kubeconfig. What a
 * host `has` is missed where it is not there.
 */
export type Holding = 'has' | 'hasPublic' | 'mayHave' | 'mayHavePublic' | 'never';

/** The steps of `kubeadm init` that make files of a PKI, each of which is a command by itself, too. */
export const PHASES = ['certs', 'kubeconfig'] as const;
export type Phase = (typeof PHASES)[number];

interface RowBase {
  /** kubeadm's word where kubeadm has one. Unique. */
  readonly id: string;
  /** kubeadm's words for it after `init phase`; absent where kubeadm makes no such thing. Unique. */
  readonly phase?: readonly [Phase, string];
  /** One sentence for people. */
  readonly purpose: string;
  /** The requirement rows it answers. */
  readonly requirements: readonly string[];
  /** One of it for the cluster, for each control-plane host, or for each node. */
  readonly per: 'cluster' | 'controlPlane' | 'node';
  /** What hosts that are no control plane have of it. `etcd`: a member that runs by itself. */
  readonly hosts: { readonly [R in Exclude<HostRole, 'control-plane'>]: Holding };
  /** The cluster has it only then; absent: always. */
  readonly when?: 'stackedEtcd' | 'rootCa';
  /** The profile (and release) has it only where this says so; absent: always. */
  readonly has?: Choice<boolean>;
  /** It is made, and may then be kept elsewhere, or a host that joined may never have had it: nobody misses it. */
  readonly mayBeAway?: true;
  readonly arguments: readonly ArgumentRow[];
  /** Citation for whatever surprises. */
  readonly because?: string;
}

/** Whom a certificate names. */
interface Identity {
  readonly commonName: Choice<Text>;
  readonly organization?: Choice<readonly string[]>;
  readonly usage: UsageId;
  readonly grant?: Choice<Grant | null>;
}

export interface CaRow extends RowBase, Identity {
  readonly kind: 'ca';
  readonly lifetime: 'ca';
  /** The id of the CA that signs it under a single root; without a root, and for the root, it signs itself. */
  readonly signerUnderRoot?: string;
  /** RFC 5280 4.2.1.9; null: none. */
  readonly pathLength: Choice<number | null>;
  readonly certificate: string;
  readonly key: string;
  /** Where key and a second copy of the certificate lie when the root is kept apart. */
  readonly apart?: { readonly certificate: string; readonly key: string };
}

export interface CertificateRow extends RowBase, Identity {
  readonly kind: 'certificate';
  readonly lifetime: 'leaf';
  readonly signer: string;
  readonly sans: Choice<readonly SanSource[]>;
  readonly certificate: string;
  readonly key: string;
}

export interface KeyPairRow extends RowBase {
  readonly kind: 'keyPair';
  readonly key: string;
  readonly publicKey: string;
}

export interface KubeconfigRow extends RowBase, Identity {
  readonly kind: 'kubeconfig';
  readonly lifetime: 'leaf';
  readonly signer: string;
  readonly file: string;
  /** The name of the credential inside the file; Kubernetes looks at the certificate, not at this. */
  readonly user: Choice<Text>;
  readonly context: Choice<Text>;
  readonly server: Choice<ServerSource>;
  /** What one that is there may name instead, where kubeadm of the release writes or keeps that, too. */
  readonly otherServer?: Choice<ServerSource | null>;
  /** Its component asks for a new certificate itself before the old one ends: only who names it renews it. */
  readonly renewsItself?: true;
  /** The names in one that its component wrote for itself when it joined the cluster with a token. */
  readonly bootstrapped?: { readonly cluster: string; readonly user: string; readonly context: string };
  /** The component that reads it renews it: kubeadm neither lists nor renews it (kubeadm.md 4.1). */
  readonly isRenewedByComponent?: true;
}

/** A file that holds the certificates of other rows, for whoever verifies servers of the first. */
export interface BundleRow extends RowBase {
  readonly kind: 'bundle';
  readonly of: readonly string[];
  readonly file: string;
}

/** Everything this project knows about one CA, certificate, key pair, kubeconfig or bundle. */
export type Row = CaRow | CertificateRow | KeyPairRow | KubeconfigRow | BundleRow;
