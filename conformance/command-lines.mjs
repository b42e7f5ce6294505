// Command lines of kubeadm, as operators and scripts type them. docs/from-kubeadm.md speaks of them; `cases/commands.mjs` types them.

/** kubeadm's own order, and one in which every CA still comes before what it signs. */
const CERTIFICATES = [
  'ca',
  'apiserver',
  'apiserver-kubelet-client',
  'front-proxy-ca',
  'front-proxy-client',
  'etcd-ca',
  'etcd-server',
  'etcd-peer',
  'etcd-healthcheck-client',
  'apiserver-etcd-client',
  'sa',
];
const OTHER_ORDER = [
  'sa',
  'etcd-ca',
  'apiserver-etcd-client',
  'etcd-healthcheck-client',
  'etcd-peer',
  'etcd-server',
  'front-proxy-ca',
  'front-proxy-client',
  'ca',
  'apiserver-kubelet-client',
  'apiserver',
];
const KUBECONFIGS = ['admin', 'kubelet', 'controller-manager', 'scheduler'];

const RELEASE = '--kubernetes-version $VERSION';
const FILE = '--config /etc/kubernetes/kubeadm.yaml';
const step = (line, more = {}) => ({ line, ...more });
/** Up to 1.30 this one asks for nothing but its directory (kubeadm.md 9). */
const saSteps = (flags, more = {}) => [
  step(`init phase certs sa ${flags}`, { ...more, since: '1.31' }),
  step('init phase certs sa', { ...more, until: '1.31' }),
];
const certsStep = (name, flags) =>
  name === 'sa' ? saSteps(flags) : [step(`init phase certs ${name} ${flags}`)];
/** kubeadm ends with 1 whatever is wrong; here what was typed is told from what lies there. */
const MISTYPED = { ends: [1, 2] };
const REFUSED = { ends: [1, 3] };

const EXTERNAL_ETCD = {
  external: {
    endpoints: ['https://192.0.2.21:2379'],
    caFile: '/etc/etcd/ca.crt',
    certFile: '/etc/etcd/client.crt',
    keyFile: '/etc/etcd/client.key',
  },
};

/**
 * A script: `steps` are lines, or what is done to both hosts between them. `ends`: how each of the two ends, 0 where it is not
 * said. Between them `remove` and `write` take files away and make them, `link` puts a link in the place of one, and `mode`
 * gives one another mode.
 * `difference`: the id of a listed difference that shows in this line; `makes`: `the same` where it shows in how the
 * line ends alone. `leavesOther`: files that are not the same in the end because of it. `since`, `until`, `versions`: of which
 * kubeadm a script, or a line of it, can be asked.
 */
export const SCRIPTS = [
  {
    id: 'by two commands',
    steps: [
      step(`init phase certs all ${RELEASE}`),
      step(`init phase kubeconfig all ${RELEASE}`),
      step(`init phase certs all ${RELEASE}`),
      step(`init phase kubeconfig all ${RELEASE}`),
      step('certs check-expiration'),
    ],
  },
  {
    id: 'without a release',
    versions: 'newest',
    steps: [
      step('init phase certs ca'),
      step('init phase certs apiserver'),
      step('init phase kubeconfig admin'),
    ],
  },
  {
    id: 'step by step',
    configuration: {},
    steps: [
      ...CERTIFICATES.flatMap((name) => certsStep(name, FILE)),
      ...KUBECONFIGS.map((name) => step(`init phase kubeconfig ${name} ${FILE}`)),
      ...CERTIFICATES.flatMap((name) => certsStep(name, FILE)),
    ],
  },
  {
    id: 'step by step, in another order',
    configuration: {},
    steps: [
      ...OTHER_ORDER.flatMap((name) => certsStep(name, FILE)),
      ...KUBECONFIGS.toReversed().map((name) => step(`init phase kubeconfig ${name} ${FILE}`)),
      step(`init phase kubeconfig all ${FILE}`),
    ],
  },
  {
    id: 'by configuration',
    configuration: {
      cluster: {
        clusterName: 'east',
        controlPlaneEndpoint: 'lb.example.com:8443',
        networking: { dnsDomain: 'corp.example', serviceSubnet: '10.0.0.0/16' },
        apiServer: { certSANs: ['api.example.com', '198.51.100.7'] },
      },
    },
    steps: [
      step(`init phase certs all ${FILE}`),
      step(`init phase kubeconfig all ${FILE}`),
      step(`certs check-expiration ${FILE}`),
    ],
  },
  {
    id: 'with every flag',
    steps: [
      step(`init phase certs ca ${RELEASE} --cert-dir /etc/kubernetes/pki`),
      step(
        `init phase certs apiserver ${RELEASE} --cert-dir /etc/kubernetes/pki --apiserver-advertise-address 192.0.2.11 --apiserver-cert-extra-sans api.example.com,198.51.100.7 --control-plane-endpoint lb.example.com --service-cidr 10.0.0.0/16 --service-dns-domain corp.example -v 1`,
      ),
      step(
        `init phase kubeconfig kubelet ${RELEASE} --cert-dir /etc/kubernetes/pki --kubeconfig-dir /etc/kubernetes --apiserver-advertise-address 192.0.2.11 --apiserver-bind-port 8443 --control-plane-endpoint lb.example.com --node-name cp2`,
      ),
      step(
        `init phase kubeconfig admin ${RELEASE} --apiserver-bind-port 8443 --control-plane-endpoint lb.example.com`,
      ),
      step('init phase certs sa --cert-dir=/etc/kubernetes/pki --v=5'),
    ],
  },
  {
    id: 'a host with IPv6 alone',
    address: 'ipv6',
    steps: [
      step(`init phase certs ca ${RELEASE}`),
      step(`init phase certs apiserver ${RELEASE} --service-cidr fd00:10:96::/112`),
      step(`init phase kubeconfig scheduler ${RELEASE}`),
    ],
  },
  {
    id: 'before the CA',
    configuration: {},
    steps: [
      step(`init phase certs apiserver ${FILE}`, REFUSED),
      step(`init phase certs etcd-peer ${FILE}`, REFUSED),
      step(`init phase kubeconfig admin ${FILE}`, REFUSED),
      step(`init phase kubeconfig all ${FILE}`, REFUSED),
    ],
  },
  {
    id: 'half filled',
    configuration: {},
    steps: [
      step(`init phase certs all ${FILE}`),
      step(`init phase kubeconfig all ${FILE}`),
      {
        remove: [
          'pki/apiserver.crt',
          'pki/apiserver.key',
          'pki/etcd/peer.crt',
          'pki/etcd/peer.key',
          'pki/sa.key',
          'pki/sa.pub',
          'admin.conf',
        ],
      },
      step(`init phase certs all ${FILE}`),
      step(`init phase kubeconfig all ${FILE}`),
      {
        remove: [
          'pki/front-proxy-ca.crt',
          'pki/front-proxy-ca.key',
          'pki/front-proxy-client.crt',
          'pki/front-proxy-client.key',
        ],
      },
      step(`init phase certs all ${FILE}`),
    ],
  },
  {
    id: 'etcd elsewhere',
    configuration: { etcd: EXTERNAL_ETCD },
    steps: [
      step(`init phase certs all ${FILE}`),
      step(`init phase certs etcd-ca ${FILE}`),
      step(`init phase certs etcd-server ${FILE}`),
      step(`init phase certs apiserver-etcd-client ${FILE}`),
      step(`init phase kubeconfig all ${FILE}`),
      step(`certs check-expiration ${FILE}`),
    ],
  },
  {
    id: 'dry run',
    since: '1.29',
    configuration: {},
    steps: [
      step(`init phase certs ca ${FILE} --dry-run`),
      step(`init phase certs all ${FILE} --dry-run`),
      step(`init phase certs all ${FILE}`),
      step(`init phase kubeconfig all ${FILE} --dry-run`, { ends: [1, 0], difference: 'dry-run' }),
    ],
  },
  {
    id: 'mistyped',
    steps: [
      // Older ones print their help and think nothing of it.
      step('init phase', { ...MISTYPED, since: '1.33' }),
      step('init phase certs', { ...MISTYPED, since: '1.33' }),
      step('init phase certs apisever', MISTYPED),
      step('init phase certs etcd/ca', MISTYPED),
      step('init phase kubeconfig admin.conf', MISTYPED),
      step('init phase certs ca apiserver', MISTYPED),
      step(`init phase certs ca ${RELEASE} --service-cidr 10.0.0.0/16`, MISTYPED),
      step(`init phase certs ca ${RELEASE} --node-name cp2`, MISTYPED),
      step(`init phase kubeconfig admin ${RELEASE} --node-name cp2`, MISTYPED),
      step(`init phase certs all ${RELEASE} --kubeconfig-dir /etc/kubernetes`, MISTYPED),
      step(`init phase certs ca ${RELEASE} --skip-phases certs`, MISTYPED),
      step(`init phase certs apiserver ${RELEASE} --apiserver-advertise-address 192.0.2`, MISTYPED),
      step(`init phase certs apiserver ${RELEASE} --service-cidr 10.0.0.0`, MISTYPED),
      step(`init phase certs apiserver ${RELEASE} --apiserver-cert-extra-sans a_b`, MISTYPED),
      step('init phase certs ca --kubernetes-version v1.x', MISTYPED),
      step('init phase certs ca --config /etc/kubernetes/nothing.yaml', MISTYPED),
      step('certs renew nothing', MISTYPED),
      step('certs nothing', { ...MISTYPED, since: '1.29' }),
    ],
  },
  {
    id: 'renewed',
    steps: [
      step(`init phase certs all ${RELEASE}`),
      step(`init phase kubeconfig all ${RELEASE}`),
      step('certs renew apiserver'),
      step('certificates renew admin.conf'),
      step('certs renew all --cert-dir /etc/kubernetes/pki'),
      step('certs check-expiration --cert-dir /etc/kubernetes/pki'),
    ],
  },
  {
    id: 'renewed by configuration, and a user',
    configuration: {},
    steps: [
      step(`init phase certs all ${FILE}`),
      step(`init phase kubeconfig all ${FILE}`),
      step(`certs renew apiserver ${FILE}`),
      step(`certs renew all ${FILE}`),
      // Both print what differs by its nature: a random key, and a kubeconfig that `cases/users.mjs` looks into.
      step('certs certificate-key'),
      step(`kubeconfig user ${FILE} --client-name alice --org dev`),
      step(`kubeconfig user ${FILE}`, MISTYPED),
    ],
  },
  {
    id: 'requested',
    configuration: {},
    steps: [
      step(`certs generate-csr ${FILE}`),
      // `cases/external-ca.mjs` looks into the requests; a kubeconfig without a CA is no tree to compare.
      { remove: ['pki', ...['admin', 'super-admin', ...KUBECONFIGS].map((name) => `${name}.conf`)] },
    ],
  },
  {
    id: 'something else is there',
    configuration: {},
    steps: [
      step(`init phase certs ca ${FILE}`),
      step(`init phase certs apiserver ${FILE}`),
      step(`init phase certs apiserver ${RELEASE} --apiserver-cert-extra-sans api.example.com`, {
        ends: [0, 3],
        difference: 'existing-files',
      }),
      { remove: ['pki/apiserver.key'] },
      step(`init phase certs apiserver ${FILE}`, { ends: [0, 3], difference: 'existing-files' }),
      { write: { 'scheduler.conf': 'none' } },
      step(`init phase kubeconfig scheduler ${FILE}`, REFUSED),
      { write: { 'pki/front-proxy-ca.key': 'none' } },
      step(`init phase certs front-proxy-ca ${FILE}`, REFUSED),
      { write: { 'pki/etcd/ca.crt': 'none' } },
      step(`init phase certs etcd-ca ${FILE}`, REFUSED),
      { remove: ['scheduler.conf', 'pki/front-proxy-ca.key', 'pki/etcd'] },
    ],
  },
  {
    id: 'half of the service account pair',
    steps: [
      ...saSteps(RELEASE),
      { remove: ['pki/sa.pub'] },
      ...saSteps(RELEASE, { difference: 'sa-pub' }),
      { remove: ['pki/sa.key'], write: { 'pki/sa.pub': 'none' } },
      ...saSteps(RELEASE, { ends: [0, 3], difference: 'sa-pub' }),
      { remove: ['pki/sa.key', 'pki/sa.pub'], write: { 'pki/sa.key': 'none' } },
      ...saSteps(RELEASE, REFUSED),
      { remove: ['pki/sa.key'] },
    ],
  },
  {
    id: 'a CA whose key is elsewhere',
    configuration: {},
    steps: [
      step(`init phase certs ca ${FILE}`),
      { remove: ['pki/ca.key'] },
      step(`init phase certs apiserver ${FILE}`, REFUSED),
      step(`init phase kubeconfig all ${FILE}`, REFUSED),
      step(`init phase certs ca ${FILE}`, { ends: [1, 0], difference: 'external-ca' }),
      step(`init phase certs front-proxy-ca ${FILE}`, { ends: [1, 0], difference: 'external-ca' }),
    ],
    leavesOther: ['pki/front-proxy-ca.crt', 'pki/front-proxy-ca.key'],
  },
  {
    id: 'releases',
    versions: 'newest',
    steps: [
      step('init phase certs ca --kubernetes-version v1.25.0', { ends: [1, 0], difference: 'releases' }),
      step('init phase certs sa --kubernetes-version 1.37', { ends: [1, 0], difference: 'releases' }),
      step('init phase certs front-proxy-ca --kubernetes-version v1.38.0', {
        ends: [0, 2],
        difference: 'releases',
      }),
      step('init phase certs etcd-ca --kubernetes-version stable-1', {
        ends: [0, 2],
        difference: 'release-labels',
      }),
    ],
    leavesOther: [
      'pki/ca.crt',
      'pki/ca.key',
      'pki/sa.key',
      'pki/sa.pub',
      'pki/front-proxy-ca.crt',
      'pki/front-proxy-ca.key',
      'pki/etcd/',
      'pki/etcd/ca.crt',
      'pki/etcd/ca.key',
    ],
  },
  {
    id: 'relative directories',
    steps: [
      step(`init phase certs ca ${RELEASE} --cert-dir etc/kubernetes/pki`, {
        ends: [1, 0],
        difference: 'relative-directories',
      }),
    ],
    leavesOther: ['pki/', 'pki/ca.crt', 'pki/ca.key'],
  },
  {
    id: 'flags beside a file',
    configuration: {},
    steps: [
      step(`init phase certs ca ${FILE} --cert-dir /etc/kubernetes/pki`, {
        ends: [1, 0],
        difference: 'flags-beside-a-file',
      }),
      { remove: ['pki'] },
      step(`init phase certs ca ${FILE}`),
      step(`init phase certs apiserver ${FILE} --service-cidr 10.0.0.0/16`, {
        ends: [1, 0],
        difference: 'flags-beside-a-file',
      }),
      step(`init phase kubeconfig kubelet ${FILE} --node-name cp2`, {
        ends: [0, 2],
        difference: 'flags-beside-a-file',
      }),
      step(`init phase kubeconfig admin ${FILE} --kubeconfig-dir /etc/kubernetes`),
    ],
    leavesOther: ['kubelet.conf', 'pki/apiserver.crt', 'pki/apiserver.key'],
  },
  {
    id: 'unknown fields',
    configuration: { cluster: { clusterNmae: 'east' } },
    steps: [step(`init phase certs ca ${FILE}`, { ends: [0, 2], difference: 'unknown-fields' })],
    leavesOther: ['pki/', 'pki/ca.crt', 'pki/ca.key'],
  },
  {
    id: 'no default route',
    address: 'none',
    steps: [
      step(`init phase certs ca ${RELEASE}`, { ends: [1, 0], difference: 'default-route' }),
      step(`init phase certs apiserver ${RELEASE}`, MISTYPED),
    ],
    leavesOther: ['pki/', 'pki/ca.crt', 'pki/ca.key'],
  },
  {
    id: 'renewed, with keys of another algorithm',
    since: '1.31',
    configuration: {},
    steps: [
      step(`init phase certs all ${FILE}`),
      step(`init phase kubeconfig all ${FILE}`),
      step('certs renew apiserver', { difference: 'renewed-keys', makes: 'the same' }),
      step('certs renew apiserver-kubelet-client apiserver', { ends: [1, 0], difference: 'several-names' }),
      { remove: ['pki/front-proxy-client.crt', 'pki/front-proxy-client.key'] },
      step('certs renew front-proxy-client', { ends: [0, 1], difference: 'renewal-outcome' }),
      { link: ['pki/etcd/peer.crt'] },
      step('certs renew etcd-peer', { ends: [0, 1], difference: 'linked-files' }),
      { mode: { 'pki/apiserver.key': 0o644 } },
      step('certs renew apiserver', { difference: 'renewed-modes', makes: 'the same' }),
      step('certs renew admin.conf --kubeconfig /etc/kubernetes/admin.conf', {
        ends: [0, 2],
        difference: 'cluster',
      }),
    ],
    leavesOther: [
      'pki/apiserver.crt',
      'pki/apiserver.key',
      'pki/apiserver-kubelet-client.crt',
      'pki/apiserver-kubelet-client.key',
      'pki/etcd/peer.crt',
      'pki/etcd/peer.key',
      'admin.conf',
    ],
  },
  {
    id: 'renewed, with a configuration of other names',
    configuration: {},
    steps: [
      step(`init phase certs ca ${FILE}`),
      step(`init phase certs apiserver ${RELEASE} --apiserver-cert-extra-sans api.example.com`),
      step(`certs renew apiserver ${FILE}`, { ends: [0, 3], difference: 'renewed-names' }),
    ],
    leavesOther: ['pki/apiserver.crt', 'pki/apiserver.key'],
  },
  {
    id: 'super-admin.conf',
    since: '1.29',
    steps: [step(`init phase certs ca ${RELEASE}`), step(`init phase kubeconfig super-admin ${RELEASE}`)],
  },
  {
    id: 'super-admin.conf before it was',
    until: '1.29',
    steps: [
      step(`init phase certs ca ${RELEASE}`),
      step(`init phase kubeconfig super-admin ${RELEASE}`, MISTYPED),
    ],
  },
];
