import { PkiError } from '../errors.ts';
import { KEY_ALGORITHMS } from './algorithms.ts';
import { decodeExtensionFields, parseName, type ValueDecoders } from './certificate.ts';
import {
  type DerElement,
  DerError,
  DerFields,
  decodeCount,
  decodeOctets,
  decodeOid,
  encodeBitString,
  encodeDer,
  encodeInteger,
  encodeOid,
  encodeSequence,
  explicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import { encodeRequestedExtensions, type RequestedExtensions } from './extensions.ts';
import type { CertificateRequest, Extension } from './model.ts';
import { encodeName, type NameParts } from './name.ts';
import {
  atField as atFieldOf,
  decodeAlgorithmOid,
  decodeExtensionList,
  decodeSubjectPublicKey,
} from './outline.ts';
import { isSignedBy } from './signature.ts';
import type { Signer } from './signer.ts';

/** The attribute that holds the extensions asked for (RFC 2985 5.4.2), and the older one that Windows writes. */
const EXTENSION_REQUEST_OIDS = ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'] as const;

const atField = <T>(field: string, parse: () => T): T => atFieldOf(field, parse, 'request');

/** Everything that a request is to ask for; its public key is the signer's. */
export interface RequestTemplate extends RequestedExtensions {
  readonly subject: NameParts;
}

/**
 * Writes a certification request (PKCS #10, RFC 2986), signed with the key that the certificate is asked for, and verifies
 * the signature. What has nothing to say is left out.
 *
 * @returns DER.
 * @throws {PkiError} `ERR_KEY` when the signer signs with another key than it says.
 * @throws {RangeError} for a name that cannot stand in a certificate.
 */
export async function issueRequest(template: RequestTemplate, signer: Signer): Promise<Uint8Array> {
  const extensions = encodeRequestedExtensions(template);
  const attributes =
    extensions === undefined
      ? []
      : [encodeSequence(encodeOid(EXTENSION_REQUEST_OIDS[0]), encodeDer(TAG.set, extensions))];
  const tbsDer = encodeSequence(
    encodeInteger(Uint8Array.of(0)),
    encodeName(template.subject),
    signer.spkiDer,
    // The attributes are there also where there are none (RFC 2986 4.1).
    encodeDer(explicitTag(0), ...attributes),
  );
  const signatureAlgorithmDer = Buffer.from(KEY_ALGORITHMS[signer.algorithm].signatureAlgorithmHex, 'hex');
  const signature = await signer.sign(tbsDer);
  const signatureAlgorithmOid = decodeAlgorithmOid(parseDer(signatureAlgorithmDer));
  if (!isSignedBy({ signatureAlgorithmOid, signatureAlgorithmDer, signature, tbsDer }, signer.spkiDer)) {
    throw new PkiError('ERR_KEY', 'the signature does not verify with the public key of the signer', {
      detail: {
        expected: `a signature by the ${signer.algorithm} key that the signer states`,
        found: 'another one',
      },
    });
  }
  return encodeSequence(tbsDer, signatureAlgorithmDer, encodeBitString(signature));
}

/**
 * Parses a request: its structure strictly, the values in names and extensions by `decoders`. Attributes that ask for no
 * extensions, as a challenge password, are passed over. Does not look at the signature: {@link isProofOfPossession}.
 *
 * @throws {PkiError} `ERR_CERTIFICATE` with the field that cannot be read.
 */
export function parseRequest(der: Uint8Array, decoders: ValueDecoders): CertificateRequest {
  const { info, algorithm, signature } = atField('request', () => {
    const outer = new DerFields(parseDer(der));
    const parts = {
      info: outer.required(TAG.sequence),
      algorithm: outer.required(TAG.sequence),
      signature: outer.required(TAG.bitString),
    };
    outer.end();
    return parts;
  });
  const fields = atField('certificationRequestInfo', () => new DerFields(info));
  atField('version', () => {
    const version = decodeCount(fields.required(TAG.integer));
    if (version !== 0) throw new DerError(`0 expected, ${version} found`);
  });
  const subject = atField('subject', () => parseName(fields.required(TAG.sequence), decoders));
  const spkiDer = atField('subjectPublicKeyInfo', () => {
    const spki = fields.required(TAG.sequence);
    decodeSubjectPublicKey(spki);
    return spki.der;
  });
  const extensions = atField('attributes', () => decodeAttributes(fields.optional(explicitTag(0))));
  atField('certificationRequestInfo', () => fields.end());
  return {
    der,
    tbsDer: info.der,
    signatureAlgorithmOid: atField('signatureAlgorithm', () => decodeAlgorithmOid(algorithm)),
    signatureAlgorithmDer: algorithm.der,
    signature: atField('signature', () => decodeOctets(signature)),
    subject,
    spkiDer,
    extensions,
    ...decodeExtensionFields(extensions, decoders),
  };
}

function decodeAttributes(attributes: DerElement | undefined): readonly Extension[] {
  // Some leave the field out where they have no attribute.
  if (attributes === undefined) return [];
  // A SET OF by an implicit tag, so that its members stand in it directly.
  const members = parseDerElements(attributes, explicitTag(0)).map((attribute) => {
    const fields = new DerFields(attribute);
    const oid = decodeOid(fields.required(TAG.oid));
    const values = parseDerElements(fields.required(TAG.set), TAG.set);
    fields.end();
    return { oid, values };
  });
  const requested = members.filter(({ oid }) => EXTENSION_REQUEST_OIDS.some((known) => known === oid));
  const [values, ...others] = requested.map((member) => member.values);
  if (values === undefined) return [];
  // Which of two is meant nobody can tell, and signers differ in which they take.
  const [extensions, ...further] = values;
  if (others.length > 0 || further.length > 0 || extensions === undefined)
    throw new DerError('extensions are asked for more than once');
  return decodeExtensionList(extensions);
}

/**
 * Whether the request was signed with the private key of the public key in it: who asks holds the key (RFC 2986 3). False also
 * for an algorithm that is not among those of SHA-2.
 */
export function isProofOfPossession(request: CertificateRequest): boolean {
  return isSignedBy(request, request.spkiDer);
}
