import { AUTHORITY, CLIENT, extended } from './changes.mjs';

const underRsa = (keyUsage) => (make) =>
  make.branch(AUTHORITY, { extensions: { keyUsage } }, { key: make.key('RSA') });

const OTHER_ALGORITHM = [`kept-key-algorithm ${AUTHORITY}.crt`, `key-usage-differs ${AUTHORITY}.crt`];

/** What a certificate may be used for, and whether that makes sense in itself. */
export const EXTENSION_FAULTS = [
  {
    code: 'basic-constraints-not-critical',
    at: `${AUTHORITY}.crt`,
    says: 'basicConstraints of the CA is not critical',
    change: extended(AUTHORITY, { basicConstraints: 'CA:TRUE' }),
  },
  {
    code: 'key-usage-not-critical',
    at: `${CLIENT}.crt`,
    says: 'keyUsage is not critical',
    change: extended(CLIENT, { keyUsage: 'digitalSignature' }),
  },
  {
    code: 'name-constraints-not-critical',
    at: `${AUTHORITY}.crt`,
    says: 'nameConstraints is not critical',
    along: [`name-constraints ${AUTHORITY}.crt`],
    because: 'a CA should have no nameConstraints in the first place',
    change: extended(AUTHORITY, { nameConstraints: 'permitted;DNS:example.com' }),
  },
  {
    code: 'ca-key-usage-absent',
    at: `${AUTHORITY}.crt`,
    says: 'the CA has no keyUsage',
    along: [`key-usage-differs ${AUTHORITY}.crt`],
    because: 'they are other key usages than those that are wanted, too',
    change: extended(AUTHORITY, { keyUsage: undefined }),
  },
  {
    code: 'ca-without-key-cert-sign',
    at: `${AUTHORITY}.crt`,
    says: 'the CA may sign nothing but revocation lists',
    along: [`not-a-ca ${AUTHORITY}.crt`, `key-usage-differs ${AUTHORITY}.crt`, `path-refused ${CLIENT}.crt`],
    because: 'in the place of a CA it is none, and nobody takes what it signs',
    change: extended(AUTHORITY, { keyUsage: 'critical, digitalSignature, cRLSign' }),
  },
  {
    code: 'key-cert-sign-without-ca',
    at: `${CLIENT}.crt`,
    says: 'the certificate may sign certificates and is no CA',
    along: [`key-usage-differs ${CLIENT}.crt`, `key-usage-inconsistent ${CLIENT}.crt`],
    because: 'it is a key usage that no client has',
    change: extended(CLIENT, { keyUsage: 'critical, digitalSignature, keyCertSign' }),
  },
  {
    code: 'path-length-without-ca',
    at: `${CLIENT}.crt`,
    says: 'the certificate has a path length and is no CA',
    change: extended(CLIENT, { basicConstraints: 'critical, CA:FALSE, pathlen:0' }),
  },
  {
    code: 'elliptic-key-encipherment',
    at: `${CLIENT}.crt`,
    says: 'the key on an elliptic curve may encrypt, as kubeadm has it',
    along: [`key-usage-differs ${CLIENT}.crt`, `key-usage-inconsistent ${CLIENT}.crt`],
    because: 'it is a key usage that no client needs',
    change: extended(CLIENT, { keyUsage: 'critical, digitalSignature, keyEncipherment' }),
  },
  {
    code: 'rsa-key-usage',
    at: `${AUTHORITY}.crt`,
    says: 'the RSA key of a CA may agree on keys, which it cannot',
    along: OTHER_ALGORITHM,
    because: 'key and key usages are others than those that are wanted',
    change: underRsa('critical, digitalSignature, keyCertSign, cRLSign, keyAgreement'),
  },
  {
    code: 'ca-key-encipherment',
    at: `${AUTHORITY}.crt`,
    says: 'the RSA key of a CA may encrypt, as kubeadm has it',
    along: OTHER_ALGORITHM,
    because: 'key and key usages are others than those that are wanted',
    change: underRsa('critical, digitalSignature, keyEncipherment, keyCertSign, cRLSign'),
  },
  {
    code: 'key-usage-inconsistent',
    at: `${CLIENT}.crt`,
    says: 'the certificate of a client may sign documents',
    along: [`key-usage-differs ${CLIENT}.crt`],
    because: 'they are other key usages than those that are wanted, too',
    change: extended(CLIENT, { keyUsage: 'critical, digitalSignature, nonRepudiation' }),
  },
];
