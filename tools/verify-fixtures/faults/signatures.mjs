import { der, hex, oid, sequence, TAG } from '../der.mjs';
import { AUTHORITY, extended } from './changes.mjs';

const COMMON_NAME = '2.5.4.3';

/** Who signed what, and what says so. */
export const SIGNATURE_FAULTS = [
  {
    code: 'signer-absent',
    at: 'pki/front-proxy-client.crt',
    says: 'the front proxy CA was left out of the copy',
    removed: ['pki/front-proxy-ca.crt', 'pki/front-proxy-ca.key'],
    along: ['row-absent pki/front-proxy-ca.crt'],
    because: 'the CA is missing for itself, too',
  },
  {
    code: 'signer-mismatch',
    at: 'pki/etcd/server.crt',
    says: 'the cluster CA signed the certificate of etcd',
    change: ({ tree, certificate }) => {
      const signer = { certificate: tree.get('pki/ca.crt'), key: tree.get('pki/ca.key') };
      return { 'pki/etcd/server.crt': certificate('pki/etcd/server', { signer }) };
    },
  },
  {
    code: 'issuer-name-mismatch',
    at: 'pki/front-proxy-client.crt',
    says: 'the issuer is the name of the CA as another string type',
    change: ({ edited }) => ({
      'pki/front-proxy-client.crt': edited('pki/front-proxy-client', () => ({
        issuer: sequence(
          der(TAG.set, sequence(oid(COMMON_NAME), der(TAG.printableString, 'kubernetes-front-proxy-ca'))),
        ),
      })),
    }),
  },
  {
    code: 'authority-key-identifier-mismatch',
    at: 'pki/front-proxy-client.crt',
    says: 'authorityKeyIdentifier is that of a CA that was replaced',
    change: ({ certificate }) => ({
      'pki/front-proxy-client.crt': certificate('pki/front-proxy-client', {
        extensions: { authorityKeyIdentifier: `DER:${sequence(der(0x80, hex('01020304'))).toString('hex')}` },
      }),
    }),
  },
  {
    code: 'foreign-intermediate',
    at: 'pki/front-proxy-ca.crt',
    says: "the front proxy CA was signed by the company's root, which is not here",
    change: (make) => {
      const key = make.key();
      const root = make.certificate('pki/front-proxy-ca', { key, subject: '/O=Example/CN=Example Root' });
      return {
        'pki/front-proxy-ca.crt': make.certificate('pki/front-proxy-ca', {
          signer: { certificate: root, key },
        }),
      };
    },
  },
  {
    code: 'chain-incomplete',
    tree: 'clean-rooted',
    at: 'pki/apiserver.crt',
    says: 'apiserver.crt has no intermediate behind the certificate',
    change: ({ tree }) => ({
      'pki/apiserver.crt': tree.get('pki/apiserver.crt').replace(/(END CERTIFICATE-----\n).*/s, '$1'),
    }),
  },
  {
    code: 'bundle-mismatch',
    tree: 'clean-rooted',
    at: 'pki/ca-chain.crt',
    says: 'the root is missing in ca-chain.crt',
    change: ({ tree }) => ({ 'pki/ca-chain.crt': tree.get('pki/ca.crt') }),
  },
  {
    code: 'path-refused',
    at: 'pki/front-proxy-client.crt',
    says: 'the front proxy CA may only sign servers',
    along: ['authority-usage pki/front-proxy-ca.crt'],
    because: 'what forbids the path is told of the CA, too',
    change: extended(AUTHORITY, { extendedKeyUsage: 'serverAuth' }),
  },
];
