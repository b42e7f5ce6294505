import type { KeyAlgorithmId } from './algorithms.ts';

/**
 * Something that can sign with one private key, wherever that lies: in memory, in an HSM, behind a network.
 * It never has to reveal the key.
 */
export interface Signer {
  readonly algorithm: KeyAlgorithmId;
  /** The public key, DER of a SubjectPublicKeyInfo. */
  readonly spkiDer: Uint8Array;
  /**
   * Signs `data` as the algorithm's row says (RSA: PKCS#1 v1.5 with SHA-256; ECDSA: the hash of the curve; Ed25519).
   * Resolves to the signature as a certificate carries it (ECDSA: DER of Ecdsa-Sig-Value, RFC 3279 2.2.3).
   */
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>;
}

/** A key pair that was generated or read: it can sign, and its private key can be written. */
export interface KeyPair extends Signer {
  /** PEM, ending in a newline: of a generated key in the algorithm's own format (`privateKeyFormat`), of a read one as it was. */
  readonly privateKeyPem: string;
}
