import type { Finding } from '../finding.ts';
import { knownPaths } from '../resolve/paths.ts';
import { loadForeignReader } from '../x509/certificate-reader.ts';
import type { Certificate } from '../x509/model.ts';
import type { CheckRow } from './check.ts';
import { type Evidence, isSameDer, type RowEvidence } from './evidence.ts';
import { clientCertificatesOf, type ReadCertificate, type Stray } from './strays.ts';
import { nameText } from './text.ts';

/** What there is to find of CAs that no row has. */
export const AUTHORITY_UNKNOWN: CheckRow = {
  code: 'authority-unknown',
  severity: 'warning',
  says: 'A CA whose key is here signs no CA but those of the table: whoever has the key of another can be anybody',
  citation: 'R2, RFC 5280 6.1.4',
  remedy:
    'find out who has its key; only another CA in the place of the one that signed it takes it back: Kubernetes asks for no revocation',
};

/** A CA certificate where nobody looks for one. */
interface Candidate {
  readonly path: string;
  readonly row?: string;
  readonly certificate: Certificate;
}

/**
 * Whether a certificate behind that of a row is the CA that the row wants and that is not here, or cannot be read: what is wrong
 * is told of that one.
 */
function isAwaited(
  { issuer }: Pick<Certificate, 'issuer'>,
  { subject }: Certificate,
  authority: RowEvidence | undefined,
): boolean {
  return (authority?.certificates.length ?? 0) === 0 && isSameDer(subject.der, issuer.der);
}

/** What stands behind a row's own certificate, and the certificates of the other users of its kubeconfig. */
function behindRow(row: RowEvidence, evidence: Evidence): readonly Candidate[] {
  const {
    desired,
    files: [file],
    certificates: [own, ...further],
    otherUsers,
  } = row;
  if (file === undefined || (desired.kind !== 'certificate' && desired.kind !== 'kubeconfig')) return [];
  const { signer = '' } = desired.certificate;
  const surplus = further.filter((one) => own === undefined || !isAwaited(own, one, evidence.get(signer)));
  const others = otherUsers.flatMap((user) => user.certificates);
  return [...surplus, ...others].map((certificate) => ({ path: file.path, row: desired.id, certificate }));
}

async function inStray({ file: { path }, certificates, users = [] }: Stray): Promise<readonly Candidate[]> {
  // Of a file of the table it is said already that a cluster like this one has no use for it.
  if (knownPaths().includes(path)) return [];
  const carried: ReadCertificate[] = [];
  for (const user of users) carried.push(...(await clientCertificatesOf(user)));
  return [...certificates, ...carried].map(({ certificate }) => ({ path, certificate }));
}

async function candidatesOf(evidence: Evidence, strays: readonly Stray[]): Promise<readonly Candidate[]> {
  const rows = [...evidence.values()];
  const known = rows
    .filter(({ desired }) => desired.kind === 'ca')
    .flatMap(({ certificates, key }) => [
      ...certificates.map(({ spkiDer }) => spkiDer),
      ...(key === undefined ? [] : [key.spkiDer]),
    ]);
  const found = rows.flatMap((row) => behindRow(row, evidence));
  for (const stray of strays) found.push(...(await inStray(stray)));
  const seen = new Set<string>();
  return found.filter(({ path, certificate: { basicConstraints, spkiDer, der } }) => {
    if (basicConstraints?.isCa !== true || known.some((own) => isSameDer(own, spkiDer))) return false;
    const place = `${path} ${Buffer.from(der).toString('base64')}`;
    return !seen.has(place) && seen.add(place);
  });
}

/**
 * The CA of the table that signed it and whose key is here. Where that key is elsewhere, what it signs is its owner's affair; one
 * that may have no CA below it (`pathLenConstraint` 0) gives it nothing.
 */
async function signerOf(certificate: Certificate, evidence: Evidence): Promise<RowEvidence | undefined> {
  const reader = await loadForeignReader();
  for (const row of evidence.values()) {
    const { desired, key, authority } = row;
    if (desired.kind !== 'ca' || key === undefined || authority === undefined) continue;
    if (authority.basicConstraints?.pathLength === 0) continue;
    if (!isSameDer(authority.subject.der, certificate.issuer.der)) continue;
    if (await reader.isSignedBy(certificate, authority.spkiDer)) return row;
  }
  return undefined;
}

/** Looks for CAs that a CA of the table signed and that no row has: behind the certificates of rows, and in files of no row. */
export async function checkSubAuthorities(
  evidence: Evidence,
  strays: readonly Stray[],
): Promise<readonly Finding[]> {
  const { code, severity, remedy } = AUTHORITY_UNKNOWN;
  const findings: Finding[] = [];
  for (const { certificate, ...place } of await candidatesOf(evidence, strays)) {
    const signer = await signerOf(certificate, evidence);
    if (signer === undefined) continue;
    const { id, purpose } = signer.desired;
    const message = `holds a CA of no row that ${id} (${purpose}) signed: what it signs is trusted as if that had`;
    findings.push({ code, severity, ...place, message, found: nameText(certificate.subject), remedy });
  }
  return findings;
}
