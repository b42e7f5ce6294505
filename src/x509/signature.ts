import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Certificate } from './model.ts';

interface SignatureAlgorithm {
  readonly family: 'rsa' | 'ec' | 'ed25519';
  readonly hash: string | null;
}

/** What the OID of a signature algorithm says; SHA-1 and older are as good as no signature, and Go takes none of them. */
const SIGNATURE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.11', { family: 'rsa', hash: 'sha256' }],
  ['1.2.840.113549.1.1.12', { family: 'rsa', hash: 'sha384' }],
  ['1.2.840.113549.1.1.13', { family: 'rsa', hash: 'sha512' }],
  ['1.2.840.10045.4.3.2', { family: 'ec', hash: 'sha256' }],
  ['1.2.840.10045.4.3.3', { family: 'ec', hash: 'sha384' }],
  ['1.2.840.10045.4.3.4', { family: 'ec', hash: 'sha512' }],
  ['1.3.101.112', { family: 'ed25519', hash: null }],
]);

/**
 * Whether the certificate's signature was made with the private key of `issuerSpkiDer`. False also where the algorithm
 * is not among those of SHA-2 or does not go with the key. Looks at nothing else: no names, dates or constraints.
 */
export function isSignedBy(
  {
    signatureAlgorithmOid,
    signature,
    tbsDer,
  }: Pick<Certificate, 'signatureAlgorithmOid' | 'signature' | 'tbsDer'>,
  issuerSpkiDer: Uint8Array,
): boolean {
  const algorithm = SIGNATURE_ALGORITHMS.get(signatureAlgorithmOid);
  if (algorithm === undefined) return false;
  try {
    const key = publicKeyOf(issuerSpkiDer);
    return key.asymmetricKeyType === algorithm.family && verify(algorithm.hash, tbsDer, key, signature);
  } catch {
    return false;
  }
}

// A CA's key is asked for once per certificate, and parsing it takes OpenSSL longer than verifying with it.
const PUBLIC_KEYS = new WeakMap<Uint8Array, KeyObject>();

function publicKeyOf(spkiDer: Uint8Array): KeyObject {
  const known = PUBLIC_KEYS.get(spkiDer);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  PUBLIC_KEYS.set(spkiDer, key);
  return key;
}
