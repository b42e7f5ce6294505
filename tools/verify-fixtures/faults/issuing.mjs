import { der, hex, TAG } from '../der.mjs';
import { AUTHORITY, CLIENT, edited, issued } from './changes.mjs';

const numbered = (serial) => edited(CLIENT, () => ({ serial: der(TAG.integer, hex(serial)) }));

/** What a CA says of itself in what it signs. */
export const ISSUING_FAULTS = [
  {
    code: 'serial-negative',
    at: `${CLIENT}.crt`,
    says: 'the serial number is negative',
    change: numbered('f201020304050607'),
  },
  {
    code: 'serial-zero',
    at: `${AUTHORITY}.crt`,
    says: 'the serial number of the CA is zero, as kubeadm up to 1.27 made it',
    change: issued(AUTHORITY, { serial: '00' }),
  },
  {
    code: 'serial-too-long',
    at: `${CLIENT}.crt`,
    says: 'the serial number has 21 octets',
    change: numbered(`00ff${'01'.repeat(19)}`),
  },
  {
    code: 'serial-short',
    at: `${CLIENT}.crt`,
    says: 'serial numbers were counted',
    change: issued(CLIENT, { serial: '1000' }),
  },
  {
    code: 'duplicate-serial',
    at: 'pki/etcd/server.crt',
    says: 'two certificates of one CA have one serial number',
    along: ['duplicate-serial pki/etcd/peer.crt'],
    because: 'both are told of',
    change: (make) => ({
      'pki/etcd/peer.crt': make.edited('pki/etcd/peer', () => ({
        serial: make.fieldsOf(make.tree.get('pki/etcd/server.crt')).serial,
      })),
    }),
  },
  {
    code: 'signature-refused',
    at: `${CLIENT}.crt`,
    says: 'the signature is one with SHA-1',
    change: issued(CLIENT, { digest: 'sha1' }),
  },
  {
    code: 'root-signature-refused',
    at: `${AUTHORITY}.crt`,
    says: 'the CA signed itself with SHA-1',
    change: issued(AUTHORITY, { digest: 'sha1' }),
  },
  {
    code: 'key-identifier-critical',
    at: `${CLIENT}.crt`,
    says: 'subjectKeyIdentifier is critical',
    change: issued(CLIENT, { extensions: { subjectKeyIdentifier: 'critical, hash' } }),
  },
  {
    code: 'ca-subject-key-identifier-absent',
    at: `${AUTHORITY}.crt`,
    says: 'the CA has no subjectKeyIdentifier',
    change: issued(AUTHORITY, { extensions: { subjectKeyIdentifier: 'none' } }),
  },
  {
    code: 'leaf-subject-key-identifier-absent',
    at: `${CLIENT}.crt`,
    says: 'the certificate has no subjectKeyIdentifier',
    change: issued(CLIENT, { extensions: { subjectKeyIdentifier: 'none' } }),
  },
  {
    code: 'authority-key-identifier-absent',
    at: `${CLIENT}.crt`,
    says: 'the certificate does not say which key of its CA signed it',
    change: issued(CLIENT, { extensions: { authorityKeyIdentifier: 'none' } }),
  },
  {
    code: 'authority-key-identifier-issuer',
    at: `${CLIENT}.crt`,
    says: 'authorityKeyIdentifier names the very certificate of the CA',
    change: issued(CLIENT, { extensions: { authorityKeyIdentifier: 'keyid, issuer:always' } }),
  },
];
