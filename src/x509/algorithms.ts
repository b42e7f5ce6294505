/**
 * What there is to know about one key algorithm. Whoever holds a row never asks which algorithm it is.
 * The id is kubeadm's word (`encryptionAlgorithm`) where kubeadm has the algorithm.
 */
export interface KeyAlgorithm {
  readonly id: KeyAlgorithmId;
  readonly family: 'rsa' | 'ec' | 'ed25519';
  /** RSA: the modulus' length; EC: the field's. */
  readonly bits: number;
  /** OpenSSL's and Node's name of the curve, for EC. */
  readonly namedCurve?: 'prime256v1' | 'secp384r1' | 'secp521r1';
  /** The hash that a key of this kind signs with; absent where the scheme fixes it (Ed25519). As Go chooses: kubeadm.md 1.2. */
  readonly hash?: 'sha256' | 'sha384' | 'sha512';
  /** DER of the AlgorithmIdentifier in the key's own SubjectPublicKeyInfo, in hex: curves by name, nothing else. */
  readonly keyAlgorithmHex: string;
  /** DER of the signature's AlgorithmIdentifier that certificates signed by such a key carry, in hex. */
  readonly signatureAlgorithmHex: string;
  /** How the private key is written: PKCS#1, SEC 1 or PKCS#8. `ssh-keygen`, Go and OpenSSL read all three. */
  readonly privateKeyFormat: 'pkcs1' | 'sec1' | 'pkcs8';
  /** keyEncipherment means something only for keys that can encrypt (RFC 8813 section 3 forbids it on EC keys). */
  readonly canEncipherKeys: boolean;
}

export const KEY_ALGORITHM_IDS = [
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
  'ECDSA-P256',
  'ECDSA-P384',
  'ECDSA-P521',
  'Ed25519',
] as const;
export type KeyAlgorithmId = (typeof KEY_ALGORITHM_IDS)[number];

function rsa(bits: 2048 | 3072 | 4096): Omit<KeyAlgorithm, 'id'> {
  return {
    family: 'rsa',
    bits,
    hash: 'sha256',
    // rsaEncryption with NULL parameters (RFC 3279 2.3.1).
    keyAlgorithmHex: '300d06092a864886f70d0101010500',
    // sha256WithRSAEncryption with NULL parameters (RFC 4055 section 5).
    signatureAlgorithmHex: '300d06092a864886f70d01010b0500',
    privateKeyFormat: 'pkcs1',
    canEncipherKeys: true,
  };
}

function ec(namedCurve: 'prime256v1' | 'secp384r1' | 'secp521r1'): Omit<KeyAlgorithm, 'id'> {
  // id-ecPublicKey with the curve's name (RFC 5480 2.1.1); ecdsa-with-SHA2, no parameters (RFC 5758 3.2).
  const curves = {
    prime256v1: {
      bits: 256,
      hash: 'sha256',
      keyAlgorithmHex: '301306072a8648ce3d020106082a8648ce3d030107',
      signatureAlgorithmHex: '300a06082a8648ce3d040302',
    },
    secp384r1: {
      bits: 384,
      hash: 'sha384',
      keyAlgorithmHex: '301006072a8648ce3d020106052b81040022',
      signatureAlgorithmHex: '300a06082a8648ce3d040303',
    },
    secp521r1: {
      bits: 521,
      hash: 'sha512',
      keyAlgorithmHex: '301006072a8648ce3d020106052b81040023',
      signatureAlgorithmHex: '300a06082a8648ce3d040304',
    },
  } as const;
  return {
    family: 'ec',
    namedCurve,
    ...curves[namedCurve],
    privateKeyFormat: 'sec1',
    canEncipherKeys: false,
  };
}

const DEFINITIONS: Readonly<Record<KeyAlgorithmId, Omit<KeyAlgorithm, 'id'>>> = {
  'RSA-2048': rsa(2048),
  'RSA-3072': rsa(3072),
  'RSA-4096': rsa(4096),
  'ECDSA-P256': ec('prime256v1'),
  'ECDSA-P384': ec('secp384r1'),
  'ECDSA-P521': ec('secp521r1'),
  Ed25519: {
    family: 'ed25519',
    bits: 256,
    // id-Ed25519, no parameters, for keys and signatures alike (RFC 8410 section 3).
    keyAlgorithmHex: '300506032b6570',
    signatureAlgorithmHex: '300506032b6570',
    // No other format is defined for it (RFC 8410 section 7).
    privateKeyFormat: 'pkcs8',
    canEncipherKeys: false,
  },
};

// Without a prototype, so that no other word finds anything.
const table: Record<KeyAlgorithmId, KeyAlgorithm> = Object.create(null);
for (const id of KEY_ALGORITHM_IDS) table[id] = Object.freeze({ id, ...DEFINITIONS[id] });

/** Every key algorithm this project issues, by id. */
export const KEY_ALGORITHMS: Readonly<Record<KeyAlgorithmId, KeyAlgorithm>> = Object.freeze(table);
