import { deepFreeze } from './freeze.ts';
import type { ExternalEtcdFile } from './row.ts';

/** Which logical path each key of a Secret's data holds. */
export type SecretKeys = Readonly<Record<string, string>>;

/** How one program keeps the PKI of clusters in Secrets. */
export interface SecretLayout {
  /** Who writes them. */
  readonly writer: string;
  /** The label whose value is the name of the cluster. */
  readonly clusterLabel: string;
  /** The Secrets of a cluster by what follows `<cluster>-` in their names. */
  readonly secrets: Readonly<Record<string, SecretKeys>>;
  /** The keys of its other Secrets are the names that kubeadm's files have. */
  readonly hasFileNames?: true;
  /** A path of each row that is always there. What else the table has lies elsewhere, and is not missed. */
  readonly expected: readonly string[];
  readonly citation: string;
}

/** The Secrets that hold the PKI of clusters, by who writes them. */
export const SECRET_LAYOUTS: readonly SecretLayout[] = deepFreeze<SecretLayout[]>([
  {
    writer: 'Cluster API',
    clusterLabel: 'cluster.x-k8s.io/cluster-name',
    secrets: {
      ca: { 'tls.crt': 'pki/ca.crt', 'tls.key': 'pki/ca.key' },
      etcd: { 'tls.crt': 'pki/etcd/ca.crt', 'tls.key': 'pki/etcd/ca.key' },
      proxy: { 'tls.crt': 'pki/front-proxy-ca.crt', 'tls.key': 'pki/front-proxy-ca.key' },
      // A public key under the name of a certificate.
      sa: { 'tls.crt': 'pki/sa.pub', 'tls.key': 'pki/sa.key' },
      // Only where etcd is external.
      'apiserver-etcd-client': {
        'tls.crt': 'pki/apiserver-etcd-client.crt',
        'tls.key': 'pki/apiserver-etcd-client.key',
      },
      kubeconfig: { value: 'admin.conf' },
    },
    expected: ['pki/ca.crt', 'pki/etcd/ca.crt', 'pki/front-proxy-ca.crt', 'pki/sa.key', 'admin.conf'],
    citation: 'Cluster API, "Using Custom Certificates" and util/secret/consts.go',
  },
  {
    writer: 'Kamaji',
    clusterLabel: 'kamaji.clastix.io/name',
    secrets: {
      // "server" is what it is called there: the API server shows it to etcd, which is shared.
      'datastore-certificate': {
        'ca.crt': 'pki/etcd/ca.crt',
        'server.crt': 'pki/apiserver-etcd-client.crt',
        'server.key': 'pki/apiserver-etcd-client.key',
      },
    },
    hasFileNames: true,
    expected: [
      'pki/ca.crt',
      'pki/apiserver.crt',
      'pki/apiserver-kubelet-client.crt',
      'pki/front-proxy-ca.crt',
      'pki/front-proxy-client.crt',
      'pki/sa.key',
      'admin.conf',
      'controller-manager.conf',
      'scheduler.conf',
    ],
    citation: 'Kamaji, internal/resources',
  },
]);

/** A Secret whose values are encrypted, and what goes with it. */
export interface SealedSecret {
  readonly namespace: string;
  readonly name: string;
  readonly keys: SecretKeys;
  /** The keys of a cluster with its own etcd. */
  readonly stackedEtcd: SecretKeys;
  /** Those of any other, and which of the files that the configuration names each holds. */
  readonly externalEtcd: Readonly<Record<string, ExternalEtcdFile>>;
  /** Role and RoleBinding that let it be read. */
  readonly role: string;
  /** The group of those who read it. */
  readonly readers: string;
  /** The bootstrap token that takes the Secret with it when it ends. Nobody is let in by it: it has no usages. */
  readonly token: { readonly description: string; readonly seconds: number };
}

/** What kubeadm keeps for hosts that join (kubeadm.md 5). The value of a file that is not there is empty. */
export const CERTIFICATE_SECRET: SealedSecret = deepFreeze<SealedSecret>({
  namespace: 'kube-system',
  name: 'kubeadm-certs',
  keys: {
    'ca.crt': 'pki/ca.crt',
    'ca.key': 'pki/ca.key',
    'front-proxy-ca.crt': 'pki/front-proxy-ca.crt',
    'front-proxy-ca.key': 'pki/front-proxy-ca.key',
    'sa.pub': 'pki/sa.pub',
    'sa.key': 'pki/sa.key',
  },
  stackedEtcd: {
    'etcd-ca.crt': 'pki/etcd/ca.crt',
    'etcd-ca.key': 'pki/etcd/ca.key',
  },
  externalEtcd: {
    'external-etcd-ca.crt': 'caFile',
    'external-etcd.crt': 'certFile',
    'external-etcd.key': 'keyFile',
  },
  role: 'kubeadm:kubeadm-certs',
  readers: 'system:bootstrappers:kubeadm:default-node-token',
  token: {
    description: 'Proxy for managing TTL for the kubeadm-certs secret',
    seconds: 7200,
  },
});
