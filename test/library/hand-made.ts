import type { PresentFile } from '../../src/checks/evidence.ts';

/** What somebody asks a CA tool for who makes a cluster's PKI by hand, after docs/reference/requirements.md. */
export interface HandMadeLeaf {
  readonly commonName: string;
  readonly organization?: string;
  readonly usage: 'server' | 'client' | 'serverAndClient';
  readonly names: readonly string[];
}

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** A CA of some tool. */
export interface HandMadeAuthority extends Pair {
  readonly issue: (leaf: HandMadeLeaf) => Pair;
}

const SERVICE = ['', '.default', '.default.svc', '.default.svc.cluster', '.default.svc.cluster.local'];
const HOST = ['cp1', '192.0.2.10'];
const API_SERVER = [...SERVICE.map((suffix) => `kubernetes${suffix}`), '10.96.0.1', ...HOST];
const ETCD = [...HOST, 'localhost', '127.0.0.1'];

const server = (commonName: string, names: readonly string[]): HandMadeLeaf => ({
  commonName,
  usage: 'server',
  names,
});
const client = (commonName: string, organization?: string): HandMadeLeaf => ({
  commonName,
  usage: 'client',
  names: [],
  ...(organization === undefined ? {} : { organization }),
});
const member = (commonName: string): HandMadeLeaf => ({
  commonName,
  usage: 'serverAndClient',
  names: ETCD,
});

const AUTHORITIES = {
  'pki/ca': {
    commonName: 'kubernetes-ca',
    leaves: {
      'pki/apiserver': server('kube-apiserver', API_SERVER),
      'pki/apiserver-kubelet-client': client('kube-apiserver-kubelet-client', 'system:masters'),
    },
  },
  'pki/front-proxy-ca': {
    commonName: 'kubernetes-front-proxy-ca',
    leaves: { 'pki/front-proxy-client': client('front-proxy-client') },
  },
  'pki/etcd/ca': {
    commonName: 'etcd-ca',
    leaves: {
      'pki/etcd/server': member('kube-etcd'),
      'pki/etcd/peer': member('kube-etcd-peer'),
      'pki/etcd/healthcheck-client': client('kube-etcd-healthcheck-client'),
      'pki/apiserver-etcd-client': client('kube-apiserver-etcd-client', 'system:masters'),
    },
  },
} as const;

const KUBECONFIGS: Readonly<Record<string, readonly [user: string, leaf: HandMadeLeaf]>> = {
  'admin.conf': ['default-admin', client('kubernetes-admin', 'system:masters')],
  'kubelet.conf': ['default-auth', client('system:node:cp1', 'system:nodes')],
  'controller-manager.conf': ['default-controller-manager', client('system:kube-controller-manager')],
  'scheduler.conf': ['default-scheduler', client('system:kube-scheduler')],
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** JSON is YAML, too. */
function kubeconfigText(user: string, { certificate, key }: Pair, authority: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'default-cluster',
        cluster: { server: 'https://192.0.2.10:6443', 'certificate-authority-data': base64(authority) },
      },
    ],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
      },
    ],
    contexts: [{ name: 'default-system', context: { cluster: 'default-cluster', user } }],
    'current-context': 'default-system',
  });
}

const pairOf = (stem: string, { certificate, key }: Pair): readonly PresentFile[] => [
  { path: `${stem}.crt`, contents: certificate, mode: 0o644 },
  { path: `${stem}.key`, contents: key, mode: 0o600 },
];

/**
 * The PKI of a control-plane host, of CAs that a tool makes.
 *
 * @param serviceAccount The service account pair: the private key, and what the public one is taken from.
 */
export function handMadePki(
  makeAuthority: (commonName: string) => HandMadeAuthority,
  serviceAccount: { readonly key: string; readonly publicKey: string },
): readonly PresentFile[] {
  const authorities = Object.entries(AUTHORITIES).map(([stem, { commonName, leaves }]) => ({
    stem,
    leaves: Object.entries<HandMadeLeaf>(leaves),
    authority: makeAuthority(commonName),
  }));
  const [cluster] = authorities;
  if (cluster === undefined) throw new Error('there is no CA');
  const { authority } = cluster;
  return [
    ...authorities.flatMap(({ stem, leaves, authority: own }) => [
      ...pairOf(stem, own),
      ...leaves.flatMap(([path, leaf]) => pairOf(path, own.issue(leaf))),
    ]),
    { path: 'pki/sa.key', contents: serviceAccount.key, mode: 0o600 },
    { path: 'pki/sa.pub', contents: serviceAccount.publicKey, mode: 0o644 },
    ...Object.entries(KUBECONFIGS).map(([path, [user, leaf]]) => ({
      path,
      contents: kubeconfigText(user, authority.issue(leaf), authority.certificate),
      mode: 0o600,
    })),
  ];
}
