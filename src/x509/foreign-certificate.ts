// First: the library throws when it is imported before.
import './reflect.ts';
import { Crypto } from '@peculiar/webcrypto';
import * as x509 from '@peculiar/x509';
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
  decodeBitString,
  encodeDer,
  encodeOid,
  encodeSequence,
  parseDerElements,
  TAG,
} from './der.ts';
import { EXTENSION_OIDS, type ExtensionField } from './extensions.ts';
import { type Certificate, type CertificateRequest, COMMON_NAME_OID, KEY_USAGES } from './model.ts';
import { parseRequest } from './request.ts';
import { isSignedBy, isVerifiable } from './signature.ts';

const provider = new Crypto();

/** A copy, which never lies in shared memory: that is all that the library takes. */
function bytesOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function libraryExtension(field: ExtensionField, value: DerElement): ArrayBuffer {
  return new x509.Extension(EXTENSION_OIDS[field], false, bytesOf(value.der)).rawData;
}

const LIBRARY_DECODERS: ValueDecoders = {
  attributeText: (value) => {
    // The library gives values by the name of their attribute; so each is given the same name.
    const attribute = encodeSequence(encodeOid(COMMON_NAME_OID), value.der);
    const [rdn] = new x509.Name(bytesOf(encodeSequence(encodeDer(TAG.set, attribute)))).toJSON();
    const text = rdn?.['CN']?.[0];
    if (text === undefined) throw new DerError('an attribute has no value');
    return text;
  },
  extensions: {
    keyUsage: (value) => {
      // The library takes other types, and drops unused bits that are set.
      assertTag(value, TAG.bitString);
      decodeBitString(value);
      const { usages } = new x509.KeyUsagesExtension(libraryExtension('keyUsage', value));
      return { keyUsage: KEY_USAGES.filter((_, bit) => (usages & (1 << bit)) !== 0) };
    },
    extKeyUsage: decodeExtKeyUsage,
    basicConstraints: decodeBasicConstraints,
    subjectKeyIdentifier: (value) => {
      assertTag(value, TAG.octetString);
      const { keyId } = new x509.SubjectKeyIdentifierExtension(
        libraryExtension('subjectKeyIdentifier', value),
      );
      return { subjectKeyIdentifier: keyId };
    },
    authorityKeyIdentifier: (value) => {
      parseDerElements(value, TAG.sequence);
      const { keyId } = new x509.AuthorityKeyIdentifierExtension(
        libraryExtension('authorityKeyIdentifier', value),
      );
      return keyId === undefined ? {} : { authorityKeyIdentifier: keyId };
    },
    subjectAltName: decodeSubjectAltName,
  },
};

/**
 * Parses a certificate that someone else made. Its bytes are sliced out here, because the library encodes names and keys
 * anew; what the values mean is the library's word.
 *
 * @throws {PkiError} `ERR_CERTIFICATE` with the field that cannot be read.
 */
export function parseForeignCertificate(der: Uint8Array): Certificate {
  return parseCertificate(der, LIBRARY_DECODERS);
}

/** As {@link parseForeignCertificate}, of a request for a certificate. */
export function parseForeignRequest(der: Uint8Array): CertificateRequest {
  return parseRequest(der, LIBRARY_DECODERS);
}

/**
 * As `CertificateReader.isSignedBy`, for every signature algorithm that the library knows. Where it is one that is issued
 * here both have to agree: the library takes a signature by a key of another kind for one of Ed25519.
 */
export async function isForeignSignedBy(
  certificate: Certificate,
  issuerSpkiDer: Uint8Array,
): Promise<boolean> {
  if (isVerifiable(certificate) && !isSignedBy(certificate, issuerSpkiDer)) return false;
  try {
    return await new x509.X509Certificate(bytesOf(certificate.der)).verify(
      { publicKey: bytesOf(issuerSpkiDer), signatureOnly: true },
      provider,
    );
  } catch {
    // The library throws where key, algorithm and signature do not go together.
    return false;
  }
}
