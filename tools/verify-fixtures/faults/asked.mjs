import { secondPublicKey } from './keys.mjs';

const waiver = (code, subject, until) =>
  [`- code: ${code}`, `  subject: ${subject}`, '  reason: SEC-12', `  until: ${until}`, ''].join('\n');
const WAIVERS = ['--waivers', 'waivers.yaml'];
const POLICY = ['--policy', 'policy.yaml'];

/** What is found where somebody asks for more than the table: waivers, policies, lists of keys. */
export const ASKED_FAULTS = [
  {
    code: 'waiver-unused',
    at: 'pki/ca.key',
    says: 'what was accepted was mended, and the waiver stayed',
    arguments: WAIVERS,
    change: () => ({ 'waivers.yaml': waiver('key-readable', 'pki/ca.key', '2027-12-31') }),
  },
  {
    code: 'waiver-expired',
    at: 'pki/ca.key',
    says: 'what was accepted until last year is still there',
    arguments: WAIVERS,
    along: ['key-readable pki/ca.key'],
    because: 'what a waiver that is over waived is found again',
    modes: { 'pki/ca.key': '0644' },
    change: () => ({ 'waivers.yaml': waiver('key-readable', 'pki/ca.key', '2026-12-31') }),
  },
  {
    code: 'policy-key-algorithm',
    at: 'pki/sa.pub',
    says: 'an older public key of the service accounts is of RSA, and the policy names ECDSA alone',
    along: ['public-key-surplus pki/sa.pub'],
    because: 'it stands beside the one whose private key is here',
    arguments: POLICY,
    change: (make) => ({
      ...secondPublicKey(make, make.publicKey(make.key('RSA'))),
      'policy.yaml': 'keyAlgorithms: [ECDSA-P256]\n',
    }),
  },
  {
    code: 'policy-signature-hash',
    at: 'pki/front-proxy-client.crt',
    says: 'a certificate is signed over another hash than the policy names',
    arguments: POLICY,
    change: (make) => ({
      'pki/front-proxy-client.crt': make.certificate('pki/front-proxy-client', { digest: 'sha384' }),
      'policy.yaml': 'signatureHashes: [sha256]\n',
    }),
  },
  {
    code: 'policy-validity',
    at: 'pki/front-proxy-client.crt',
    says: 'a certificate lives for longer than the policy lets it',
    arguments: POLICY,
    along: ['lifetime-longer pki/front-proxy-client.crt'],
    because: 'that is longer than the table has it, too',
    change: (make) => ({
      'pki/front-proxy-client.crt': make.certificate('pki/front-proxy-client', {
        notAfter: '20290101000000Z',
      }),
      'policy.yaml': 'maximumValidity:\n  certificate: 398d\n',
    }),
  },
  {
    code: 'key-listed-weak',
    at: 'pki/sa.pub',
    says: 'an older public key of the service accounts is one that everybody has the private key of',
    along: ['public-key-surplus pki/sa.pub'],
    because: 'it stands beside the one whose private key is here',
    arguments: ['--weak-keys', 'weak-keys.txt'],
    change: (make) => {
      const key = make.publicKey(make.key());
      return { ...secondPublicKey(make, key), 'weak-keys.txt': `${make.fingerprint(key)}\n` };
    },
  },
];
