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
    says: 'the scheduler is sent to another host',
    arguments: SPECIFIED,
    change: made('scheduler.conf', { cluster: { server: 'https://192.0.2.99:6443' } }),
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
];
