import { der, hex, integer, oid, pemOf, sequence, TAG } from '../der.mjs';
import { nextPrime, prime, rocaPrime, rsaKey } from '../weak-keys.mjs';

const serviceAccountPair = ({ publicKey }, key) => ({ 'pki/sa.key': key, 'pki/sa.pub': publicKey(key) });

/** sa.pub with another public key behind its own, whose tokens are taken as well. */
export const secondPublicKey = ({ tree }, key) => ({ 'pki/sa.pub': tree.get('pki/sa.pub') + key });

const publicKeyOf = (algorithm, key) =>
  pemOf('PUBLIC KEY', sequence(algorithm, der(TAG.bitString, Buffer.from([0]), key)));

const RSA = sequence(oid('1.2.840.113549.1.1.1'), hex('0500'));
const EC_P256 = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));

/** A public key of RSA by its numbers: nobody has to have the private one. */
const rsaPublicKey = (modulus, exponent = 65_537n) =>
  publicKeyOf(RSA, sequence(integer(modulus), integer(exponent)));

/** A modulus of 2048 bits of which 3 is a factor: one bit less, and it would be too short as well. */
function spoiltModulus() {
  const modulus = prime() * ((prime() >> 2n) | 1n) * 3n;
  return modulus.toString(2).length === 2048 ? modulus : spoiltModulus();
}

/** The base point of P-256 (SEC 2 2.4.2): the public key whose private key is 1. */
const BASE_POINT = hex(
  '04 6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
);

/** Keys and what lies beside them. */
export const KEY_FAULTS = [
  {
    code: 'pair-mismatch',
    at: 'pki/apiserver.crt',
    says: 'apiserver.key is the key of another certificate',
    change: ({ key }) => ({ 'pki/apiserver.key': key() }),
  },
  {
    code: 'public-key-mismatch',
    at: 'pki/sa.pub',
    says: 'sa.pub was left from before sa.key was made anew',
    change: ({ key, publicKey }) => ({ 'pki/sa.pub': publicKey(key()) }),
  },
  {
    code: 'key-algorithm',
    at: 'pki/apiserver.crt',
    says: 'the key of the API server is of another algorithm than all the others',
    change: (make) => {
      const key = make.key('P-384');
      return { 'pki/apiserver.key': key, 'pki/apiserver.crt': make.certificate('pki/apiserver', { key }) };
    },
  },
  {
    code: 'kept-key-algorithm',
    at: 'pki/front-proxy-ca.crt',
    says: 'the key of the front proxy CA is of another algorithm than those of the certificates',
    change: (make) => make.branch('pki/front-proxy-ca', {}, { key: make.key('P-384') }),
  },
  {
    code: 'service-account-algorithm',
    at: 'pki/sa.key',
    says: 'the service account pair is of Ed25519',
    along: ['kept-key-algorithm pki/sa.key'],
    because: 'it is another algorithm than that of the certificates, too',
    change: (make) => serviceAccountPair(make, make.key('Ed25519')),
  },
  {
    code: 'shared-key',
    at: 'pki/etcd/peer.crt',
    says: 'etcd has one key towards clients and members',
    change: (make) => {
      const key = make.tree.get('pki/etcd/server.key');
      return { 'pki/etcd/peer.key': key, 'pki/etcd/peer.crt': make.certificate('pki/etcd/peer', { key }) };
    },
  },
  {
    code: 'rsa-too-short',
    at: 'pki/sa.key',
    says: 'the service account key has 1024 bits',
    change: (make) => serviceAccountPair(make, make.key('RSA', ['-pkeyopt', 'rsa_keygen_bits:1024'])),
  },
  {
    code: 'rsa-exponent',
    at: 'pki/sa.key',
    says: 'the service account key has the public exponent 3',
    change: (make) => serviceAccountPair(make, make.key('RSA', ['-pkeyopt', 'rsa_keygen_pubexp:3'])),
  },
  {
    code: 'rsa-exponent-broken',
    at: 'pki/sa.pub',
    says: 'a public key of service accounts has the exponent 1: every signature is its own proof',
    along: ['public-key-surplus pki/sa.pub'],
    because: 'it stands beside the one whose private key is here',
    change: (make) => secondPublicKey(make, rsaPublicKey(prime() * prime(), 1n)),
  },
  {
    code: 'rsa-too-long',
    at: 'pki/apiserver.crt',
    says: 'the key of the API server is longer than Go takes it in a handshake',
    along: ['key-algorithm pki/apiserver.crt'],
    because: 'it is another algorithm than that of all the others',
    change: (make) => {
      const key = make.key('RSA', ['-pkeyopt', 'rsa_keygen_bits:8200', '-pkeyopt', 'rsa_keygen_primes:5']);
      return { 'pki/apiserver.key': key, 'pki/apiserver.crt': make.certificate('pki/apiserver', { key }) };
    },
  },
  {
    code: 'rsa-close-primes',
    at: 'pki/sa.key',
    says: 'the service account key comes from a program that took the second prime right behind the first',
    change: (make) => {
      const first = prime();
      return serviceAccountPair(make, rsaKey(first, nextPrime(first)));
    },
  },
  {
    code: 'rsa-small-factor',
    at: 'pki/sa.pub',
    says: 'a byte of a public key of service accounts was spoilt',
    along: ['public-key-surplus pki/sa.pub'],
    because: 'it stands beside the one whose private key is here',
    change: (make) => secondPublicKey(make, rsaPublicKey(spoiltModulus())),
  },
  {
    code: 'public-key-surplus',
    at: 'pki/sa.pub',
    says: 'somebody has added a public key of his own to those that sign for service accounts',
    change: (make) => secondPublicKey(make, make.publicKey(make.key())),
  },
  {
    code: 'ec-key-broken',
    at: 'pki/sa.pub',
    says: 'a public key of service accounts is the one whose private key is 1',
    along: ['public-key-surplus pki/sa.pub'],
    because: 'it stands beside the one whose private key is here',
    change: (make) => secondPublicKey(make, publicKeyOf(EC_P256, BASE_POINT)),
  },
  {
    code: 'several-keys',
    at: 'pki/apiserver.key',
    says: 'the key from before stayed in the file',
    change: ({ tree, key }) => ({ 'pki/apiserver.key': tree.get('pki/apiserver.key') + key() }),
  },
  {
    code: 'key-file-mixed',
    at: 'pki/apiserver.key',
    says: 'the certificate stands in the file of the key, too',
    change: ({ tree }) => ({
      'pki/apiserver.key': tree.get('pki/apiserver.key') + tree.get('pki/apiserver.crt'),
    }),
  },
  {
    code: 'pem-garbage',
    at: 'pki/apiserver.crt',
    says: 'a disk put zeros behind the certificate',
    change: ({ tree }) => ({ 'pki/apiserver.crt': `${tree.get('pki/apiserver.crt')}${'\0'.repeat(64)}\n` }),
  },
  {
    code: 'rsa-roca',
    at: 'pki/sa.key',
    says: 'the service account key comes from the chip whose keys can be factored',
    change: (make) => serviceAccountPair(make, rsaKey(rocaPrime(), rocaPrime())),
  },
  {
    code: 'rsa-shared-factor',
    at: 'pki/front-proxy-ca.crt',
    says: 'two keys were made by a host that had no entropy yet',
    along: ['kept-key-algorithm pki/front-proxy-ca.crt', 'rsa-shared-factor pki/sa.key'],
    because: 'both keys are told of, and the other certificates have keys of another algorithm',
    change: (make) => {
      const shared = prime();
      const branch = make.branch('pki/front-proxy-ca', {}, { key: rsaKey(shared, prime()) });
      return { ...serviceAccountPair(make, rsaKey(shared, prime())), ...branch };
    },
  },
];
