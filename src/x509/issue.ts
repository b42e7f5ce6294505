import { createHash } from 'node:crypto';
import { PkiError } from '../errors.ts';
import { KEY_ALGORITHMS } from './algorithms.ts';
import { encodeBitString, encodeDer, encodeInteger, encodeSequence, explicitTag, parseDer } from './der.ts';
import { encodeExtensions, type ExtensionValues } from './extensions.ts';
import { encodeName, type NameParts } from './name.ts';
import { decodeAlgorithmOid, decodeSubjectPublicKey } from './outline.ts';
import { isSignedBy } from './signature.ts';
import type { Signer } from './signer.ts';
import { encodeTime } from './time.ts';

/** Everything that a certificate is to say. Nothing is added to it, and nothing is looked up. */
export interface CertificateTemplate extends Omit<ExtensionValues, 'subjectKeyIdentifier'> {
  /** Bytes of a positive number, at most 20 (RFC 5280 4.1.2.2): {@link generateSerial}. */
  readonly serial: Uint8Array;
  readonly subject: NameParts;
  /** The subject of the CA as its certificate encodes it: Go compares these bytes. Absent: the certificate's own subject. */
  readonly issuerNameDer?: Uint8Array;
  /** Whole seconds; both ends belong to the period (RFC 5280 4.1.2.5). */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The public key certified, DER of a SubjectPublicKeyInfo. */
  readonly spkiDer: Uint8Array;
  /** How the subject key identifier is made: SHA-1 (RFC 5280 4.2.1.2), or 160 bits of SHA-256 (RFC 7093 method 1). */
  readonly subjectKeyIdentifierMethod: 'sha1' | 'sha256-160';
}

/**
 * Generates a serial number of 16 bytes, 126 bits of them random: positive, never 0.
 *
 * @throws {RangeError} where `randomBytes` gives another number of bytes.
 */
export function generateSerial(randomBytes: (size: number) => Uint8Array): Uint8Array {
  const random = randomBytes(16);
  if (random.length !== 16)
    throw new RangeError(`"randomBytes" expected to give 16 bytes, got ${random.length}`);
  const [first = 0, ...rest] = random;
  return Uint8Array.of((first & 0x3f) | 0x40, ...rest);
}

/**
 * Issues a certificate of version 3, signed by the signer as its algorithm's row says, and verifies the signature.
 * Does not check that the signer belongs to the issuer's name, nor that the template makes sense.
 *
 * @returns DER.
 * @throws {PkiError} `ERR_KEY` when the signer signs with another key, or in another way, than it says.
 * @throws {RangeError} for a name or date that cannot stand in a certificate.
 */
export async function issueCertificate(template: CertificateTemplate, signer: Signer): Promise<Uint8Array> {
  const subjectDer = encodeName(template.subject);
  const algorithmDer = Buffer.from(KEY_ALGORITHMS[signer.algorithm].signatureAlgorithmHex, 'hex');
  const tbsDer = encodeSequence(
    encodeDer(explicitTag(0), encodeInteger(Uint8Array.of(2))),
    encodeInteger(template.serial),
    algorithmDer,
    template.issuerNameDer ?? subjectDer,
    encodeSequence(encodeTime(template.notBefore), encodeTime(template.notAfter)),
    subjectDer,
    template.spkiDer,
    encodeDer(
      explicitTag(3),
      encodeExtensions({ ...template, subjectKeyIdentifier: resolveSubjectKeyIdentifier(template) }),
    ),
  );
  const signature = await signer.sign(tbsDer);
  const signatureAlgorithmOid = decodeAlgorithmOid(parseDer(algorithmDer));
  if (!isSignedBy({ signatureAlgorithmOid, signature, tbsDer }, signer.spkiDer)) {
    throw new PkiError('ERR_KEY', 'the signature does not verify with the public key of the signer', {
      detail: {
        expected: `a signature by the ${signer.algorithm} key that the signer states`,
        found: 'another one',
      },
    });
  }
  return encodeSequence(tbsDer, algorithmDer, encodeBitString(signature));
}

function resolveSubjectKeyIdentifier({
  spkiDer,
  subjectKeyIdentifierMethod,
}: Pick<CertificateTemplate, 'spkiDer' | 'subjectKeyIdentifierMethod'>): Uint8Array {
  const key = decodeSubjectPublicKey(parseDer(spkiDer));
  return subjectKeyIdentifierMethod === 'sha1'
    ? createHash('sha1').update(key).digest()
    : createHash('sha256').update(key).digest().subarray(0, 20);
}
