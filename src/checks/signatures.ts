import { type DesiredCertificate, fileThatHolds } from '../resolve/desired.ts';
import type { Certificate } from '../x509/model.ts';
import { isVerifiable } from '../x509/signature.ts';
import { type Check, certificateCheck, listText } from './check.ts';
import { isSameDer, type RowEvidence } from './evidence.ts';
import { ISSUE_ANEW, ISSUE_LEAF_ANEW } from './remedies.ts';
import { generalNameText, nameText } from './text.ts';

/** The certificate of the signer's file that carries the key which signed, or the first one. */
function signerCertificate(
  certificate: Certificate,
  signer: RowEvidence | undefined,
): Certificate | undefined {
  return (
    signer?.certificates.find(
      (candidate) => candidate.subjectKeyIdentifier === certificate.authorityKeyIdentifier,
    ) ?? signer?.certificates[0]
  );
}

/** What to ask of whoever has the CA's key. */
function wishText({ commonName, organization, extKeyUsage, sans }: DesiredCertificate): string {
  const subject = [`CN=${commonName}`, ...organization.map((name) => `O=${name}`)].join(', ');
  return [subject, listText(extKeyUsage), ...sans.map(generalNameText)].join('; ');
}

/** Whether each certificate is signed by the CA of its role, and says so. */
export const SIGNATURE_CHECKS: readonly Check[] = [
  certificateCheck(
    {
      code: 'signer-absent',
      severity: 'error',
      says: 'What is there has its CA beside it',
      citation: 'R2, R3',
      remedy: 'bring the CA certificate that signed it; a new CA would not fit what is there',
      isOfAbsence: true,
    },
    ({ desired }, _, { evidence }) => {
      if (desired.signer === undefined) return [];
      const signer = evidence.get(desired.signer);
      if (signer === undefined || signer.files.length > 0) return [];
      return [{ message: `is there without the certificate of ${signer.desired.id}, its CA` }];
    },
  ),
  {
    code: 'signer-key-absent',
    only: 'plan',
    severity: 'error',
    says: 'What is missing can be issued here: its CA has its key beside it',
    citation: 'R2.6, kubeadm.md 3.3',
    remedy:
      'have the certificate signed where the CA key is and put it here with its key, or bring the CA key',
    appliesTo: ['ca', 'certificate', 'kubeconfig'],
    run: (row, { evidence, signers }) => {
      if (row.files.length > 0 || !('certificate' in row.desired)) return [];
      const signer = evidence.get(row.desired.certificate.signer ?? '');
      if (signer === undefined || signer.certificates.length === 0 || signers.has(signer.desired.id))
        return [];
      const path = fileThatHolds(signer.desired, 'key')?.path;
      // A key that is there and cannot be read is a finding of its own.
      if (signer.files.some((file) => file.path === path)) return [];
      return [
        {
          path: row.desired.files[0]?.path ?? '',
          message: `is missing, and the key of ${signer.desired.id}, which would sign it, is not here`,
          expected: wishText(row.desired.certificate),
        },
      ];
    },
  },
  certificateCheck(
    {
      code: 'signer-mismatch',
      severity: 'error',
      says: 'A certificate is signed with the key of the CA of its role',
      citation: 'RFC 5280 6.1.3 (a)(1), R3',
      remedy: `${ISSUE_LEAF_ANEW}; where the CA that signed it is the right one and not here, bring that`,
    },
    ({ desired }, row, { evidence, audit }) => {
      const expected = desired.signer ?? row.desired.id;
      const signer = evidence.get(expected);
      if (signer === undefined || signer.certificates.length === 0 || row.signedBy.includes(expected))
        return [];
      const [certificate] = row.certificates;
      if (certificate === undefined) return [];
      const isForeignIntermediate =
        desired.signer === undefined && !isSameDer(certificate.issuer.der, certificate.subject.der);
      if (isForeignIntermediate) return [];
      const [actual] = row.signedBy;
      if (actual === undefined && !isVerifiable(certificate)) {
        const isSelfIssued = isSameDer(certificate.issuer.der, certificate.subject.der);
        // Whose it is nobody can tell. An audit says so by itself, of a leaf only where it names another one: `signature-refused`.
        const isSaid = audit !== undefined && (desired.signer === undefined || !isSelfIssued);
        const message = 'has a signature that cannot be checked';
        return isSaid ? [] : [{ field: 'signature', message, expected: `the key of ${expected}` }];
      }
      const wordsOf = (id: string): string => `${id} (${evidence.get(id)?.desired.purpose ?? ''})`;
      const [message, found] =
        actual === undefined
          ? [
              'is signed by a CA that is not here',
              `a key that is not here, under the name "${nameText(certificate.issuer)}"`,
            ]
          : [`is signed by ${wordsOf(actual)}, not by ${wordsOf(expected)}`, `the key of ${actual}`];
      return [{ field: 'signature', message, expected: `the key of ${expected}`, found }];
    },
  ),
  certificateCheck(
    {
      code: 'issuer-name-mismatch',
      severity: 'error',
      says: "The issuer of a certificate is its CA's subject, byte for byte: Go compares nothing less",
      citation: 'RFC 5280 4.1.2.4',
      remedy: ISSUE_ANEW,
    },
    ({ certificate, desired }, row, { evidence }) => {
      if (desired.signer === undefined || !row.signedBy.includes(desired.signer)) return [];
      const authorities = evidence.get(desired.signer)?.certificates ?? [];
      if (authorities.some((authority) => isSameDer(authority.subject.der, certificate.issuer.der)))
        return [];
      const expected = nameText(authorities[0]?.subject ?? certificate.subject);
      const found = nameText(certificate.issuer) || 'none';
      return [
        {
          field: 'issuer',
          message: 'does not name its CA as the CA names itself',
          expected,
          found: found === expected ? `${found}, in another encoding` : found,
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'authority-key-identifier-mismatch',
      severity: 'warning',
      says: "A certificate's authorityKeyIdentifier is its CA's subjectKeyIdentifier: OpenSSL insists, Go does not look",
      citation: 'RFC 5280 4.2.1.1',
      remedy: ISSUE_ANEW,
    },
    ({ certificate, desired }, row, { evidence }) => {
      if (desired.signer === undefined || !row.signedBy.includes(desired.signer)) return [];
      const authority = signerCertificate(certificate, evidence.get(desired.signer));
      const expected = authority?.subjectKeyIdentifier;
      const found = certificate.authorityKeyIdentifier;
      // One that is absent points nowhere, and OpenSSL does not mind.
      if (expected === undefined || found === undefined || found === expected) return [];
      return [
        {
          field: 'authorityKeyIdentifier',
          message: 'points to another key than that of its CA',
          expected,
          found,
        },
      ];
    },
  ),
  certificateCheck(
    {
      code: 'subject-key-identifier-absent',
      only: 'plan',
      severity: 'notice',
      says: 'Every certificate carries a subjectKeyIdentifier',
      citation: 'RFC 5280 4.2.1.2',
      remedy: 'nothing to do: kubeadm writes none on leaf certificates',
    },
    ({ certificate }) =>
      certificate.subjectKeyIdentifier === undefined
        ? [{ field: 'subjectKeyIdentifier', message: 'has no subjectKeyIdentifier' }]
        : [],
  ),
  certificateCheck(
    {
      code: 'foreign-intermediate',
      severity: 'notice',
      says: 'A CA that is signed by another one is used as it is; the other one is not looked for',
      citation: 'R2.5',
      remedy: 'where its root lies beside it, say --root-ca; else nothing',
      appliesTo: ['ca'],
    },
    ({ certificate, desired }) =>
      desired.signer === undefined && !isSameDer(certificate.issuer.der, certificate.subject.der)
        ? [{ field: 'issuer', message: 'is not self-signed', found: nameText(certificate.issuer) }]
        : [],
  ),
  {
    code: 'chain-incomplete',
    severity: 'warning',
    says: 'Under a single root, what serves carries its intermediate, and nothing else',
    citation: 'RFC 8446 4.4.2, R2.5',
    remedy:
      'cat the certificate itself and then what is expected into the file, in this order and nothing else',
    appliesTo: ['certificate'],
    isOfAbsence: true,
    run: (row, { evidence }) => {
      if (row.desired.kind !== 'certificate' || row.certificates.length === 0) return [];
      const expected = row.desired.chain.flatMap((id) => evidence.get(id)?.authority ?? []);
      const found = row.certificates.slice(1);
      const isSame =
        found.length === expected.length &&
        expected.every((wanted, index) => {
          const actual = found[index];
          return actual !== undefined && isSameDer(actual.der, wanted.der);
        });
      if (isSame) return [];
      const names = (certificates: readonly Certificate[]): string =>
        listText(certificates.map((certificate) => nameText(certificate.subject)));
      return [
        {
          path: row.files[0]?.path ?? '',
          message:
            found.length === 0
              ? 'lacks its intermediate behind its own certificate'
              : 'carries other certificates behind its own than its chain has',
          expected: names(expected),
          found: names(found),
        },
      ];
    },
  },
  {
    code: 'bundle-mismatch',
    severity: 'error',
    says: 'A trust bundle holds the certificates of its CAs in order, and nothing else',
    citation: 'R2.5',
    remedy: 'remove the file and run k8s-pki init again: it is made of the CAs that are here',
    appliesTo: ['bundle'],
    isOfAbsence: true,
    run: (row, { evidence }) => {
      if (row.desired.kind !== 'bundle' || row.certificates.length === 0) return [];
      const expected = row.desired.of.flatMap((id) => evidence.get(id)?.certificates ?? []);
      const isSame =
        expected.length === row.certificates.length &&
        expected.every((wanted, index) =>
          isSameDer(wanted.der, row.certificates[index]?.der ?? new Uint8Array()),
        );
      if (isSame) return [];
      return [
        {
          path: row.files[0]?.path ?? '',
          message: 'does not hold just the certificates of its CAs',
          expected: listText(expected.map((certificate) => nameText(certificate.subject))),
          found: listText(row.certificates.map((certificate) => nameText(certificate.subject))),
        },
      ];
    },
  },
];
