import { isGoodForHost } from '../x509/host-name.ts';
import { attributeValues, COMMON_NAME_OID, ORGANIZATION_OID } from '../x509/model.ts';
import { UNDERSTOOD_OIDS } from '../x509/path-certificate.ts';
import { AUTHORITY_INFO_ACCESS_OID } from '../x509/path-extensions.ts';
import { type CertificateUnderCheck, type Check, certificateCheck, type Hit, listText } from './check.ts';
import { ISSUE_ANEW, ISSUE_LEAF_ANEW } from './remedies.ts';
import { generalNameText, oidText } from './text.ts';

type Names = readonly string[];

const LEAVES = ['certificate', 'kubeconfig'] as const;

function without(all: Names, some: Names): Names {
  const excluded = new Set(some);
  return all.filter((value) => !excluded.has(value));
}

function isSameSet(a: Names, b: Names): boolean {
  return a.length === b.length && without(a, b).length === 0 && without(b, a).length === 0;
}

/** One hit on a field that has other values than it should. */
function difference(
  field: string,
  message: string,
  expected: Names,
  found: Names,
): readonly Omit<Hit, 'path'>[] {
  return [{ field, message, expected: listText(expected), found: listText(found) }];
}

function findCommonName({ certificate, desired }: CertificateUnderCheck): readonly Omit<Hit, 'path'>[] {
  const found = attributeValues(certificate.subject, COMMON_NAME_OID);
  if (isSameSet(found, [desired.commonName])) return [];
  return difference('subject', 'has another common name', [desired.commonName], found);
}

/** DNS names are compared without case (RFC 4343), addresses by value. */
function comparable(names: CertificateUnderCheck['desired']['sans']): Names {
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
      remedy: ISSUE_LEAF_ANEW,
      appliesTo: LEAVES,
    },
    findCommonName,
  ),
  certificateCheck(
    {
      code: 'organization',
      severity: 'error',
      says: 'The organizations are those of the role: Kubernetes takes them for groups',
      citation: 'R3, R6',
      remedy: ISSUE_LEAF_ANEW,
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const found = attributeValues(certificate.subject, ORGANIZATION_OID);
      if (isSameSet(found, desired.organization)) return [];
      return difference(
        'subject',
        'has other organizations, which are groups to Kubernetes',
        desired.organization,
        found,
      );
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
    findCommonName,
  ),
  certificateCheck(
    {
      code: 'subject-alternative-name-missing',
      severity: 'error',
      says: 'A certificate has every name and address under which its owner is reached',
      citation: 'R3, RFC 6125 6.4',
      remedy: `${ISSUE_LEAF_ANEW}, with --apiserver-cert-extra-sans and the like for names of your own`,
    },
    ({ certificate, desired }) => {
      const present = comparable(certificate.subjectAltName ?? []);
      const own = new Set(present);
      const others = desired.sans.filter((name) => comparable([name]).some((text) => !own.has(text)));
      // A name under a wildcard that is there is reached all the same.
      const missing = comparable(others.filter(({ value }) => !isGoodForHost(certificate, value)));
      if (missing.length === 0) return [];
      return difference('subjectAltName', `lacks ${listText(missing)}`, missing, present);
    },
  ),
  certificateCheck(
    {
      code: 'subject-alternative-name-surplus',
      severity: 'warning',
      says: 'A certificate has no name that was not asked for',
      citation: 'R3',
      remedy:
        'ask for the names that are meant with --apiserver-cert-extra-sans and the like; or move certificate and key away and run k8s-pki init again',
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const surplus = without(comparable(certificate.subjectAltName ?? []), comparable(desired.sans));
      if (surplus.length === 0) return [];
      return difference(
        'subjectAltName',
        'has names that were not asked for',
        comparable(desired.sans),
        surplus,
      );
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
    ({ certificate }) => {
      const found = comparable(certificate.subjectAltName ?? []);
      return found.length === 0 ? [] : difference('subjectAltName', 'has names', [], found);
    },
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
      if (certificate.basicConstraints?.isCa !== true) {
        return difference('basicConstraints', 'is not a CA certificate', ['CA:TRUE'], ['CA:FALSE']);
      }
      if (certificate.keyUsage === undefined || certificate.keyUsage.includes('keyCertSign')) return [];
      return difference('keyUsage', 'may not sign certificates', ['keyCertSign'], certificate.keyUsage);
    },
  ),
  certificateCheck(
    {
      code: 'is-a-ca',
      severity: 'error',
      says: 'A leaf certificate is not a CA: whoever holds its key could issue any identity',
      citation: 'RFC 5280 4.2.1.9',
      remedy: `find out who made it, and ${ISSUE_LEAF_ANEW}`,
      appliesTo: LEAVES,
    },
    ({ certificate }) =>
      certificate.basicConstraints?.isCa === true
        ? difference('basicConstraints', 'is a CA certificate', ['CA:FALSE'], ['CA:TRUE'])
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
      return difference(
        'basicConstraints',
        'has another path length',
        [text(desired.pathLength)],
        [text(found)],
      );
    },
  ),
  certificateCheck(
    {
      code: 'key-usage-missing',
      severity: 'error',
      says: 'A leaf certificate may sign in a TLS handshake',
      citation: 'R4, RFC 5280 4.2.1.3',
      remedy: ISSUE_LEAF_ANEW,
      appliesTo: LEAVES,
    },
    ({ certificate }) =>
      certificate.keyUsage === undefined || certificate.keyUsage.includes('digitalSignature')
        ? []
        : difference(
            'keyUsage',
            'may not sign in a TLS handshake',
            ['digitalSignature'],
            certificate.keyUsage,
          ),
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
      return difference('keyUsage', 'has other key usages', desired.keyUsage, found);
    },
  ),
  certificateCheck(
    {
      code: 'extended-key-usage-missing',
      severity: 'error',
      says: 'A certificate may be used for what its role does',
      citation: 'R3, R4, RFC 5280 4.2.1.12',
      remedy: ISSUE_LEAF_ANEW,
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      const found = certificate.extKeyUsage ?? ['anyExtendedKeyUsage'];
      const missing = found.includes('anyExtendedKeyUsage') ? [] : without(desired.extKeyUsage, found);
      if (missing.length === 0) return [];
      return difference(
        'extKeyUsage',
        `may not be used as ${missing.join(', ')}`,
        desired.extKeyUsage,
        found,
      );
    },
  ),
  certificateCheck(
    {
      code: 'extended-key-usage-surplus',
      severity: 'warning',
      says: 'A certificate may be used for nothing that its role does not do',
      citation: 'R3, R4',
      remedy: ISSUE_LEAF_ANEW,
      appliesTo: LEAVES,
    },
    ({ certificate, desired }) => {
      // Without the extension it may be used for anything (RFC 5280 4.2.1.12).
      const found = certificate.extKeyUsage ?? ['anyExtendedKeyUsage'];
      const surplus = without(found, desired.extKeyUsage);
      if (surplus.length === 0) return [];
      return difference(
        'extKeyUsage',
        `may also be used as ${surplus.join(', ')}`,
        desired.extKeyUsage,
        found,
      );
    },
  ),
  certificateCheck(
    {
      code: 'critical-extension-unknown',
      severity: 'error',
      says: 'A certificate has no critical extension that Go does not know: it would refuse the certificate',
      citation: 'RFC 5280 4.2',
      remedy: `${ISSUE_ANEW}; whoever issues it leaves the extension out`,
    },
    ({ certificate }) => {
      // Go understands this one, and refuses it where it is critical; key identifiers have a rule of their own.
      const isRefused = (oid: string): boolean =>
        !UNDERSTOOD_OIDS.has(oid) || oid === AUTHORITY_INFO_ACCESS_OID;
      const unknown = certificate.extensions.filter(({ oid, critical }) => critical && isRefused(oid));
      if (unknown.length === 0) return [];
      return difference(
        'extensions',
        'has critical extensions that Go refuses',
        [],
        unknown.map(({ oid }) => oidText(oid)),
      );
    },
  ),
];
