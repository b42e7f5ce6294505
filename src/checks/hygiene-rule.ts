import type { Certificate } from '../x509/model.ts';
import {
  type DerElement,
  DerError,
  DerFields,
  decodeCount,
  decodeOid,
  explicitTag,
  implicitTag,
  parseDer,
  parseDerElements,
  TAG,
} from '../x509/der.ts';
import { decodeAlgorithmOid } from '../x509/outline.ts';
import { type CheckRow, type Hit, listText } from './check.ts';
import { isSameDer } from './evidence.ts';

/** What a rule found wrong with one certificate. */
export type CertificateFault = Omit<Hit, 'path'>;

/** One rule over a certificate by itself, whatever it is for. `docs/findings.md`, the tests and every report read the rows. */
export interface CertificateRule extends CheckRow {
  /** The lints of zlint 3.7 that report the same. */
  readonly zlint?: readonly string[];
  /** `certificate` is absent where the reader refuses it. */
  readonly find: (parts: CertificateParts, certificate?: Certificate) => CertificateFault | undefined;
}

/** A rule over what a certificate says: `find` is not called where the reader refuses it. */
export function certificateRule(
  rule: Omit<CertificateRule, 'find'>,
  find: (certificate: Certificate, parts: CertificateParts) => CertificateFault | undefined,
): CertificateRule {
  return {
    ...rule,
    find: (parts, certificate) => (certificate === undefined ? undefined : find(certificate, parts)),
  };
}

/** The elements of a certificate as they are encoded, also of one that the reader refuses for what they hold. */
export interface CertificateParts {
  readonly version: number;
  readonly isSelfIssued: boolean;
  /** AlgorithmIdentifiers: `signature`, which is signed, and `signatureAlgorithm` beside it. */
  readonly signature: DerElement;
  readonly signatureAlgorithm: DerElement;
  readonly notBefore: DerElement;
  readonly notAfter: DerElement;
  readonly subject: readonly { readonly oid: string; readonly value: DerElement }[];
  /** The AlgorithmIdentifier of the public key, and its OID. */
  readonly keyAlgorithm: DerElement;
  readonly keyAlgorithmOid: string;
  /** `critical` is absent where it is not encoded; `der` is the contents of the OCTET STRING. */
  readonly extensions: readonly {
    readonly oid: string;
    readonly critical?: DerElement;
    readonly der: Uint8Array;
  }[];
}

/**
 * Takes a certificate apart with no question asked about what its elements hold.
 *
 * @returns `undefined` where its elements cannot be told apart.
 */
export function parseParts(der: Uint8Array): CertificateParts | undefined {
  try {
    const outer = new DerFields(parseDer(der));
    const tbs = new DerFields(outer.required(TAG.sequence));
    const version = tbs.optional(explicitTag(0));
    tbs.required(TAG.integer);
    const signature = tbs.required(TAG.sequence);
    const issuer = tbs.required(TAG.sequence);
    const validity = new DerFields(tbs.required(TAG.sequence));
    const subject = tbs.required(TAG.sequence);
    const keyAlgorithm = new DerFields(tbs.required(TAG.sequence)).required(TAG.sequence);
    tbs.optional(implicitTag(1));
    tbs.optional(implicitTag(2));
    const extensions = tbs.optional(explicitTag(3));
    return {
      version: version === undefined ? 1 : decodeCount(parseDer(version.content)) + 1,
      isSelfIssued: isSameDer(issuer.der, subject.der),
      signature,
      signatureAlgorithm: outer.required(TAG.sequence),
      notBefore: validity.required(),
      notAfter: validity.required(),
      subject: parseDerElements(subject, TAG.sequence)
        .flatMap((rdn) => parseDerElements(rdn, TAG.set))
        .map((attribute) => {
          const fields = new DerFields(attribute);
          return { oid: decodeOid(fields.required(TAG.oid)), value: fields.required() };
        }),
      keyAlgorithm,
      keyAlgorithmOid: decodeAlgorithmOid(keyAlgorithm),
      extensions:
        extensions === undefined
          ? []
          : parseDerElements(parseDer(extensions.content), TAG.sequence).map(parseExtension),
    };
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function parseExtension(extension: DerElement): CertificateParts['extensions'][number] {
  const fields = new DerFields(extension);
  const oid = decodeOid(fields.required(TAG.oid));
  const critical = fields.optional(TAG.boolean);
  const der = fields.required(TAG.octetString).content;
  return { oid, ...(critical === undefined ? {} : { critical }), der };
}

/** The value of an extension, if it is there. */
export function valueOf({ extensions }: CertificateParts, oid: string): Uint8Array | undefined {
  return extensions.find((extension) => extension.oid === oid)?.der;
}

/** Whether an extension is critical; absent where it is. */
export function criticalityOf({ extensions }: CertificateParts, oid: string): boolean | undefined {
  const extension = extensions.find((candidate) => candidate.oid === oid);
  return extension && extension.critical?.content.some((byte) => byte !== 0) === true;
}

/** The bytes of an element as UTF-8, whatever its type. */
export function textOf({ content }: DerElement): string {
  return Buffer.from(content).toString();
}

export function isCa({ basicConstraints }: Certificate): boolean {
  return basicConstraints?.isCa === true;
}

/** A fault in all that was found; none where nothing was. */
export function faultIn(
  found: readonly string[],
  fault: Omit<CertificateFault, 'found'>,
): CertificateFault | undefined {
  return found.length === 0 ? undefined : { ...fault, found: listText(found) };
}

export const RSA_OID = '1.2.840.113549.1.1.1';
export const EC_OID = '1.2.840.10045.2.1';

export { ISSUE_ANEW, ISSUE_LEAF_ANEW } from './remedies.ts';
