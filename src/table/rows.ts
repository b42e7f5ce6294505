import { deepFreeze } from './freeze.ts';
import type { ArgumentRow, Choice, Grant, Row, SanSource } from './row.ts';

const CONTROL_PLANE_ALONE = { etcd: 'never', worker: 'never' } as const;

const NO_ORGANIZATION: readonly string[] = [];
const MASTERS = ['system:masters'];
const ADMINS = ['kubeadm:cluster-admins'];

// kubeadm.md 2.6: to the group, so that it can be taken back, which system:masters cannot.
const ADMINS_GRANT: Grant = {
  binding: 'kubeadm:cluster-admins',
  clusterRole: 'cluster-admin',
  to: 'organization',
};
// kubeadm.md 1.1: what the API server needs towards kubelets, and no more.
const KUBELET_API_GRANT: Grant = {
  binding: 'kubeadm:apiserver-kubelet-client',
  clusterRole: 'system:kubelet-api-admin',
  to: 'commonName',
};

// kubeadm.md 9: the removal of O came with 1.37 and was backported to these patch releases.
const KUBELET_CLIENT_WITHOUT_O = '1.33.12 1.34.8 1.35.5 1.36.1 1.37';

// R3.4 has O system:masters. etcd gives it no meaning, and whoever holds the file is then cluster admin at no gain:
// kubeadm dropped it in 1.29 (kubernetes/kubernetes#120521, #119859).
const ETCD_CLIENT_KUBEADM = {
  eras: [
    ['1.24', MASTERS],
    ['1.29', NO_ORGANIZATION],
  ],
} as const;

const ETCD_SANS_R3: readonly SanSource[] = [
  'hostname',
  'hostAddresses',
  'dns:localhost',
  'ip:127.0.0.1',
  'ipv6Loopback',
];
// kubeadm.md 1.4: the advertise address first, ::1 always.
const ETCD_SANS_KUBEADM: readonly SanSource[] = [
  'hostname',
  'dns:localhost',
  'advertiseAddress',
  'hostAddresses',
  'ip:127.0.0.1',
  'ip:::1',
];

function etcdSans(extra: SanSource): Choice<readonly SanSource[]> {
  const r3 = [...ETCD_SANS_R3, extra];
  return { requirements: r3, kubeadm: [...ETCD_SANS_KUBEADM, extra], hardened: r3 };
}

const APISERVER_NAMES: readonly SanSource[] = [
  'dns:kubernetes',
  'dns:kubernetes.default',
  'dns:kubernetes.default.svc',
  'dns:kubernetes.default.svc.{serviceDnsDomain}',
];
const APISERVER_SANS_R3: readonly SanSource[] = [
  'hostname',
  ...APISERVER_NAMES,
  'dns:kubernetes.default.svc.{serviceDnsFirstLabel}',
  // Without it pods cannot verify the API server (R3 [1]).
  'serviceAddresses',
  'hostAddresses',
  'advertiseAddress',
  'controlPlaneEndpoint',
  'apiserverExtraSans',
];
const APISERVER_SANS_KUBEADM: readonly SanSource[] = [
  'hostname',
  ...APISERVER_NAMES,
  'firstServiceAddress',
  'advertiseAddress',
  'hostAddresses',
  'controlPlaneEndpoint',
  'apiserverExtraSans',
];

/** Names as R6 gives them outside of kubeadm, and as kubeadm builds them (kubeadm.md 2.1). */
function kubeconfigNames(user: string): { readonly user: Choice<string>; readonly context: Choice<string> } {
  return {
    user: { requirements: user, kubeadm: '{commonName}', hardened: user },
    context: { requirements: 'default-system', kubeadm: '{user}@{clusterName}', hardened: 'default-system' },
  };
}

type Meaning = Pick<ArgumentRow, 'decides' | 'without'>;

/** What the arguments mean that come in pairs, or that several components have. */
const SERVES_API: Meaning = {
  decides: 'what the API server shows to whoever connects',
  without: [
    'error',
    'with half of the pair it does not start, without it shows one of its own making, which nobody can verify',
  ],
};
const CALLS_KUBELETS: Meaning = {
  decides: 'as whom kubelets see the API server',
  without: ['error', 'to kubelets it is nobody: logs, exec and port-forward are refused'],
};
const CALLS_EXTENSIONS: Meaning = {
  decides: 'as whom extension API servers see the API server',
  without: ['warning', 'no extension API server can tell it from anybody else: aggregation does not work'],
};
const CALLS_ETCD: Meaning = {
  decides: 'as whom etcd sees the API server',
  without: ['error', 'to etcd it is nobody: it is refused, and does not start, or etcd lets in everybody'],
};
const SERVES_ETCD: Meaning = {
  decides: 'what etcd shows to its clients',
  without: ['error', 'etcd has nothing to show: it does not start, or talks in the clear'],
};
const SERVES_PEERS: Meaning = {
  decides: 'what etcd shows to the other members, and as whom they see it',
  without: [
    'error',
    'etcd has nothing to show to the other members: it does not start, or talks in the clear',
  ],
};
const CALLS_ETCD_BY_HAND: Meaning = {
  decides: 'as whom etcd sees etcdctl',
  without: ['error', 'etcd refuses it'],
};
const SIGNS_REQUESTS: Meaning = {
  decides: 'which CA signs what is asked for with a CertificateSigningRequest',
  without: [
    'warning',
    'nothing is signed that is asked for with a CertificateSigningRequest: no kubelet renews',
  ],
};
const PROXY_HEADERS: Meaning = {
  decides: 'from which headers a proxy is believed about the user',
  without: ['warning', 'what a proxy says there is not read'],
};

function kubeconfigArguments(
  component: 'kube-controller-manager' | 'kube-scheduler',
  requirement: string,
): readonly ArgumentRow[] {
  const asks: Meaning = {
    decides: 'as whom it asks who its own callers are',
    without: ['warning', 'it cannot ask who its own callers are, and refuses them'],
  };
  return [
    {
      component,
      flag: '--kubeconfig',
      takes: 'file',
      requirement,
      decides: 'as whom the API server sees it',
      without: ['error', 'it knows no API server, and does not start'],
    },
    { component, flag: '--authentication-kubeconfig', takes: 'file', ...asks },
    { component, flag: '--authorization-kubeconfig', takes: 'file', ...asks },
  ];
}

/**
 * THE table: every CA, certificate, key pair, kubeconfig and bundle, each described once. A signer stands before what it
 * signs. Paths are logical: `pki/…` lies in the certificate directory, `root-ca/…` where the root is kept apart,
 * anything else in the kubeconfig directory.
 */
export const ROWS: readonly Row[] = deepFreeze<readonly Row[]>([
  {
    kind: 'ca',
    id: 'root-ca',
    purpose: 'Single root: signs the other CAs and nothing else',
    requirements: ['R2.5'],
    per: 'cluster',
    hosts: { etcd: 'mayHavePublic', worker: 'hasPublic' },
    when: 'rootCa',
    usage: 'ca',
    lifetime: 'ca',
    commonName: { always: 'kubernetes-root-ca' },
    pathLength: { requirements: null, kubeadm: null, hardened: 1 },
    certificate: 'pki/root-ca.crt',
    key: 'pki/root-ca.key',
    apart: { certificate: 'root-ca/root-ca.crt', key: 'root-ca/root-ca.key' },
    arguments: [],
  },
  {
    kind: 'ca',
    id: 'ca',
    phase: ['certs', 'ca'],
    purpose: 'Cluster CA: API server, kubelets, administrators and components',
    requirements: ['R2.1', 'R5.3', 'R5.4'],
    per: 'cluster',
    hosts: { etcd: 'mayHavePublic', worker: 'hasPublic' },
    usage: 'ca',
    lifetime: 'ca',
    signerUnderRoot: 'root-ca',
    commonName: { requirements: 'kubernetes-ca', kubeadm: 'kubernetes', hardened: 'kubernetes-ca' },
    pathLength: { requirements: null, kubeadm: null, hardened: 0 },
    certificate: 'pki/ca.crt',
    key: 'pki/ca.key',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--client-ca-file',
        takes: 'certificate',
        requirement: 'R5.3',
        decides: 'who is let in as a user',
        without: ['error', 'no client certificate is believed: the kubeconfigs of this PKI are refused'],
      },
      {
        component: 'kube-controller-manager',
        flag: '--client-ca-file',
        takes: 'certificate',
        requirement: 'R5.4',
        decides: 'whose client certificates its own endpoints believe',
        without: [
          'warning',
          'its own endpoints learn from the API server whose client certificates to believe',
        ],
      },
      {
        component: 'kube-controller-manager',
        flag: '--root-ca-file',
        takes: 'trust',
        requirement: 'R5.4',
        decides: 'against what pods verify the API server',
        without: ['warning', 'pods get the CA of its kubeconfig to verify the API server'],
      },
      // One certificate and no more: with two, every CSR fails (expected 1 certificate, found 2).
      {
        component: 'kube-controller-manager',
        flag: '--cluster-signing-cert-file',
        takes: 'certificate',
        requirement: 'R5.4',
        needsSigningKey: true,
        ...SIGNS_REQUESTS,
      },
      {
        component: 'kube-controller-manager',
        flag: '--cluster-signing-key-file',
        takes: 'key',
        requirement: 'R5.4',
        needsSigningKey: true,
        ...SIGNS_REQUESTS,
      },
      {
        component: 'kubelet',
        flag: '--client-ca-file',
        takes: 'certificate',
        decides: 'whom the kubelet believes to be the API server',
        without: ['error', 'the kubelet cannot tell the API server from anybody else'],
      },
    ],
  },
  {
    kind: 'certificate',
    id: 'apiserver',
    phase: ['certs', 'apiserver'],
    purpose: 'API server: what it shows to everybody who connects to it',
    requirements: ['R1.2', 'R3.5', 'R5.5'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'server',
    lifetime: 'leaf',
    signer: 'ca',
    commonName: { always: 'kube-apiserver' },
    sans: { requirements: APISERVER_SANS_R3, kubeadm: APISERVER_SANS_KUBEADM, hardened: APISERVER_SANS_R3 },
    certificate: 'pki/apiserver.crt',
    key: 'pki/apiserver.key',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--tls-cert-file',
        takes: 'certificate',
        requirement: 'R5.5',
        ...SERVES_API,
      },
      {
        component: 'kube-apiserver',
        flag: '--tls-private-key-file',
        takes: 'key',
        requirement: 'R5.5',
        ...SERVES_API,
      },
    ],
  },
  {
    kind: 'certificate',
    id: 'apiserver-kubelet-client',
    phase: ['certs', 'apiserver-kubelet-client'],
    purpose: 'API server towards kubelets: logs, exec, port-forward',
    requirements: ['R1.4', 'R3.6', 'R5.6'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'client',
    lifetime: 'leaf',
    signer: 'ca',
    commonName: { always: 'kube-apiserver-kubelet-client' },
    organization: {
      requirements: MASTERS,
      kubeadm: {
        eras: [
          ['1.24', MASTERS],
          ['1.29', ADMINS],
          [KUBELET_CLIENT_WITHOUT_O, NO_ORGANIZATION],
        ],
      },
      hardened: NO_ORGANIZATION,
    },
    grant: {
      requirements: null,
      kubeadm: {
        eras: [
          ['1.24', null],
          ['1.29', ADMINS_GRANT],
          [KUBELET_CLIENT_WITHOUT_O, KUBELET_API_GRANT],
        ],
      },
      hardened: KUBELET_API_GRANT,
    },
    sans: { always: [] },
    certificate: 'pki/apiserver-kubelet-client.crt',
    key: 'pki/apiserver-kubelet-client.key',
    because:
      'kubeadm.md 1.1: O system:masters up to 1.28, kubeadm:cluster-admins from 1.29, none from 1.37 and its backports',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--kubelet-client-certificate',
        takes: 'certificate',
        requirement: 'R5.6',
        ...CALLS_KUBELETS,
      },
      {
        component: 'kube-apiserver',
        flag: '--kubelet-client-key',
        takes: 'key',
        requirement: 'R5.6',
        ...CALLS_KUBELETS,
      },
    ],
  },
  {
    kind: 'ca',
    id: 'front-proxy-ca',
    phase: ['certs', 'front-proxy-ca'],
    purpose: 'Front proxy CA: whom extension API servers believe about the user',
    requirements: ['R1.8', 'R2.3', 'R5.7', 'R5.8'],
    per: 'cluster',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'ca',
    lifetime: 'ca',
    signerUnderRoot: 'root-ca',
    commonName: {
      requirements: 'kubernetes-front-proxy-ca',
      kubeadm: 'front-proxy-ca',
      hardened: 'kubernetes-front-proxy-ca',
    },
    pathLength: { requirements: null, kubeadm: null, hardened: 0 },
    certificate: 'pki/front-proxy-ca.crt',
    key: 'pki/front-proxy-ca.key',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--requestheader-client-ca-file',
        takes: 'certificate',
        requirement: 'R5.7',
        decides: 'which proxies are believed about the user',
        without: ['warning', 'no proxy is believed: aggregation does not work'],
      },
      {
        component: 'kube-controller-manager',
        flag: '--requestheader-client-ca-file',
        takes: 'certificate',
        requirement: 'R5.8',
        decides: 'which proxies are believed about the user',
        without: ['warning', 'its own endpoints learn from the API server which proxies to believe'],
      },
    ],
  },
  {
    kind: 'certificate',
    id: 'front-proxy-client',
    phase: ['certs', 'front-proxy-client'],
    purpose: 'API server towards extension API servers, as the proxy that names the user',
    requirements: ['R1.8', 'R3.7', 'R5.9'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'client',
    lifetime: 'leaf',
    signer: 'front-proxy-ca',
    commonName: { always: 'front-proxy-client' },
    sans: { always: [] },
    certificate: 'pki/front-proxy-client.crt',
    key: 'pki/front-proxy-client.key',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--proxy-client-cert-file',
        takes: 'certificate',
        requirement: 'R5.9',
        ...CALLS_EXTENSIONS,
      },
      {
        component: 'kube-apiserver',
        flag: '--proxy-client-key-file',
        takes: 'key',
        requirement: 'R5.9',
        ...CALLS_EXTENSIONS,
      },
      // Absent, every client of the front-proxy CA could name any user.
      {
        component: 'kube-apiserver',
        flag: '--requestheader-allowed-names',
        takes: 'commonName',
        decides: 'which clients of the front-proxy CA may name a user',
        without: ['error', 'every client of the front-proxy CA may name any user'],
      },
      {
        component: 'kube-apiserver',
        flag: '--requestheader-username-headers',
        takes: { text: 'X-Remote-User' },
        ...PROXY_HEADERS,
      },
      {
        component: 'kube-apiserver',
        flag: '--requestheader-group-headers',
        takes: { text: 'X-Remote-Group' },
        ...PROXY_HEADERS,
      },
      {
        component: 'kube-apiserver',
        flag: '--requestheader-extra-headers-prefix',
        takes: { text: 'X-Remote-Extra-' },
        ...PROXY_HEADERS,
      },
    ],
  },
  {
    kind: 'ca',
    id: 'etcd-ca',
    phase: ['certs', 'etcd-ca'],
    purpose: 'etcd CA: everything that talks to etcd',
    requirements: ['R2.2', 'R5.1', 'R5.10', 'R5.13'],
    per: 'cluster',
    hosts: { etcd: 'has', worker: 'never' },
    when: 'stackedEtcd',
    usage: 'ca',
    lifetime: 'ca',
    signerUnderRoot: 'root-ca',
    commonName: { always: 'etcd-ca' },
    pathLength: { requirements: null, kubeadm: null, hardened: 0 },
    certificate: 'pki/etcd/ca.crt',
    key: 'pki/etcd/ca.key',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--etcd-cafile',
        takes: 'certificate',
        requirement: 'R5.1',
        externalEtcd: { file: 'caFile', says: 'CA certificate of the external etcd' },
        decides: 'which etcd the API server believes',
        without: ['error', "it holds etcd's certificate against the CAs of the system, and does not start"],
      },
      {
        component: 'etcd',
        flag: '--trusted-ca-file',
        takes: 'certificate',
        requirement: 'R5.10',
        decides: 'whom etcd lets in',
        without: [
          'error',
          'etcd lets in everybody, or with --client-cert-auth whom the CAs of the system signed',
        ],
      },
      {
        component: 'etcd',
        flag: '--peer-trusted-ca-file',
        takes: 'certificate',
        requirement: 'R5.10',
        decides: 'who may be a member of the etcd cluster',
        without: [
          'error',
          'etcd takes everybody for a member, or with --peer-client-cert-auth whom the CAs of the system signed',
        ],
      },
      // A trusted CA alone makes etcd ask for certificates as well, also where these are `false` (tried: 3.4.23, 3.6.16). Without
      // either it encrypts and lets everybody in.
      {
        component: 'etcd',
        flag: '--client-cert-auth',
        takes: { text: 'true' },
        decides: 'whether etcd asks its clients for a certificate',
        without: ['warning', 'etcd asks for client certificates only where --trusted-ca-file is given'],
      },
      {
        component: 'etcd',
        flag: '--peer-client-cert-auth',
        takes: { text: 'true' },
        decides: 'whether etcd asks the other members for a certificate',
        without: ['warning', 'etcd asks members for certificates only where --peer-trusted-ca-file is given'],
      },
      {
        component: 'etcdctl',
        flag: '--cacert',
        takes: 'certificate',
        requirement: 'R5.13',
        decides: 'which etcd etcdctl believes',
        without: ['error', "it holds etcd's certificate against the CAs of the system, and refuses it"],
      },
    ],
  },
  {
    kind: 'certificate',
    id: 'etcd-server',
    phase: ['certs', 'etcd-server'],
    purpose: 'etcd: what it shows to its clients',
    requirements: ['R1.9', 'R3.1', 'R5.11'],
    per: 'controlPlane',
    hosts: { etcd: 'has', worker: 'never' },
    when: 'stackedEtcd',
    // etcd's gRPC gateway connects to etcd itself with the server certificate:
    // https://github.com/etcd-io/etcd/issues/9785#issuecomment-396715692
    usage: 'serverAndClient',
    lifetime: 'leaf',
    signer: 'etcd-ca',
    commonName: { requirements: 'kube-etcd', kubeadm: '{nodeName}', hardened: 'kube-etcd' },
    sans: etcdSans('etcdServerExtraSans'),
    certificate: 'pki/etcd/server.crt',
    key: 'pki/etcd/server.key',
    because: 'clientAuth on a server: etcd-io/etcd#9785, its gRPC gateway uses this certificate as a client',
    arguments: [
      { component: 'etcd', flag: '--cert-file', takes: 'certificate', requirement: 'R5.11', ...SERVES_ETCD },
      { component: 'etcd', flag: '--key-file', takes: 'key', requirement: 'R5.11', ...SERVES_ETCD },
    ],
  },
  {
    kind: 'certificate',
    id: 'etcd-peer',
    phase: ['certs', 'etcd-peer'],
    purpose: 'etcd: members among themselves, each both server and client',
    requirements: ['R1.9', 'R3.2', 'R5.12'],
    per: 'controlPlane',
    hosts: { etcd: 'has', worker: 'never' },
    when: 'stackedEtcd',
    usage: 'serverAndClient',
    lifetime: 'leaf',
    signer: 'etcd-ca',
    commonName: { requirements: 'kube-etcd-peer', kubeadm: '{nodeName}', hardened: 'kube-etcd-peer' },
    sans: etcdSans('etcdPeerExtraSans'),
    certificate: 'pki/etcd/peer.crt',
    key: 'pki/etcd/peer.key',
    arguments: [
      {
        component: 'etcd',
        flag: '--peer-cert-file',
        takes: 'certificate',
        requirement: 'R5.12',
        ...SERVES_PEERS,
      },
      { component: 'etcd', flag: '--peer-key-file', takes: 'key', requirement: 'R5.12', ...SERVES_PEERS },
    ],
  },
  {
    kind: 'certificate',
    id: 'etcd-healthcheck-client',
    phase: ['certs', 'etcd-healthcheck-client'],
    purpose: 'etcdctl and liveness probes towards etcd',
    requirements: ['R1.9', 'R3.3', 'R5.14'],
    per: 'controlPlane',
    hosts: { etcd: 'has', worker: 'never' },
    when: 'stackedEtcd',
    usage: 'client',
    lifetime: 'leaf',
    signer: 'etcd-ca',
    commonName: { always: 'kube-etcd-healthcheck-client' },
    organization: {
      requirements: NO_ORGANIZATION,
      kubeadm: ETCD_CLIENT_KUBEADM,
      hardened: NO_ORGANIZATION,
    },
    sans: { always: [] },
    certificate: 'pki/etcd/healthcheck-client.crt',
    key: 'pki/etcd/healthcheck-client.key',
    because: 'kubeadm.md 1.1: O system:masters up to 1.28 (kubernetes/kubernetes#119859)',
    arguments: [
      {
        component: 'etcdctl',
        flag: '--cert',
        takes: 'certificate',
        requirement: 'R5.14',
        ...CALLS_ETCD_BY_HAND,
      },
      { component: 'etcdctl', flag: '--key', takes: 'key', requirement: 'R5.14', ...CALLS_ETCD_BY_HAND },
    ],
  },
  {
    kind: 'certificate',
    id: 'apiserver-etcd-client',
    phase: ['certs', 'apiserver-etcd-client'],
    purpose: 'API server towards etcd',
    requirements: ['R1.5', 'R3.4', 'R5.2'],
    per: 'controlPlane',
    // Where kubeadm makes the files of an external etcd, the member keeps what it hands to control planes.
    hosts: { etcd: 'mayHave', worker: 'never' },
    when: 'stackedEtcd',
    usage: 'client',
    lifetime: 'leaf',
    signer: 'etcd-ca',
    commonName: { always: 'kube-apiserver-etcd-client' },
    organization: { requirements: MASTERS, kubeadm: ETCD_CLIENT_KUBEADM, hardened: NO_ORGANIZATION },
    sans: { always: [] },
    certificate: 'pki/apiserver-etcd-client.crt',
    key: 'pki/apiserver-etcd-client.key',
    because:
      'kubeadm.md 1.1: in the top directory although etcd-ca signs it; O system:masters up to 1.28 (kubernetes/kubernetes#120521)',
    arguments: [
      {
        component: 'kube-apiserver',
        flag: '--etcd-certfile',
        takes: 'certificate',
        requirement: 'R5.2',
        externalEtcd: { file: 'certFile', says: 'client certificate for the external etcd' },
        ...CALLS_ETCD,
      },
      {
        component: 'kube-apiserver',
        flag: '--etcd-keyfile',
        takes: 'key',
        requirement: 'R5.2',
        externalEtcd: { file: 'keyFile', says: 'client key for the external etcd' },
        ...CALLS_ETCD,
      },
    ],
  },
  {
    kind: 'keyPair',
    id: 'sa',
    phase: ['certs', 'sa'],
    purpose: 'Service account tokens: the private key signs them, the public key verifies them',
    requirements: ['R2.4', 'R5.15', 'R5.16'],
    per: 'cluster',
    hosts: CONTROL_PLANE_ALONE,
    key: 'pki/sa.key',
    publicKey: 'pki/sa.pub',
    arguments: [
      {
        component: 'kube-controller-manager',
        flag: '--service-account-private-key-file',
        takes: 'key',
        requirement: 'R5.15',
        decides: 'with which key tokens of service accounts are signed',
        without: ['warning', 'no Secret of a service account gets a token'],
      },
      {
        component: 'kube-apiserver',
        flag: '--service-account-key-file',
        takes: 'publicKey',
        requirement: 'R5.16',
        decides: 'whose tokens of service accounts are believed',
        without: ['error', 'it believes no token of a service account, and does not start'],
      },
      // Mandatory since kube-apiserver 1.20 (R5, last paragraph).
      {
        component: 'kube-apiserver',
        flag: '--service-account-signing-key-file',
        takes: 'key',
        decides: 'with which key tokens of service accounts are signed',
        without: ['error', 'it does not start'],
      },
      {
        component: 'kube-apiserver',
        flag: '--service-account-issuer',
        takes: { text: 'https://kubernetes.default.svc.{serviceDnsDomain}' },
        decides: 'in whose name tokens of service accounts are issued and believed',
        without: ['error', 'it does not start'],
      },
    ],
  },
  {
    kind: 'bundle',
    id: 'ca-chain',
    purpose: 'Cluster CA with the root, for programs that verify the API server and want a self-signed end',
    requirements: ['R2.5', 'R5.4'],
    per: 'cluster',
    hosts: { etcd: 'mayHave', worker: 'mayHave' },
    when: 'rootCa',
    of: ['ca', 'root-ca'],
    file: 'pki/ca-chain.crt',
    because: 'OpenSSL and Node do not end a chain at an intermediate by default, Go does',
    arguments: [],
  },
  {
    kind: 'kubeconfig',
    id: 'admin.conf',
    phase: ['kubeconfig', 'admin'],
    purpose: 'kubectl of the administrator',
    requirements: ['R1.3', 'R6.1'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'client',
    lifetime: 'leaf',
    signer: 'ca',
    commonName: { always: 'kubernetes-admin' },
    organization: {
      requirements: MASTERS,
      kubeadm: {
        eras: [
          ['1.24', MASTERS],
          ['1.29', ADMINS],
        ],
      },
      hardened: ADMINS,
    },
    grant: {
      requirements: null,
      kubeadm: {
        eras: [
          ['1.24', null],
          ['1.29', ADMINS_GRANT],
        ],
      },
      hardened: ADMINS_GRANT,
    },
    file: 'admin.conf',
    ...kubeconfigNames('default-admin'),
    server: {
      requirements: 'controlPlaneOrHost',
      kubeadm: 'controlPlaneOrAdvertise',
      hardened: 'controlPlaneOrHost',
    },
    arguments: [],
  },
  {
    kind: 'kubeconfig',
    id: 'super-admin.conf',
    phase: ['kubeconfig', 'super-admin'],
    purpose: 'Last resort of the administrator: above RBAC, to be locked away',
    requirements: ['R1.3'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    has: {
      requirements: false,
      kubeadm: {
        eras: [
          ['1.24', false],
          ['1.29', true],
        ],
      },
      hardened: true,
    },
    // kubeadm join --control-plane makes none (kubeadm.md 2.4), and kubeadm init asks to lock its own away.
    mayBeAway: true,
    usage: 'client',
    lifetime: 'leaf',
    signer: 'ca',
    commonName: { always: 'kubernetes-super-admin' },
    organization: { always: MASTERS },
    file: 'super-admin.conf',
    ...kubeconfigNames('default-super-admin'),
    server: {
      requirements: 'controlPlaneOrHost',
      kubeadm: 'controlPlaneOrAdvertise',
      hardened: 'controlPlaneOrHost',
    },
    because: 'kubernetes/kubernetes#121305: since 1.29, so that admin.conf can be bound by RBAC and revoked',
    arguments: [],
  },
  {
    kind: 'kubeconfig',
    id: 'kubelet.conf',
    phase: ['kubeconfig', 'kubelet'],
    purpose: 'kubelet of this node',
    requirements: ['R1.1', 'R6.2'],
    per: 'node',
    hosts: { etcd: 'mayHave', worker: 'has' },
    usage: 'client',
    lifetime: 'leaf',
    signer: 'ca',
    // The Node authorizer knows a kubelet by exactly these two.
    commonName: { always: 'system:node:{nodeName}' },
    organization: { always: ['system:nodes'] },
    file: 'kubelet.conf',
    // kubeadm.md 4.2: never renewed there.
    renewsItself: true,
    ...kubeconfigNames('default-auth'),
    server: {
      requirements: 'controlPlaneOrHost',
      // The gate ControlPlaneKubeletLocalMode (kubeadm.md 2.1): by default since 1.33.
      kubeadm: {
        eras: [
          ['1.24', 'controlPlaneOrAdvertise'],
          ['1.33', 'advertise'],
        ],
      },
      hardened: 'controlPlaneOrHost',
    },
    // The gate set otherwise; without the gate, what a release before it left, which kubeadm keeps (kubeadm.md 2.3).
    otherServer: {
      requirements: null,
      kubeadm: {
        eras: [
          ['1.24', null],
          ['1.31', 'advertise'],
          ['1.33', 'controlPlaneOrAdvertise'],
        ],
      },
      hardened: null,
    },
    // client-go's certificate bootstrap, pkg/kubelet/certificate/bootstrap; what it names by file lies in /var/lib/kubelet/pki.
    bootstrapped: { cluster: 'default-cluster', user: 'default-auth', context: 'default-context' },
    isRenewedByComponent: true,
    because:
      'kubeadm.md 2.1: kubeadm names the local endpoint since 1.33, by the gate ControlPlaneKubeletLocalMode',
    arguments: [
      {
        component: 'kubelet',
        flag: '--kubeconfig',
        takes: 'file',
        requirement: 'R6.2',
        decides: 'as whom the API server sees the kubelet',
        without: ['error', 'the kubelet knows no API server, and runs static pods alone'],
      },
    ],
  },
  {
    kind: 'kubeconfig',
    id: 'controller-manager.conf',
    phase: ['kubeconfig', 'controller-manager'],
    purpose: 'kube-controller-manager',
    requirements: ['R1.6', 'R6.3'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'client',
    lifetime: 'leaf',
    signer: 'ca',
    commonName: { always: 'system:kube-controller-manager' },
    file: 'controller-manager.conf',
    ...kubeconfigNames('default-controller-manager'),
    server: { requirements: 'host', kubeadm: 'advertise', hardened: 'host' },
    arguments: kubeconfigArguments('kube-controller-manager', 'R6.3'),
  },
  {
    kind: 'kubeconfig',
    id: 'scheduler.conf',
    phase: ['kubeconfig', 'scheduler'],
    purpose: 'kube-scheduler',
    requirements: ['R1.7', 'R6.4'],
    per: 'controlPlane',
    hosts: CONTROL_PLANE_ALONE,
    usage: 'client',
    lifetime: 'leaf',
    signer: 'ca',
    commonName: { always: 'system:kube-scheduler' },
    file: 'scheduler.conf',
    ...kubeconfigNames('default-scheduler'),
    server: { requirements: 'host', kubeadm: 'advertise', hardened: 'host' },
    arguments: kubeconfigArguments('kube-scheduler', 'R6.4'),
  },
]);
