import { KEY_ALGORITHM_IDS, KEY_ALGORITHMS } from './algorithms.ts';
import {
  decodeBasicConstraints,
  decodeExtKeyUsage,
  decodeSubjectAltName,
  parseCertificate,
  type ValueDecoders,
} from './certificate.ts';
import {
  assertTag,
  type DerElement,
  DerError,
  DerFields,
  decodeAscii,
  decodeBitString,
  implicitTag,
  parseDer,
  TAG,
} from './der.ts';
import { algorithmOfSpki } from './keys.ts';
import { type Certificate, type CertificateRequest, KEY_USAGES } from './model.ts';
import { decodeAlgorithmOid } from './outline.ts';
import { parseRequest } from './request.ts';
import { isSignedBy } from './signature.ts';

/** Reads certificates into plain data. */
export interface CertificateReader {
  /** @throws {PkiError} `ERR_CERTIFICATE` with the field that cannot be read. */
  parse(der: Uint8Array): Certificate;
  /** As {@link parse}, of a request for a certificate. */
  parseRequest(der: Uint8Array): CertificateRequest;
  /**
   * Whether the signature was made with the private key of `issuerSpkiDer`; false also for algorithms that the reader does
   * not know. Looks at nothing else: no names, dates or constraints.
   */
  isSignedBy(certificate: Certificate, issuerSpkiDer: Uint8Array): Promise<boolean>;
}

const STRICT_DECODERS: ValueDecoders = {
  attributeText: (value) => {
    assertTag(value, TAG.utf8String, TAG.printableString, TAG.ia5String);
    if (value.tag !== TAG.utf8String) return decodeAscii(value);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value.content);
  },
  extensions: {
    keyUsage: (value) => {
      assertTag(value, TAG.bitString);
      const bytes = decodeBitString(value);
      if (bytes.length > 2) throw new DerError('it has bits that nobody knows');
      const isSet = (bit: number): boolean => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
      return { keyUsage: KEY_USAGES.filter((_, bit) => isSet(bit)) };
    },
    extKeyUsage: decodeExtKeyUsage,
    basicConstraints: decodeBasicConstraints,
    subjectKeyIdentifier: (value) => {
      assertTag(value, TAG.octetString);
      return { subjectKeyIdentifier: hexOf(value) };
    },
    // Here the issuer's name and serial number, which the library takes apart, are not read over.
    authorityKeyIdentifier: (value) => {
      const fields = new DerFields(value);
      const keyIdentifier = fields.required(implicitTag(0));
      fields.end();
      return { authorityKeyIdentifier: hexOf(keyIdentifier) };
    },
    subjectAltName: decodeSubjectAltName,
  },
};

function hexOf({ content }: DerElement): string {
  return Buffer.from(content).toString('hex');
}

/**
 * Reads what is issued here, with nothing to load: the strings and the SHA-2 signatures that Go knows, nothing else.
 * What it can read the foreign reader can read, too, and says the same of it.
 */
export const strictReader: CertificateReader = {
  parse: (der) => parseCertificate(der, STRICT_DECODERS),
  parseRequest: (der) => parseRequest(der, STRICT_DECODERS),
  isSignedBy: async (certificate, issuerSpkiDer) => isSignedBy(certificate, issuerSpkiDer),
};

/**
 * Whether key and signature are of kinds that are issued here. Of other kinds the two readers do not say the same: the
 * foreign one verifies older signatures, and none by a key on a curve that it does not know.
 */
export function isOfIssuedKind({ spkiDer, signatureAlgorithmOid }: Certificate): boolean {
  const isIssued = KEY_ALGORITHM_IDS.some((id) => {
    const algorithmDer = Buffer.from(KEY_ALGORITHMS[id].signatureAlgorithmHex, 'hex');
    return decodeAlgorithmOid(parseDer(algorithmDer)) === signatureAlgorithmOid;
  });
  return isIssued && algorithmOfSpki(spkiDer) !== undefined;
}

/**
 * Loads the reader for certificates that others made: `@peculiar/x509`, which knows every string type and older signatures.
 * Loading takes longer than issuing a whole cluster, so it waits until there is something to read.
 */
export async function loadForeignReader(): Promise<CertificateReader> {
  const foreign = await import('./foreign-certificate.ts');
  return {
    parse: foreign.parseForeignCertificate,
    parseRequest: foreign.parseForeignRequest,
    isSignedBy: foreign.isForeignSignedBy,
  };
}
