import { attributeValues, COMMON_NAME_OID, ORGANIZATION_OID } from '../x509/model.ts';
import { type Check, certificateCheck, listText } from './check.ts';
import { generalNameText } from './text.ts';

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && new Set([...a, ...b]).size === new Set(a).size;
const without = (all: readonly string[], some: readonly string[]): readonly string[] =>
  all.filter((value) => !some.includes(value));

const LEAVES = ['certificate', 'kubeconfig'] as const;
const commonNames = (certificate: Parameters<typeof attributeValues>[0]): readonly string[] =>
  attributeValues(certificate, COMMON_NAME_OID);

/** DNS names are compared without case (RFC 4343), addresses by value. */
function comparable(names: readonly Parameters<typeof generalNameText>[0][]): readonly string[] {
  return names.map((name) =>
    generalNameText(name.kind === 'dns' ? { ...name, value: name.value.toLowerCase() } : name),
  );
}

/** Whether a certificate says what its role is, no less and no more. */
export const ROLE_CHECKS: readonly Check[] = [
  certificateCheck(
    {
      code: 'common-name',
      severity: 'error',
      says: 'The common name is that of the role: Kubernetes takes it for the user',
      citation: 'R3, R6',
      remedy: 'have the certificate issued anew',
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const found = commonNames(certificate.subject);
      if (isSameSet(found, [desired.commonName])) return [];
      return [
        {
          field: 'subject',
          message: 'has another common name',
          expected: desired.commonName,
          found: listText(found),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'organization',
      severity: 'error',
      says: 'The organizations are those of the role: Kubernetes takes them for groups',
      citation: 'R3, R6',
      remedy: 'have the certificate issued anew',
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const found = attributeValues(certificate.subject, ORGANIZATION_OID);
      if (isSameSet(found, desired.organization)) return [];
      return [
        {
          field: 'subject',
          message: 'has other organizations',
          expected: listText(desired.organization),
          found: listText(found),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'ca-common-name',
      severity: 'notice',
      says: 'A CA may have any name; the table only gives a default',
      citation: 'R2',
      remedy: 'nothing to do',
      appliesTo: ['ca'],
    },
    ({ certificate, desired }) => {
      const found = commonNames(certificate.subject);
      if (isSameSet(found, [desired.commonName])) return [];
      return [
        {
          field: 'subject',
          message: 'has another common name',
          expected: desired.commonName,
          found: listText(found),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'subject-alternative-name-missing',
      severity: 'error',
      says: 'A certificate has every name and address under which its owner is reached',
      citation: 'R3, RFC 6125 6.4',
      remedy: 'have the certificate issued anew, with these names too',
    },
    ({ certificate, desired }) => {
      const present = comparable(certificate.subjectAltName ?? []);
      const missing = without(comparable(desired.sans), present);
      if (missing.length === 0) return [];
      return [
        {
          field: 'subjectAltName',
          message: `lacks ${listText(missing)}`,
          expected: listText(missing),
          found: listText(present),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'subject-alternative-name-surplus',
      severity: 'warning',
      says: 'A certificate has no name that was not asked for',
      citation: 'R3',
      remedy:
        'ask for the names with --apiserver-cert-extra-sans and the like, or have the certificate issued anew',
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const surplus = without(comparable(certificate.subjectAltName ?? []), comparable(desired.sans));
      if (surplus.length === 0) return [];
      return [
        {
          field: 'subjectAltName',
          message: 'has names that were not asked for',
          expected: listText(comparable(desired.sans)),
          found: listText(surplus),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'ca-subject-alternative-name',
      severity: 'notice',
      says: 'A CA needs no DNS name',
      citation: 'kubeadm.md 11 (4)',
      remedy: 'nothing to do: kubeadm writes its common name there',
      appliesTo: ['ca'],
    },
    ({ certificate }) =>
      (certificate.subjectAltName ?? []).map((name) => ({
        field: 'subjectAltName',
        message: `has the name ${generalNameText(name)}`,
        expected: 'none',
        found: generalNameText(name),
      })),
  ),
  certificateCheck(
    {
      code: 'not-a-ca',
      severity: 'error',
      says: 'A CA certificate says that it is one and may sign certificates',
      citation: 'RFC 5280 4.2.1.9, 4.2.1.3',
      remedy: 'bring a CA certificate; a leaf certificate signs nothing that anybody accepts',
      appliesTo: ['ca'],
    },
    ({ certificate }) => {
      const isCa = certificate.basicConstraints?.isCa === true;
      const maySign = certificate.keyUsage?.includes('keyCertSign') !== false;
      if (isCa && maySign) return [];
      return [
        {
          field: isCa ? 'keyUsage' : 'basicConstraints',
          message: isCa ? 'may not sign certificates by its key usage' : 'is not a CA certificate',
          expected: isCa ? 'keyCertSign' : 'CA:TRUE',
          found: isCa ? listText(certificate.keyUsage ?? []) : 'CA:FALSE',
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'is-a-ca',
      severity: 'error',
      says: 'A leaf certificate is not a CA: whoever holds its key could issue any identity',
      citation: 'RFC 5280 4.2.1.9',
      remedy: 'have the certificate issued anew, and find out who made it',
      appliesTo: LEAVES,
    },
    ({ certificate }) =>
      certificate.basicConstraints?.isCa === true
        ? [
            {
              field: 'basicConstraints',
              message: 'is a CA certificate',
              expected: 'CA:FALSE',
              found: 'CA:TRUE',
            },
          ]
        : [],
  ),
  certificateCheck(
    {
      code: 'path-length',
      severity: 'notice',
      says: 'A CA may have other CAs below it only as far as its role needs',
      citation: 'RFC 5280 4.2.1.9',
      remedy: 'nothing to do; another path length takes a rotation',
      appliesTo: ['ca'],
    },
    ({ certificate, desired }) => {
      const found = certificate.basicConstraints?.pathLength;
      if (found === desired.pathLength || certificate.basicConstraints?.isCa !== true) return [];
      const text = (length: number | undefined): string =>
        length === undefined ? 'no limit' : String(length);
      return [
        {
          field: 'basicConstraints',
          message: 'has another path length',
          expected: text(desired.pathLength),
          found: text(found),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'key-usage-missing',
      severity: 'error',
      says: 'A leaf certificate may sign in a TLS handshake',
      citation: 'R4, RFC 5280 4.2.1.3',
      remedy: 'have the certificate issued anew',
      appliesTo: LEAVES,
    },
    ({ certificate }) =>
      certificate.keyUsage === undefined || certificate.keyUsage.includes('digitalSignature')
        ? []
        : [
            {
              field: 'keyUsage',
              message: 'may not sign in a TLS handshake',
              expected: 'digitalSignature',
              found: listText(certificate.keyUsage),
            },
          ],
  ),
  certificateCheck(
    {
      code: 'key-usage-differs',
      severity: 'notice',
      says: 'The key usages are those of the kind of certificate and the key',
      citation: 'R4, RFC 8813 3',
      remedy: 'nothing to do: kubeadm writes keyEncipherment on every key and no cRLSign on CAs',
    },
    ({ certificate, desired }) => {
      const found = certificate.keyUsage ?? [];
      if (isSameSet(found, desired.keyUsage)) return [];
      return [
        {
          field: 'keyUsage',
          message: 'has other key usages',
          expected: listText(desired.keyUsage),
          found: listText(found),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'extended-key-usage-missing',
      severity: 'error',
      says: 'A certificate may be used for what its role does',
      citation: 'R3, R4, RFC 5280 4.2.1.12',
      remedy: 'have the certificate issued anew',
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const found = certificate.extKeyUsage ?? [];
      // Absent means unrestricted to RFC 5280, but etcd and the API server then still want what they ask for: kubeadm always writes it.
      const missing = found.includes('anyExtendedKeyUsage') ? [] : without(desired.extKeyUsage, found);
      if (missing.length === 0) return [];
      return [
        {
          field: 'extKeyUsage',
          message: `may not be used as ${missing.join(', ')}`,
          expected: listText(desired.extKeyUsage),
          found: listText(found),
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'extended-key-usage-surplus',
      severity: 'warning',
      says: 'A certificate may be used for nothing that its role does not do',
      citation: 'R3, R4',
      remedy: 'have the certificate issued anew',
    },
    ({ certificate, desired }) => {
      const found = certificate.extKeyUsage ?? [];
      const surplus = without(found, desired.extKeyUsage);
      if (surplus.length === 0) return [];
      return [
        {
          field: 'extKeyUsage',
          message: `may also be used as ${surplus.join(', ')}`,
          expected: listText(desired.extKeyUsage),
          found: listText(found),
        },
      ];
    },
  ),
];
