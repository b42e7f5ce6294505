const MANIFESTS = ['--manifests', 'manifests'];
const APISERVER = 'manifests/kube-apiserver.yaml';
const CONTROLLER_MANAGER = 'manifests/kube-controller-manager.yaml';
const ETCD = 'manifests/etcd.yaml';

/** Static pods as kubeadm wrote them, each with texts of it replaced by others. */
const started =
  (...changes) =>
  ({ manifest }) =>
    Object.fromEntries(changes.map(([path, ...replaced]) => [path, manifest(path, ...replaced)]));

/** An argument with another value. */
const given = (flag, value) => [new RegExp(`${flag}=.*`), `${flag}=${value}`];
const left = (flag) => [new RegExp(`\\n *- ${flag}=.*`), ''];

/** How components are started: what their arguments name, and whether it goes together. */
export const COMPONENT_FAULTS = [
  {
    code: 'component-unreadable',
    at: ETCD,
    says: 'an editor left half of the manifest of etcd',
    change: started([ETCD, [/spec:[^]*/, 'spec: {\n']]),
  },
  {
    code: 'component-unknown',
    at: 'manifests/kube-vip.yaml',
    says: 'a load balancer runs beside the components',
    change: ({ manifest }) => ({
      'manifests/kube-vip.yaml': manifest(ETCD, [/- etcd\n(?: *- --.*\n)*/, '- kube-vip\n    - manager\n']),
    }),
  },
  {
    code: 'component-unfollowed',
    at: 'units/etcd.service',
    says: 'the unit of etcd takes its arguments from a file that was not given',
    arguments: ['--unit', 'units'],
    change: () => ({
      'units/etcd.service': [
        '[Unit]',
        'Description=etcd',
        '[Service]',
        'EnvironmentFile=/etc/etcd/etcd.env',
        'ExecStart=/usr/local/bin/etcd $ETCD_ARGS',
        '',
      ].join('\n'),
    }),
  },
  {
    code: 'component-twice',
    at: ETCD,
    says: 'the manifest of etcd has a copy beside it, which the kubelet starts as well',
    along: [`component-twice ${ETCD}.bak`],
    because: 'each of the two is told of the other',
    change: ({ manifest }) => ({ [ETCD]: manifest(ETCD), [`${ETCD}.bak`]: manifest(ETCD) }),
  },
  {
    code: 'argument-missing',
    at: ETCD,
    says: 'etcd has no CA by which to tell its clients',
    change: started([ETCD, left('--trusted-ca-file')]),
  },
  {
    code: 'argument-left-out',
    at: CONTROLLER_MANAGER,
    says: 'tokens of service accounts have no CA beside them',
    change: started([CONTROLLER_MANAGER, left('--root-ca-file')]),
  },
  {
    code: 'argument-file',
    at: APISERVER,
    says: 'the API server comes to kubelets with the certificate with which it comes to etcd',
    along: [`argument-file ${APISERVER}`],
    because: 'certificate and key are told of one by one',
    change: started([
      APISERVER,
      given('--kubelet-client-certificate', '/etc/kubernetes/pki/apiserver-etcd-client.crt'),
      given('--kubelet-client-key', '/etc/kubernetes/pki/apiserver-etcd-client.key'),
    ]),
  },
  {
    code: 'argument-file-absent',
    at: APISERVER,
    says: 'the key for etcd was removed, and the API server is told to read it',
    removed: ['pki/apiserver-etcd-client.key'],
    along: ['half-pair pki/apiserver-etcd-client.crt'],
    because: 'the certificate lacks its key, too',
    change: started([APISERVER]),
  },
  {
    code: 'argument-file-unknown',
    at: APISERVER,
    says: 'the API server takes its users from a file of a CA that was not audited',
    change: started([APISERVER, given('--client-ca-file', '/etc/kubernetes/pki/users-ca.crt')]),
  },
  {
    code: 'argument-file-unmounted',
    at: APISERVER,
    says: 'the pod of the API server has no volume with its certificates',
    along: [`argument-file-unmounted ${APISERVER}`],
    because: 'the directory of etcd lies in that volume, and is told of by itself',
    change: started([APISERVER, [/ *- mountPath: \/etc\/kubernetes\/pki\n.*\n.*\n/, '']]),
  },
  {
    code: 'argument-directory-other',
    at: CONTROLLER_MANAGER,
    says: 'the controller manager has its certificates from a directory that was put aside',
    change: started(
      [APISERVER],
      [ETCD],
      [CONTROLLER_MANAGER, [/\/etc\/kubernetes\/pki/g, '/etc/kubernetes.old/pki']],
    ),
  },
  {
    code: 'argument-value',
    at: APISERVER,
    says: 'the API server takes the name of a user from another header than front proxies send',
    change: started([APISERVER, given('--requestheader-username-headers', 'X-User')]),
  },
  {
    code: 'argument-twice',
    at: CONTROLLER_MANAGER,
    says: 'the controller manager is given a CA twice, and the first does not count',
    change: started([
      CONTROLLER_MANAGER,
      [/( *- )--root-ca-file=.*/, '$1--root-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt\n$&'],
    ]),
  },
  {
    code: 'argument-authority-shared',
    at: APISERVER,
    says: 'the API server believes front proxies by the CA of its users',
    along: [`argument-file ${APISERVER}`],
    because: 'that is the file of another row',
    change: started([APISERVER, given('--requestheader-client-ca-file', '/etc/kubernetes/pki/ca.crt')]),
  },
  {
    code: 'proxy-name-refused',
    at: APISERVER,
    says: 'front proxies are called otherwise than the certificate of the API server',
    along: [`argument-value ${APISERVER}`],
    because: 'that is another value than the usual one, too',
    change: started([APISERVER, given('--requestheader-allowed-names', 'aggregator')]),
  },
  {
    code: 'etcd-in-the-clear',
    at: ETCD,
    says: 'etcd listens in the clear for whoever asks',
    change: started([ETCD, given('--listen-client-urls', 'https://127.0.0.1:2379,http://192.0.2.10:2379')]),
  },
  {
    code: 'etcd-servers-in-the-clear',
    at: APISERVER,
    says: 'the API server talks to etcd in the clear',
    change: started([APISERVER, given('--etcd-servers', 'http://127.0.0.1:2379')]),
  },
  {
    code: 'etcd-auto-tls',
    at: ETCD,
    says: 'etcd makes a certificate for itself',
    along: [`argument-missing ${ETCD}`, `argument-missing ${ETCD}`],
    because: 'certificate and key are missing for themselves, too',
    change: started([ETCD, [/--cert-file=.*/, '--auto-tls=true'], left('--key-file')]),
  },
  {
    code: 'etcd-authority-other',
    at: APISERVER,
    says: 'the API server believes etcd by the CA of front proxies',
    along: [`argument-file ${APISERVER}`],
    because: 'that is the file of another row',
    change: started([APISERVER, given('--etcd-cafile', '/etc/kubernetes/pki/front-proxy-ca.crt')], [ETCD]),
  },
  {
    code: 'address-uncovered',
    at: APISERVER,
    says: 'the API server announces an address that its certificate does not have',
    change: started([APISERVER, given('--advertise-address', '192.0.2.11')]),
  },
  {
    code: 'signing-certificates',
    at: CONTROLLER_MANAGER,
    says: 'ca.crt holds the CA from before a rotation, and the controller manager signs with that file',
    along: ['authority-surplus pki/ca.crt'],
    because: 'the second CA is told of, too',
    change: (make) => ({
      ...started([CONTROLLER_MANAGER])(make),
      'pki/ca.crt': make.tree.get('pki/ca.crt') + make.certificate('pki/ca', { key: make.key() }),
    }),
  },
  {
    code: 'token-key-unknown',
    at: CONTROLLER_MANAGER,
    says: 'the controller manager signs tokens with the key of the API server',
    along: [`argument-file ${CONTROLLER_MANAGER}`],
    because: 'that is the file of another row',
    change: started(
      [CONTROLLER_MANAGER, given('--service-account-private-key-file', '/etc/kubernetes/pki/apiserver.key')],
      [APISERVER],
    ),
  },
].map((fault) => ({ arguments: MANIFESTS, ...fault }));
