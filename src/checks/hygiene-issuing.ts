import { DerError, parseDer, parseDerElements, TAG } from '../x509/der.ts';
import { EXTENSION_OIDS } from '../x509/extensions.ts';
import type { Certificate } from '../x509/model.ts';
import { isVerifiable } from '../x509/signature.ts';
import type { CertificateFault, CertificateRule } from './hygiene-rule.ts';
import { certificateRule, criticalityOf, isCa, ISSUE_ANEW, valueOf } from './hygiene-rule.ts';
import { oidText } from './text.ts';

/** The number that a serialHex stands for: two's complement. */
function serialOf(serialHex: string): bigint {
  const bits = serialHex.length * 4;
  return BigInt.asIntN(bits, BigInt(`0x${serialHex}`));
}

function serialFault(serialHex: string, message: string, expected: string): CertificateFault {
  return { field: 'serialNumber', message, expected, found: serialHex };
}

const RSASSA_PSS_OID = '1.2.840.113549.1.1.10';

function algorithmFault({ signatureAlgorithmOid: oid }: Certificate): CertificateFault {
  return {
    field: 'signatureAlgorithm',
    message: 'has a signature that Go does not take',
    expected: 'RSA or ECDSA with SHA-256, SHA-384 or SHA-512, or Ed25519',
    found: oid === RSASSA_PSS_OID ? 'RSASSA-PSS with other parameters than SHA-2' : oidText(oid),
  };
}

const SIGNATURE_LINTS = ['e_sub_cert_or_sub_ca_using_sha1', 'e_signature_algorithm_not_supported'];

/** Whether the authorityKeyIdentifier has both a keyIdentifier [0] and an authorityCertIssuer [1]. */
function hasKeyAndIssuer(der: Uint8Array): boolean {
  try {
    const tags = parseDerElements(parseDer(der), TAG.sequence).map(({ tag }) => tag);
    return tags.includes(0x80) && tags.includes(0xa1);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** What the CA says of itself in what it signs: serial numbers, signatures, key identifiers. */
export const ISSUING_RULES: readonly CertificateRule[] = [
  certificateRule(
    {
      code: 'serial-negative',
      severity: 'error',
      zlint: ['e_serial_number_not_positive'],
      says: 'A serial number is not negative: Go refuses the certificate since 1.23',
      citation: 'RFC 5280 4.1.2.2',
      remedy: ISSUE_ANEW,
    },
    ({ serialHex }) =>
      serialOf(serialHex) < 0n
        ? serialFault(serialHex, 'has a negative serial number', 'a positive number')
        : undefined,
  ),
  certificateRule(
    {
      code: 'serial-zero',
      severity: 'notice',
      zlint: ['e_serial_number_not_positive'],
      says: 'A serial number is not zero',
      citation: 'RFC 5280 4.1.2.2, kubeadm.md 9',
      remedy: 'nothing to do: the CAs of kubeadm up to 1.27 have it; another serial number takes a rotation',
    },
    ({ serialHex }) =>
      serialOf(serialHex) === 0n
        ? serialFault(serialHex, 'has the serial number zero', 'a positive number')
        : undefined,
  ),
  certificateRule(
    {
      code: 'serial-too-long',
      severity: 'warning',
      zlint: ['e_serial_number_longer_than_20_octets'],
      says: 'A serial number has at most 20 octets',
      citation: 'RFC 5280 4.1.2.2',
      remedy: ISSUE_ANEW,
    },
    ({ serialHex }) =>
      serialHex.length > 40
        ? serialFault(serialHex, 'has a serial number that is too long', 'at most 20 octets')
        : undefined,
  ),
  certificateRule(
    {
      code: 'serial-short',
      severity: 'notice',
      // 64 random bits are below 2^32 once in four thousand million times, so that whatever is was counted.
      says: 'A serial number is random: one below 2^32 was counted, and may have been given twice',
      citation: 'CA/B Baseline Requirements 7.1.2',
      remedy: 'have the CA draw 64 bits or more for each certificate',
    },
    ({ serialHex }) => {
      const serial = serialOf(serialHex);
      return serial > 0n && serial < 1n << 32n
        ? serialFault(serialHex, 'has a serial number that was counted', 'at least 64 random bits')
        : undefined;
    },
  ),
  certificateRule(
    {
      code: 'signature-refused',
      severity: 'error',
      zlint: SIGNATURE_LINTS,
      says: 'What a CA signs has a signature that Go verifies: no MD5, no SHA-1, no DSA',
      citation: 'go.dev/doc/go1.18#sha1',
      remedy: ISSUE_ANEW,
    },
    (certificate, { isSelfIssued }) =>
      isSelfIssued || isVerifiable(certificate) ? undefined : algorithmFault(certificate),
  ),
  certificateRule(
    {
      code: 'root-signature-refused',
      severity: 'warning',
      zlint: SIGNATURE_LINTS,
      says: 'A root has a signature that Go verifies, too, although nobody looks at it',
      citation: 'go.dev/doc/go1.18#sha1',
      remedy: 'nothing to do at once; another signature takes a rotation',
    },
    (certificate, { isSelfIssued }) =>
      !isSelfIssued || isVerifiable(certificate) ? undefined : algorithmFault(certificate),
  ),
  {
    code: 'key-identifier-critical',
    severity: 'error',
    zlint: ['e_ext_subject_key_identifier_critical', 'e_ext_authority_key_identifier_critical'],
    says: 'subjectKeyIdentifier and authorityKeyIdentifier are not critical: Go refuses the certificate',
    citation: 'RFC 5280 4.2.1.1, 4.2.1.2',
    remedy: ISSUE_ANEW,
    find: (parts) => {
      const names = ['subjectKeyIdentifier', 'authorityKeyIdentifier'] as const;
      const field = names.find((name) => criticalityOf(parts, EXTENSION_OIDS[name]) === true);
      return field && { field, message: `has a critical ${field}` };
    },
  },
  certificateRule(
    {
      code: 'ca-subject-key-identifier-absent',
      severity: 'warning',
      zlint: ['e_ext_subject_key_identifier_missing_ca'],
      says: 'A CA has a subjectKeyIdentifier, by which OpenSSL tells CAs of one name apart',
      citation: 'RFC 5280 4.2.1.2',
      remedy: 'nothing to do at once; another CA certificate takes a rotation',
    },
    (certificate, parts) =>
      !isCa(certificate) || valueOf(parts, EXTENSION_OIDS.subjectKeyIdentifier) !== undefined
        ? undefined
        : { field: 'subjectKeyIdentifier', message: 'is a CA without a subjectKeyIdentifier' },
  ),
  certificateRule(
    {
      code: 'leaf-subject-key-identifier-absent',
      severity: 'notice',
      zlint: ['w_ext_subject_key_identifier_missing_sub_cert'],
      says: 'A leaf certificate has a subjectKeyIdentifier, too',
      citation: 'RFC 5280 4.2.1.2',
      remedy: 'nothing to do: kubeadm writes none on leaf certificates',
    },
    (certificate, parts) =>
      isCa(certificate) || valueOf(parts, EXTENSION_OIDS.subjectKeyIdentifier) !== undefined
        ? undefined
        : { field: 'subjectKeyIdentifier', message: 'has no subjectKeyIdentifier' },
  ),
  certificateRule(
    {
      code: 'authority-key-identifier-absent',
      severity: 'warning',
      zlint: ['e_ext_authority_key_identifier_no_key_identifier'],
      says: 'What a CA signs says by its authorityKeyIdentifier which key of the CA did',
      citation: 'RFC 5280 4.2.1.1',
      remedy: ISSUE_ANEW,
    },
    (certificate, { isSelfIssued }) =>
      certificate.authorityKeyIdentifier !== undefined || (isCa(certificate) && isSelfIssued)
        ? undefined
        : { field: 'authorityKeyIdentifier', message: 'has no key identifier of its CA' },
  ),
  {
    code: 'authority-key-identifier-issuer',
    severity: 'warning',
    zlint: ['e_mp_authority_key_identifier_correct'],
    says: "authorityKeyIdentifier names the key alone: with issuer and serial number OpenSSL refuses the CA's next certificate",
    citation: 'Mozilla Root Store Policy 5.2',
    remedy: `${ISSUE_ANEW}; with openssl: authorityKeyIdentifier = keyid`,
    find: (parts) => {
      const der = valueOf(parts, EXTENSION_OIDS.authorityKeyIdentifier);
      return der !== undefined && hasKeyAndIssuer(der)
        ? { field: 'authorityKeyIdentifier', message: 'names the certificate of its CA, too' }
        : undefined;
    },
  },
];
