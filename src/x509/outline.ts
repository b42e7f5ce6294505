import { PkiError } from '../errors.ts';
import {
  assertTag,
  DerError,
  type DerElement,
  DerFields,
  decodeBoolean,
  decodeCount,
  decodeInteger,
  decodeOctets,
  decodeOid,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from './der.ts';
import type { Certificate, Extension } from './model.ts';
import { decodeTime } from './time.ts';

/**
 * A certificate taken apart into its fields, exactly as their bytes stand there. What names and extensions mean is not
 * looked at.
 */
export interface CertificateOutline
  extends Pick<
    Certificate,
    | 'der'
    | 'tbsDer'
    | 'version'
    | 'serialHex'
    | 'signatureAlgorithmOid'
    | 'signature'
    | 'notBefore'
    | 'notAfter'
    | 'spkiDer'
    | 'extensions'
  > {
  readonly issuer: DerElement;
  readonly subject: DerElement;
}

/**
 * Runs `parse` for a field of a certificate, or of what `of` says.
 *
 * @throws {PkiError} `ERR_CERTIFICATE` with the field, whatever `parse` throws.
 */
export function atField<T>(field: string, parse: () => T, of = 'certificate'): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof PkiError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const what = field === of ? `the ${of}` : `${field} of the ${of}`;
    throw new PkiError('ERR_CERTIFICATE', `${what} cannot be read: ${reason}`, {
      detail: { field },
      cause,
    });
  }
}

/** The OID of an AlgorithmIdentifier (RFC 5280 4.1.1.2). */
export function decodeAlgorithmOid(algorithmIdentifier: DerElement): string {
  return decodeOid(new DerFields(algorithmIdentifier).required(TAG.oid));
}

/** The subjectPublicKey of a SubjectPublicKeyInfo, whose bits key identifiers are made of (RFC 5280 4.2.1.2). */
export function decodeSubjectPublicKey(spki: DerElement): Uint8Array {
  const fields = new DerFields(spki);
  decodeAlgorithmOid(fields.required(TAG.sequence));
  const key = decodeOctets(fields.required(TAG.bitString));
  fields.end();
  return key;
}

/**
 * Parses the structure of a certificate as strictly as Go does: DER, no extension twice, both signature algorithms alike.
 * Reads every version, serial 0 and extensions that nobody knows.
 *
 * @throws {PkiError} `ERR_CERTIFICATE`.
 */
export function parseOutline(der: Uint8Array): CertificateOutline {
  const { tbs, algorithm, signature } = atField('certificate', () => {
    const outer = new DerFields(parseDer(der));
    const parts = {
      tbs: outer.required(TAG.sequence),
      algorithm: outer.required(TAG.sequence),
      signature: outer.required(TAG.bitString),
    };
    outer.end();
    return parts;
  });
  const fields = atField('tbsCertificate', () => new DerFields(tbs));
  // Object literals are evaluated in the order in which they are written, which is that of RFC 5280 4.1.
  const version = atField('version', () => decodeVersion(fields.optional(explicitTag(0))));
  const outline = {
    der,
    tbsDer: tbs.der,
    version,
    serialHex: atField('serialNumber', () => hexOf(decodeInteger(fields.required(TAG.integer)))),
    signatureAlgorithmOid: atField('signature', () => {
      const inner = fields.required(TAG.sequence);
      // RFC 5280 4.1.1.2.
      if (Buffer.compare(inner.der, algorithm.der) !== 0)
        throw new DerError('it differs from signatureAlgorithm');
      return decodeAlgorithmOid(inner);
    }),
    signature: atField('signatureValue', () => decodeOctets(signature)),
    issuer: atField('issuer', () => fields.required(TAG.sequence)),
    ...atField('validity', () => decodeValidity(fields.required(TAG.sequence))),
    subject: atField('subject', () => fields.required(TAG.sequence)),
    spkiDer: atField('subjectPublicKeyInfo', () => {
      const spki = fields.required(TAG.sequence);
      decodeSubjectPublicKey(spki);
      return spki.der;
    }),
  };
  // issuerUniqueID and subjectUniqueID (RFC 5280 4.1.2.8).
  fields.optional(implicitTag(1));
  fields.optional(implicitTag(2));
  const extensions = atField('extensions', () => decodeExtensions(fields.optional(explicitTag(3)), version));
  atField('tbsCertificate', () => fields.end());
  return { ...outline, extensions };
}

function decodeVersion(field: DerElement | undefined): number {
  if (field === undefined) return 1;
  const integer = parseDer(field.content);
  assertTag(integer, TAG.integer);
  const version = decodeCount(integer) + 1;
  if (version > 3) throw new DerError(`1, 2 or 3 expected, ${version} found`);
  return version;
}

function decodeValidity(validity: DerElement): Pick<Certificate, 'notBefore' | 'notAfter'> {
  const fields = new DerFields(validity);
  const notBefore = decodeTime(fields.required(TAG.utcTime, TAG.generalizedTime));
  const notAfter = decodeTime(fields.required(TAG.utcTime, TAG.generalizedTime));
  fields.end();
  return { notBefore, notAfter };
}

function decodeExtensions(field: DerElement | undefined, version: number): readonly Extension[] {
  if (field === undefined) return [];
  // RFC 5280 4.1.2.9; Go does not look at extensions of other versions, so they must not count for anyone.
  if (version !== 3) throw new DerError(`they need version 3, found ${version}`);
  return decodeExtensionList(parseDer(field.content));
}

/** The members of an Extensions (RFC 5280 4.1), no one of them twice. */
export function decodeExtensionList(list: DerElement): readonly Extension[] {
  const extensions = parseDerElements(list, TAG.sequence).map(decodeExtension);
  // RFC 5280 4.2.
  if (new Set(extensions.map(({ oid }) => oid)).size < extensions.length)
    throw new DerError('one stands there twice');
  return extensions;
}

function decodeExtension(extension: DerElement): Extension {
  const fields = new DerFields(extension);
  const oid = decodeOid(fields.required(TAG.oid));
  const critical = fields.optional(TAG.boolean);
  const value = fields.required(TAG.octetString);
  fields.end();
  return { oid, critical: critical !== undefined && decodeBoolean(critical), der: value.content };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
