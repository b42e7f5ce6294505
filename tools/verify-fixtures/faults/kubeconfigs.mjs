import { SPECIFIED } from './changes.mjs';

const base64 = (text) => Buffer.from(text).toString('base64');

const made = (name, change) => (make) => ({ [name]: make.kubeconfig(name, change) });

/** kubeconfigs. */
export const KUBECONFIG_FAULTS = [
  {
    code: 'kubeconfig-unreadable',
    at: 'admin.conf',
    says: 'the current context names a user that is not there',
    change: (make) => ({
      'admin.conf': make.kubeconfig('admin.conf').replace('- name: default-admin', '- name: admin'),
    }),
  },
  {
    code: 'server',
    at: 'scheduler.conf',
    says: 'the scheduler reaches the API server under another name than was asked for',
    arguments: SPECIFIED,
    change: made('scheduler.conf', { cluster: { server: 'https://cp1:6443' } }),
  },
  {
    code: 'trust',
    at: 'admin.conf',
    says: 'admin.conf trusts another CA of the same name',
    change: (make) => {
      const other = make.certificate('pki/ca', { key: make.key() });
      return {
        'admin.conf': make.kubeconfig('admin.conf', {
          cluster: { 'certificate-authority-data': base64(other) },
        }),
      };
    },
  },
  {
    code: 'trust-outdated',
    at: 'admin.conf',
    says: 'admin.conf still trusts the certificate that the CA had before it was renewed',
    change: (make) => {
      const earlier = make.certificate('pki/ca', {
        notBefore: '20180101000000Z',
        notAfter: '20281231000000Z',
      });
      return {
        'admin.conf': make.kubeconfig('admin.conf', {
          cluster: { 'certificate-authority-data': base64(earlier) },
        }),
      };
    },
  },
  {
    code: 'kubeconfigs-absent',
    at: 'kubeconfigs',
    says: 'the kubeconfigs are not where they are said to be',
    arguments: ['--kubeconfig-dir', 'kubeconfigs'],
    directories: ['kubeconfigs'],
  },
  {
    code: 'kubeconfig-names',
    at: 'admin.conf',
    says: 'the user has another name',
    change: made('admin.conf', { names: { user: 'admin' } }),
  },
  {
    code: 'tls-verify-skipped',
    at: 'admin.conf',
    says: 'the server is not verified',
    change: made('admin.conf', { cluster: { 'insecure-skip-tls-verify': 'true' } }),
  },
  {
    code: 'credential-absent',
    at: 'admin.conf',
    says: 'admin.conf has a client certificate and no key',
    change: made('admin.conf', { user: { 'client-key-data': undefined } }),
  },
  {
    code: 'credential-in-file',
    at: 'kubelet.conf',
    says: 'the kubelet has certificate and key in a file that it rotates',
    along: ['credential-in-file kubelet.conf'],
    because: 'certificate and key are told of one by one',
    change: made('kubelet.conf', {
      user: {
        'client-certificate-data': undefined,
        'client-key-data': undefined,
        'client-certificate': '/var/lib/kubelet/pki/kubelet-client-current.pem',
        'client-key': '/var/lib/kubelet/pki/kubelet-client-current.pem',
      },
    }),
  },
  {
    code: 'trust-in-file',
    at: 'scheduler.conf',
    says: 'the scheduler has the CA in a file',
    change: made('scheduler.conf', {
      cluster: {
        'certificate-authority-data': undefined,
        'certificate-authority': '/etc/kubernetes/pki/ca.crt',
      },
    }),
  },
  {
    code: 'kubeconfig-surplus',
    at: 'admin.conf',
    says: 'whoever uses admin.conf goes through a proxy',
    change: made('admin.conf', { cluster: { 'proxy-url': 'http://192.0.2.99:3128' } }),
  },
  {
    code: 'named-file-absent',
    at: 'scheduler.conf',
    says: 'the scheduler has the CA in a file that is not there',
    along: ['trust-in-file scheduler.conf'],
    because: 'that it is named by file is told of any',
    arguments: [],
    change: made('scheduler.conf', {
      cluster: { 'certificate-authority-data': undefined, 'certificate-authority': 'pki/cluster-ca.crt' },
    }),
  },
  {
    code: 'kubeconfig-refused',
    at: 'admin.conf',
    says: 'a program is to be started for a credential, and whether it may ask questions is left open',
    along: ['kubeconfig-exec admin.conf'],
    because: 'the program is told of, too',
    change: made('admin.conf', {
      user: { exec: '{ command: aws, apiVersion: client.authentication.k8s.io/v1 }' },
    }),
  },
  {
    code: 'server-not-https',
    at: 'scheduler.conf',
    says: 'the scheduler talks in the clear',
    change: made('scheduler.conf', { cluster: { server: 'http://192.0.2.10:6443' } }),
  },
  {
    code: 'server-not-covered',
    at: 'admin.conf',
    says: 'whoever uses admin.conf expects a name that the certificate of the API server does not have',
    along: ['kubeconfig-surplus admin.conf'],
    because: 'another name to verify is a field beyond the usual ones',
    change: made('admin.conf', { cluster: { 'tls-server-name': 'api.example.com' } }),
  },
  {
    code: 'kubeconfig-token',
    at: 'admin.conf',
    says: 'a token stands beside the certificate of the administrator',
    change: made('admin.conf', { user: { token: 'abcdef.0123456789abcdef' } }),
  },
  {
    code: 'kubeconfig-token-file',
    at: 'admin.conf',
    says: 'admin.conf names the file of a token',
    change: made('admin.conf', { user: { tokenFile: '/run/secrets/token' } }),
  },
  {
    code: 'kubeconfig-password',
    at: 'admin.conf',
    says: 'a password from years ago stands in admin.conf',
    change: made('admin.conf', { user: { username: 'admin', password: 'secret' } }),
  },
  {
    code: 'kubeconfig-auth-provider',
    at: 'admin.conf',
    says: 'admin.conf has a provider that no client has any more',
    change: made('admin.conf', { user: { 'auth-provider': '{ name: gcp }' } }),
  },
  {
    code: 'kubeconfig-exec',
    at: 'admin.conf',
    says: 'whoever uses admin.conf starts a program',
    change: made('admin.conf', {
      user: { exec: '{ command: aws, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never }' },
    }),
  },
  {
    code: 'kubeconfig-other-users',
    at: 'admin.conf',
    says: 'the kubeconfig of another administrator was merged into admin.conf',
    change: (make) => ({
      'admin.conf': make
        .kubeconfig('admin.conf')
        .replace('users:\n', 'users:\n- name: east-admin\n  user:\n    token: abcdef.0123456789abcdef\n'),
    }),
  },
  {
    code: 'kubeconfig-other-entries',
    at: 'admin.conf',
    says: 'admin.conf knows another cluster',
    change: (make) => ({
      'admin.conf': make
        .kubeconfig('admin.conf')
        .replace('clusters:\n', 'clusters:\n- name: east\n  cluster:\n    server: https://192.0.2.99:6443\n'),
    }),
  },
];
