import { APISERVER_NAMES } from '../clean.mjs';
import { extended, issued, SPECIFIED } from './changes.mjs';

const named = (stem, subject) => issued(stem, { subject });

/** What a certificate says that it is for. */
export const ROLE_FAULTS = [
  {
    code: 'common-name',
    at: 'pki/front-proxy-client.crt',
    says: 'the client of the front proxy has a name that --requestheader-allowed-names does not have',
    change: named('pki/front-proxy-client', '/CN=aggregator'),
  },
  {
    code: 'organization',
    at: 'pki/apiserver-kubelet-client.crt',
    says: 'the API server is in no group, so kubelets refuse what it asks',
    change: named('pki/apiserver-kubelet-client', '/CN=kube-apiserver-kubelet-client'),
  },
  {
    code: 'ca-common-name',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA has a name of its own',
    change: (make) =>
      make.branch(
        'pki/front-proxy-ca',
        { subject: '/CN=Example Front Proxy' },
        { key: make.tree.get('pki/front-proxy-ca.key') },
      ),
  },
  {
    code: 'subject-alternative-name-missing',
    at: 'pki/apiserver.crt',
    says: 'pods reach the API server as kubernetes.default.svc, and the certificate has not that name',
    change: extended('pki/apiserver', {
      subjectAltName: APISERVER_NAMES.replace('DNS:kubernetes.default.svc,', ''),
    }),
  },
  {
    code: 'subject-alternative-name-surplus',
    at: 'pki/apiserver.crt',
    says: 'the API server could show itself under a name that nobody asked for',
    arguments: SPECIFIED,
    change: extended('pki/apiserver', { subjectAltName: `${APISERVER_NAMES}, DNS:vault.example.com` }),
  },
  {
    code: 'ca-subject-alternative-name',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA has a DNS name',
    change: extended('pki/front-proxy-ca', { subjectAltName: 'DNS:front-proxy-ca' }),
  },
  {
    code: 'not-a-ca',
    at: 'pki/front-proxy-ca.crt',
    says: 'the certificate of the front proxy CA is that of a leaf',
    along: [
      'key-usage-differs pki/front-proxy-ca.crt',
      // For its two reasons.
      'path-refused pki/front-proxy-client.crt',
      'path-refused pki/front-proxy-client.crt',
      'authority-key-identifier-absent pki/front-proxy-ca.crt',
    ],
    because: 'a leaf has other extensions, and nobody takes what it signs',
    change: extended('pki/front-proxy-ca', {
      basicConstraints: 'critical, CA:FALSE',
      keyUsage: 'critical, digitalSignature',
    }),
  },
  {
    code: 'is-a-ca',
    at: 'pki/apiserver.crt',
    says: 'whoever has the key of the API server can issue any identity',
    along: ['key-usage-differs pki/apiserver.crt'],
    because: 'a CA has other key usages',
    change: extended('pki/apiserver', {
      basicConstraints: 'critical, CA:TRUE',
      keyUsage: 'critical, digitalSignature, keyCertSign',
    }),
  },
  {
    code: 'path-length',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA may have no CA below it, which nobody asked for',
    change: extended('pki/front-proxy-ca', { basicConstraints: 'critical, CA:TRUE, pathlen:0' }),
  },
  {
    code: 'key-usage-missing',
    at: 'pki/apiserver.crt',
    says: 'the API server may not sign in a handshake',
    along: ['key-usage-differs pki/apiserver.crt'],
    because: 'they are other key usages than those that are wanted, too',
    change: extended('pki/apiserver', { keyUsage: 'critical, keyAgreement' }),
  },
  {
    code: 'key-usage-differs',
    at: 'pki/front-proxy-ca.crt',
    says: 'the front proxy CA may not sign revocation lists',
    change: extended('pki/front-proxy-ca', { keyUsage: 'critical, digitalSignature, keyCertSign' }),
  },
  {
    code: 'extended-key-usage-missing',
    at: 'pki/etcd/server.crt',
    says: 'the certificate of etcd is not one of a client, which its gateway is',
    change: extended('pki/etcd/server', { extendedKeyUsage: 'serverAuth' }),
  },
  {
    code: 'extended-key-usage-surplus',
    at: 'pki/apiserver.crt',
    says: 'the certificate of the API server is one of a client, too',
    change: extended('pki/apiserver', { extendedKeyUsage: 'serverAuth, clientAuth' }),
  },
  {
    code: 'critical-extension-unknown',
    at: 'pki/front-proxy-client.crt',
    says: 'a company has a critical extension of its own',
    change: extended('pki/front-proxy-client', { '1.3.6.1.4.1.32473.1': 'critical, ASN1:NULL' }),
  },
];
