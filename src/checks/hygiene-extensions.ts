import { EXTENSION_OIDS } from '../x509/extensions.ts';
import type { Certificate, KeyUsage } from '../x509/model.ts';
import { listText } from './check.ts';
import type { CertificateFault, CertificateRule } from './hygiene-rule.ts';
import {
  certificateRule,
  criticalityOf,
  EC_OID,
  faultIn,
  isCa,
  ISSUE_ANEW,
  RSA_OID,
} from './hygiene-rule.ts';

const NAME_CONSTRAINTS_OID = '2.5.29.30';
const ED25519_OID = '1.3.101.112';

/** The key usages that go with each extended key usage (RFC 5280 4.2.1.12). */
const CONSISTENT: Readonly<Record<string, readonly KeyUsage[]>> = {
  serverAuth: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
  clientAuth: ['digitalSignature', 'keyAgreement'],
  codeSigning: ['digitalSignature'],
  emailProtection: ['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'keyAgreement'],
  timeStamping: ['digitalSignature', 'nonRepudiation'],
  OCSPSigning: ['digitalSignature', 'nonRepudiation'],
};

/** A fault where the certificate has any of these key usages. */
function usageFault(
  { keyUsage = [] }: Certificate,
  unwanted: readonly KeyUsage[],
): CertificateFault | undefined {
  return faultIn(
    keyUsage.filter((usage) => unwanted.includes(usage)),
    { field: 'keyUsage', message: 'has key usages that do not go with its key' },
  );
}

/** Whether what a certificate may be used for makes sense in itself. */
export const EXTENSION_RULES: readonly CertificateRule[] = [
  certificateRule(
    {
      code: 'basic-constraints-not-critical',
      severity: 'warning',
      zlint: ['e_basic_constraints_not_critical'],
      says: 'basicConstraints of a CA is critical',
      citation: 'RFC 5280 4.2.1.9',
      remedy: 'nothing to do at once; another CA certificate takes a rotation',
    },
    (certificate, parts) =>
      isCa(certificate) && criticalityOf(parts, EXTENSION_OIDS.basicConstraints) === false
        ? { field: 'basicConstraints', message: 'has basicConstraints that are not critical' }
        : undefined,
  ),
  {
    code: 'key-usage-not-critical',
    severity: 'warning',
    zlint: [
      'w_ext_key_usage_not_critical',
      'e_ca_key_usage_not_critical',
      'e_root_ca_key_usage_must_be_critical',
    ],
    says: 'keyUsage is critical',
    citation: 'RFC 5280 4.2.1.3',
    remedy: ISSUE_ANEW,
    find: (parts) =>
      criticalityOf(parts, EXTENSION_OIDS.keyUsage) === false
        ? { field: 'keyUsage', message: 'has a keyUsage that is not critical' }
        : undefined,
  },
  {
    code: 'name-constraints-not-critical',
    severity: 'warning',
    zlint: ['e_ext_name_constraints_not_critical'],
    says: 'nameConstraints is critical: who does not know the extension would take names that it forbids',
    citation: 'RFC 5280 4.2.1.10',
    remedy: ISSUE_ANEW,
    find: (parts) =>
      criticalityOf(parts, NAME_CONSTRAINTS_OID) === false
        ? { field: 'nameConstraints', message: 'has nameConstraints that are not critical' }
        : undefined,
  },
  certificateRule(
    {
      code: 'ca-key-usage-absent',
      severity: 'warning',
      zlint: ['e_ca_key_usage_missing'],
      says: 'A CA says by keyUsage what its key is for',
      citation: 'RFC 5280 4.2.1.3',
      remedy: 'nothing to do at once; another CA certificate takes a rotation',
    },
    (certificate) =>
      isCa(certificate) && (certificate.keyUsage ?? []).length === 0
        ? { field: 'keyUsage', message: 'is a CA without a keyUsage' }
        : undefined,
  ),
  certificateRule(
    {
      code: 'ca-without-key-cert-sign',
      severity: 'error',
      zlint: ['e_ca_key_cert_sign_not_set', 'e_sub_cert_not_is_ca'],
      says: 'A CA with a keyUsage has keyCertSign: nobody takes what it signs',
      citation: 'RFC 5280 4.2.1.3',
      remedy: 'bring a CA certificate with keyCertSign, or make the certificate a leaf',
    },
    (certificate) =>
      isCa(certificate) && certificate.keyUsage?.includes('keyCertSign') === false
        ? {
            field: 'keyUsage',
            message: 'is a CA that may not sign certificates',
            expected: 'keyCertSign',
            found: listText(certificate.keyUsage),
          }
        : undefined,
  ),
  certificateRule(
    {
      code: 'key-cert-sign-without-ca',
      severity: 'warning',
      zlint: [
        'e_ext_key_usage_cert_sign_without_ca',
        'e_sub_cert_key_usage_cert_sign_bit_set',
        'e_rsa_allowed_ku_ee',
      ],
      says: 'Only a CA has keyCertSign',
      citation: 'RFC 5280 4.2.1.3',
      remedy: ISSUE_ANEW,
    },
    (certificate) =>
      !isCa(certificate) && certificate.keyUsage?.includes('keyCertSign') === true
        ? { field: 'keyUsage', message: 'may sign certificates and is no CA', found: 'keyCertSign' }
        : undefined,
  ),
  certificateRule(
    {
      code: 'path-length-without-ca',
      severity: 'warning',
      zlint: ['e_path_len_constraint_improperly_included'],
      says: 'Only a CA with keyCertSign has a path length',
      citation: 'RFC 5280 4.2.1.9',
      remedy: ISSUE_ANEW,
    },
    (certificate) => {
      const pathLength = certificate.basicConstraints?.pathLength;
      const maySign = isCa(certificate) && certificate.keyUsage?.includes('keyCertSign') === true;
      return pathLength === undefined || maySign
        ? undefined
        : {
            field: 'basicConstraints',
            message: 'has a path length without being a CA that may sign certificates',
            expected: 'none',
            found: String(pathLength),
          };
    },
  ),
  certificateRule(
    {
      code: 'elliptic-key-encipherment',
      severity: 'notice',
      zlint: ['e_ecdsa_allowed_ku'],
      says: 'A key on an elliptic curve has no key usage that encrypts: it cannot',
      citation: 'RFC 8813 3, RFC 9295',
      remedy: 'nothing to do: kubeadm writes keyEncipherment on every key',
    },
    (certificate, { keyAlgorithmOid }) =>
      keyAlgorithmOid === EC_OID || keyAlgorithmOid === ED25519_OID
        ? usageFault(certificate, ['keyEncipherment', 'dataEncipherment'])
        : undefined,
  ),
  certificateRule(
    {
      code: 'rsa-key-usage',
      severity: 'warning',
      zlint: ['e_rsa_allowed_ku_ca', 'e_rsa_allowed_ku_ee'],
      says: 'An RSA key has no key usage that agrees on keys, and that of a leaf none that signs for a CA',
      citation: 'RFC 3279 2.3.1',
      remedy: ISSUE_ANEW,
    },
    (certificate, { keyAlgorithmOid }) =>
      keyAlgorithmOid === RSA_OID
        ? usageFault(certificate, [
            'keyAgreement',
            'encipherOnly',
            'decipherOnly',
            ...(isCa(certificate) ? [] : (['cRLSign'] as const)),
          ])
        : undefined,
  ),
  certificateRule(
    {
      code: 'ca-key-encipherment',
      severity: 'notice',
      zlint: ['e_rsa_allowed_ku_no_encipherment_ca'],
      says: 'The key of a CA signs and does not encrypt',
      citation: 'RFC 3279 2.3.1',
      remedy: 'nothing to do: kubeadm writes keyEncipherment on CAs',
    },
    (certificate, { keyAlgorithmOid }) => {
      const signs = certificate.keyUsage?.some((usage) => usage === 'keyCertSign' || usage === 'cRLSign');
      return isCa(certificate) && signs === true && keyAlgorithmOid === RSA_OID
        ? usageFault(certificate, ['keyEncipherment', 'dataEncipherment'])
        : undefined;
    },
  ),
  certificateRule(
    {
      code: 'key-usage-inconsistent',
      severity: 'notice',
      zlint: ['e_key_usage_and_extended_key_usage_inconsistent'],
      says: 'Every key usage of a leaf goes with one of its extended key usages',
      citation: 'RFC 5280 4.2.1.12',
      remedy: 'nothing to do: kubeadm writes keyEncipherment on clients',
    },
    (certificate) => {
      const { keyUsage, extKeyUsage } = certificate;
      if (isCa(certificate) || keyUsage === undefined || extKeyUsage === undefined) return undefined;
      // What goes with any other usage nobody knows; an empty list is another rule's matter.
      if (extKeyUsage.length === 0 || extKeyUsage.some((usage) => CONSISTENT[usage] === undefined))
        return undefined;
      const allowed = extKeyUsage.flatMap((usage) => CONSISTENT[usage] ?? []);
      return faultIn(
        keyUsage.filter((usage) => !allowed.includes(usage)),
        {
          field: 'keyUsage',
          message: `has key usages that are not for ${listText(extKeyUsage)}`,
          expected: listText([...new Set(allowed)]),
        },
      );
    },
  ),
];
