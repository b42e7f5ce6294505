import {
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
  decodeBoolean,
  decodeCount,
  implicitTag,
  TAG,
} from './der.ts';
import { type Certificate, KEY_USAGES } from './model.ts';
import { isSignedBy } from './signature.ts';

/** Reads certificates into plain data. */
export interface CertificateReader {
  /** @throws {PkiError} `ERR_CERTIFICATE` with the field that cannot be read. */
  parse(der: Uint8Array): Certificate;
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
    basicConstraints: (value) => {
      const fields = new DerFields(value);
      const ca = fields.optional(TAG.boolean);
      const pathLength = fields.optional(TAG.integer);
      fields.end();
      return {
        basicConstraints: {
          isCa: ca !== undefined && decodeBoolean(ca),
          ...(pathLength === undefined ? {} : { pathLength: decodeCount(pathLength) }),
        },
      };
    },
    subjectKeyIdentifier: (value) => {
      assertTag(value, TAG.octetString);
      return { subjectKeyIdentifier: hexOf(value) };
    },
    authorityKeyIdentifier: (value) => {
      const keyIdentifier = new DerFields(value).optional(implicitTag(0));
      return keyIdentifier === undefined ? {} : { authorityKeyIdentifier: hexOf(keyIdentifier) };
    },
    subjectAltName: decodeSubjectAltName,
  },
};

function hexOf({ content }: DerElement): string {
  return Buffer.from(content).toString('hex');
}

/**
 * Reads what is issued here, with nothing to load: the strings and the SHA-2 signatures that Go knows, nothing else.
 * Where both can read a certificate, this reader and the foreign one say the same.
 */
export const strictReader: CertificateReader = {
  parse: (der) => parseCertificate(der, STRICT_DECODERS),
  isSignedBy: async (certificate, issuerSpkiDer) => isSignedBy(certificate, issuerSpkiDer),
};

/**
 * Loads the reader for certificates that others made: `@peculiar/x509`, which knows every string type and older signatures.
 * Loading takes longer than issuing a whole cluster, so it waits until there is something to read.
 */
export async function loadForeignReader(): Promise<CertificateReader> {
  const foreign = await import('./foreign-certificate.ts');
  return { parse: foreign.parseForeignCertificate, isSignedBy: foreign.isForeignSignedBy };
}
