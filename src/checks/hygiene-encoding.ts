import { type DerElement, TAG } from '../x509/der.ts';
import { EXTENSION_OIDS } from '../x509/extensions.ts';
import { decodeAlgorithmOid } from '../x509/outline.ts';
import { isSameDer } from './evidence.ts';
import {
  type CertificateParts,
  type CertificateRule,
  faultIn,
  ISSUE_ANEW,
  RSA_OID,
  textOf,
  valueOf,
} from './hygiene-rule.ts';
import { oidText } from './text.ts';

/** The RSA signatures of PKCS#1 v1.5, from MD2 to SHA-224. */
const RSA_SIGNATURE = /^1\.2\.840\.113549\.1\.1\.(?:[245]|1[1-4])$/;

/** The extensions that are lists and may not be empty (RFC 5280: SEQUENCE SIZE (1..MAX)). */
const LISTS: ReadonlySet<string> = new Set([
  EXTENSION_OIDS.subjectAltName,
  EXTENSION_OIDS.extKeyUsage,
  '2.5.29.9', // subjectDirectoryAttributes
  '2.5.29.18', // issuerAltName
  '2.5.29.31', // cRLDistributionPoints
  '2.5.29.32', // certificatePolicies
  '2.5.29.33', // policyMappings
  '2.5.29.46', // freshestCRL
  '1.3.6.1.5.5.7.1.1', // authorityInfoAccess
  '1.3.6.1.5.5.7.1.11', // subjectInfoAccess
]);

/** UTCTime through 2049, GeneralizedTime from then on, both in whole seconds of UTC. */
function isTime(time: DerElement): boolean {
  const text = textOf(time);
  return time.tag === TAG.utcTime ? /^\d{12}Z$/.test(text) : /^\d{14}Z$/.test(text) && text >= '2050';
}

/** Whether the BIT STRING says which of nine bits are set and ends with the last of them (X.690 11.2.2). */
function isNamedBits(der: Uint8Array): boolean {
  const [tag, length, unusedBits = 0, ...bytes] = der;
  const bits = bytes.length * 8 - unusedBits;
  const isLastSet = ((bytes.at(-1) ?? 0) >> unusedBits) % 2 === 1;
  return tag === TAG.bitString && length === bytes.length + 1 && unusedBits < 8 && bits <= 9 && isLastSet;
}

/** Whether nothing but NULL follows the OID of an AlgorithmIdentifier. */
function hasNullParameters(algorithm: DerElement): boolean {
  return Buffer.from(algorithm.der).toString('hex').endsWith('0500');
}

/** The extensions in which a FALSE is encoded: `critical` of any, or cA of basicConstraints. */
function encodedDefaults({ extensions }: CertificateParts): readonly string[] {
  return extensions
    .filter(
      ({ oid, critical, der }) =>
        critical?.content[0] === 0 ||
        (oid === EXTENSION_OIDS.basicConstraints && Buffer.from(der).toString('hex').startsWith('010100', 4)),
    )
    .map(({ oid }) => oidText(oid));
}

const TIME_LINTS = [
  'e_wrong_time_format_pre2050',
  'e_utc_time_does_not_include_seconds',
  'e_utc_time_not_in_zulu',
  'e_generalized_time_does_not_include_seconds',
  'e_generalized_time_includes_fraction_seconds',
  'e_generalized_time_not_in_zulu',
];

/** Whether a certificate is encoded as RFC 5280 wants it, down to the byte. What Go refuses is an error. */
export const ENCODING_RULES: readonly CertificateRule[] = [
  {
    code: 'duplicate-extension',
    severity: 'error',
    zlint: ['e_ext_duplicate_extension'],
    says: 'No extension stands in a certificate twice: Go refuses the certificate',
    citation: 'RFC 5280 4.2',
    remedy: ISSUE_ANEW,
    find: ({ extensions }) => {
      const oids = extensions.map(({ oid }) => oid);
      return faultIn(oids.filter((oid, index) => oids.indexOf(oid) < index).map(oidText), {
        field: 'extensions',
        message: 'has an extension twice',
      });
    },
  },
  {
    code: 'signature-algorithm-mismatch',
    severity: 'error',
    zlint: ['e_cert_sig_alg_not_match_tbs_sig_alg'],
    says: 'The algorithm that is signed is the one beside the signature: Go refuses the certificate',
    citation: 'RFC 5280 4.1.1.2',
    remedy: ISSUE_ANEW,
    find: ({ signature, signatureAlgorithm }) =>
      isSameDer(signature.der, signatureAlgorithm.der)
        ? undefined
        : {
            field: 'signatureAlgorithm',
            message: 'names another algorithm beside the signature than in what is signed',
            expected: oidText(decodeAlgorithmOid(signature)),
            found: oidText(decodeAlgorithmOid(signatureAlgorithm)),
          },
  },
  {
    code: 'version-outdated',
    severity: 'warning',
    zlint: ['e_invalid_certificate_version'],
    says: 'A certificate is of version 3: any other has no extensions, so nothing limits what it is for',
    citation: 'RFC 5280 4.1.2.1',
    remedy: `${ISSUE_ANEW}; openssl x509 -req takes extensions from -extfile alone`,
    find: ({ version }) =>
      version === 3
        ? undefined
        : { field: 'version', message: 'is of an old version', expected: '3', found: String(version) },
  },
  {
    code: 'extensions-ignored',
    severity: 'error',
    zlint: ['e_cert_extensions_version_not_3'],
    says: 'Only version 3 has extensions: Go does not look at those of another, nor at what they forbid',
    citation: 'RFC 5280 4.1.2.9',
    remedy: ISSUE_ANEW,
    find: ({ version, extensions }) =>
      version === 3 || extensions.length === 0
        ? undefined
        : { field: 'extensions', message: `has extensions in version ${version}` },
  },
  {
    code: 'time-encoding',
    severity: 'warning',
    zlint: TIME_LINTS,
    says: 'Dates are whole seconds in UTC, UTCTime through 2049 and GeneralizedTime from then on',
    citation: 'RFC 5280 4.1.2.5',
    remedy: ISSUE_ANEW,
    find: ({ notBefore, notAfter }) =>
      faultIn(
        [notBefore, notAfter].filter((time) => !isTime(time)).map((time) => JSON.stringify(textOf(time))),
        {
          field: 'validity',
          message: 'has a date of another form',
          expected: 'YYMMDDhhmmssZ through 2049, then YYYYMMDDhhmmssZ',
        },
      ),
  },
  {
    code: 'default-encoded',
    severity: 'warning',
    zlint: ['e_cert_ext_invalid_der', 'e_basic_constr_invalid_der'],
    says: 'DER leaves out what is the default: critical and cA are TRUE where they are written',
    citation: 'X.690 11.5, RFC 5280 4.2',
    remedy: ISSUE_ANEW,
    find: (parts) =>
      faultIn(encodedDefaults(parts), { field: 'extensions', message: 'has FALSE written out' }),
  },
  {
    code: 'key-usage-encoding',
    severity: 'warning',
    zlint: [
      'e_ext_key_usage_without_bits',
      'e_incorrect_ku_encoding',
      'e_superfluous_ku_encoding',
      'e_key_usage_incorrect_length',
    ],
    says: 'keyUsage is one to nine bits that end with a set one: with none set Go takes it for no limit',
    citation: 'RFC 5280 4.2.1.3, X.690 11.2.2',
    remedy: ISSUE_ANEW,
    find: (parts) => {
      const der = valueOf(parts, EXTENSION_OIDS.keyUsage);
      return der === undefined || isNamedBits(der)
        ? undefined
        : {
            field: 'keyUsage',
            message: 'has another encoding of its bits, or none set',
            found: Buffer.from(der).toString('hex'),
          };
    },
  },
  {
    code: 'extension-empty',
    severity: 'warning',
    zlint: ['e_ext_cannot_be_empty_sequence', 'e_ext_san_no_entries'],
    says: 'An extension that is a list has an entry: with an empty extKeyUsage Go takes a certificate for anything',
    citation: 'RFC 5280 4.2.1.6, 4.2.1.12',
    remedy: ISSUE_ANEW,
    find: ({ extensions }) =>
      faultIn(
        extensions.filter(({ oid, der }) => LISTS.has(oid) && der[1] === 0).map(({ oid }) => oidText(oid)),
        { field: 'extensions', message: 'has an extension with nothing in it' },
      ),
  },
  {
    code: 'rsa-key-parameters',
    severity: 'error',
    zlint: ['e_spki_rsa_encryption_parameter_not_null'],
    says: 'The algorithm of an RSA key has NULL parameters: Go refuses the certificate',
    citation: 'RFC 3279 2.3.1',
    remedy: ISSUE_ANEW,
    find: ({ keyAlgorithm, keyAlgorithmOid }) =>
      keyAlgorithmOid === RSA_OID && !hasNullParameters(keyAlgorithm)
        ? { field: 'subjectPublicKeyInfo', message: 'has an RSA key without NULL parameters' }
        : undefined,
  },
  {
    code: 'rsa-signature-parameters',
    severity: 'warning',
    zlint: ['e_tbs_signature_rsa_encryption_parameter_not_null'],
    says: 'The algorithm of an RSA signature of PKCS#1 v1.5 has NULL parameters',
    citation: 'RFC 4055 5',
    remedy: ISSUE_ANEW,
    find: ({ signature }) =>
      RSA_SIGNATURE.test(decodeAlgorithmOid(signature)) && !hasNullParameters(signature)
        ? { field: 'signature', message: 'has the algorithm of an RSA signature without NULL parameters' }
        : undefined,
  },
];
