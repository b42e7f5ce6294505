import { prime, rocaPrime, rsaKey } from '../weak-keys.mjs';

const serviceAccountPair = ({ publicKey }, key) => ({ 'pki/sa.key': key, 'pki/sa.pub': publicKey(key) });

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
    along: ['key-unreadable pki/sa.key'],
    because: 'such a key is not read in the first place',
    change: (make) => serviceAccountPair(make, make.key('RSA', ['-pkeyopt', 'rsa_keygen_bits:1024'])),
  },
  {
    code: 'rsa-exponent',
    at: 'pki/sa.key',
    says: 'the service account key has the public exponent 3',
    change: (make) => serviceAccountPair(make, make.key('RSA', ['-pkeyopt', 'rsa_keygen_pubexp:3'])),
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
