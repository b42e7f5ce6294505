import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  DerFields,
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  explicitTag,
  parseDer,
  TAG,
} from './der.ts';
import type { Certificate } from './model.ts';

interface SignatureAlgorithm {
  readonly family: 'rsa' | 'ec' | 'ed25519';
  readonly hash: string | null;
  /** Of RSASSA-PSS alone. */
  readonly saltBytes?: number;
}

/** What the OID of a signature algorithm says; SHA-1 and older are as good as no signature, and Go takes none of them. */
const SIGNATURE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['1.2.840.113549.1.1.11', { family: 'rsa', hash: 'sha256' }],
  ['1.2.840.113549.1.1.12', { family: 'rsa', hash: 'sha384' }],
  ['1.2.840.113549.1.1.13', { family: 'rsa', hash: 'sha512' }],
  ['1.2.840.10045.4.3.2', { family: 'ec', hash: 'sha256' }],
  ['1.2.840.10045.4.3.3', { family: 'ec', hash: 'sha384' }],
  ['1.2.840.10045.4.3.4', { family: 'ec', hash: 'sha512' }],
]);

const ED25519_OID = '1.3.101.112';
const RSASSA_PSS_OID = '1.2.840.113549.1.1.10';

const PSS_ALGORITHMS: readonly (SignatureAlgorithm & {
  readonly hashOid: string;
  readonly saltBytes: number;
})[] = [
  { family: 'rsa', hash: 'sha256', hashOid: '2.16.840.1.101.3.4.2.1', saltBytes: 32 },
  { family: 'rsa', hash: 'sha384', hashOid: '2.16.840.1.101.3.4.2.2', saltBytes: 48 },
  { family: 'rsa', hash: 'sha512', hashOid: '2.16.840.1.101.3.4.2.3', saltBytes: 64 },
];

/**
 * What the AlgorithmIdentifier of RSASSA-PSS says: one hash for message and mask, its parameters NULL or absent, a salt of its
 * length (RFC 4055 2.1, 3.1). Go knows no others (crypto/x509, getSignatureAlgorithmFromAI).
 */
function pssAlgorithmOf(algorithmIdentifier: Uint8Array): SignatureAlgorithm | undefined {
  return PSS_ALGORITHMS.find(({ hashOid, saltBytes }) => {
    const hashes = [[], [Uint8Array.of(0x05, 0)]].map((none) => encodeSequence(encodeOid(hashOid), ...none));
    return hashes.some((ofMessage) =>
      hashes.some(
        (ofMask) => Buffer.compare(encodePss(ofMessage, ofMask, saltBytes), algorithmIdentifier) === 0,
      ),
    );
  });
}

function encodePss(ofMessage: Uint8Array, ofMask: Uint8Array, saltBytes: number): Uint8Array {
  const mgf1 = encodeSequence(encodeOid('1.2.840.113549.1.1.8'), ofMask);
  return encodeSequence(
    encodeOid(RSASSA_PSS_OID),
    encodeSequence(
      encodeDer(explicitTag(0), ofMessage),
      encodeDer(explicitTag(1), mgf1),
      encodeDer(explicitTag(2), encodeInteger(Uint8Array.of(saltBytes))),
    ),
  );
}

type Signed = Pick<Certificate, 'signatureAlgorithmOid' | 'signature' | 'tbsDer'> & {
  /** The AlgorithmIdentifier, where the signed part does not have it. */
  readonly signatureAlgorithmDer?: Uint8Array;
};

/** The algorithms whose parameters count, too, by the whole AlgorithmIdentifier. */
const BY_IDENTIFIER: ReadonlyMap<string, (identifier: Uint8Array) => SignatureAlgorithm | undefined> =
  new Map([
    [RSASSA_PSS_OID, pssAlgorithmOf],
    [ED25519_OID, ed25519AlgorithmOf],
  ]);

/** The parameters of Ed25519 are absent (RFC 8410 section 3): Go knows it in no other way. */
function ed25519AlgorithmOf(algorithmIdentifier: Uint8Array): SignatureAlgorithm | undefined {
  const isAlone = Buffer.compare(encodeSequence(encodeOid(ED25519_OID)), algorithmIdentifier) === 0;
  return isAlone ? { family: 'ed25519', hash: null } : undefined;
}

function algorithmOf({
  signatureAlgorithmOid,
  signatureAlgorithmDer,
  tbsDer,
}: Signed): SignatureAlgorithm | undefined {
  const byIdentifier = BY_IDENTIFIER.get(signatureAlgorithmOid);
  if (byIdentifier === undefined) return SIGNATURE_ALGORITHMS.get(signatureAlgorithmOid);
  if (signatureAlgorithmDer !== undefined) return byIdentifier(signatureAlgorithmDer);
  // `signature` and `signatureAlgorithm` are the same (RFC 5280 4.1.1.2).
  const tbs = new DerFields(parseDer(tbsDer));
  tbs.optional(explicitTag(0));
  tbs.required(TAG.integer);
  return byIdentifier(tbs.required(TAG.sequence).der);
}

/**
 * What the signature of a certificate is made over: `sha256`, `sha384` or `sha512`, which is also Ed25519's own (RFC 8032 5.1).
 * Undefined for any other, those that Go does not take.
 */
export function signatureHashOf(certificate: Signed): string | undefined {
  const algorithm = algorithmOf(certificate);
  return algorithm && (algorithm.hash ?? 'sha512');
}

/** Whether the certificate is signed with an algorithm that {@link isSignedBy} can find good. */
export function isVerifiable(certificate: Signed): boolean {
  return algorithmOf(certificate) !== undefined;
}

/**
 * Whether the certificate's signature was made with the private key of `issuerSpkiDer`. False also where the algorithm
 * is not among those of SHA-2 or does not go with the key. Looks at nothing else: no names, dates or constraints.
 */
export function isSignedBy(certificate: Signed, issuerSpkiDer: Uint8Array): boolean {
  const verified = VERIFIED.get(certificate) ?? new WeakMap<Uint8Array, boolean>();
  const known = verified.get(issuerSpkiDer);
  if (known !== undefined) return known;
  const isGood = verifySignature(certificate, issuerSpkiDer);
  VERIFIED.set(certificate, verified.set(issuerSpkiDer, isGood));
  return isGood;
}

// An audit asks for each purpose of a certificate, under each profile that it tries. Keyed by what was parsed, so that it
// lives as long as that does.
const VERIFIED = new WeakMap<Signed, WeakMap<Uint8Array, boolean>>();

function verifySignature(certificate: Signed, issuerSpkiDer: Uint8Array): boolean {
  const algorithm = algorithmOf(certificate);
  if (algorithm === undefined) return false;
  const { family, hash, saltBytes: saltLength } = algorithm;
  const pss = saltLength === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  const key = publicKeyOf(issuerSpkiDer);
  if (key?.asymmetricKeyType !== family) return false;
  try {
    return verify(hash, certificate.tbsDer, { key, ...pss }, certificate.signature);
  } catch {
    // A salt that is longer than the key has room for.
    return false;
  }
}

// A CA's key is asked for once per certificate, and parsing it takes OpenSSL longer than verifying with it.
const PUBLIC_KEYS = new WeakMap<Uint8Array, { readonly key: KeyObject | undefined }>();

function readPublicKey(spkiDer: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

/** The platform's object of a public key, made once; undefined where the platform does not take it. */
export function publicKeyOf(spkiDer: Uint8Array): KeyObject | undefined {
  const known = PUBLIC_KEYS.get(spkiDer) ?? { key: readPublicKey(spkiDer) };
  PUBLIC_KEYS.set(spkiDer, known);
  return known.key;
}
