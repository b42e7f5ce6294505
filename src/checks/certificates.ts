import type { Finding } from '../finding.ts';
import { readableBlocks, readPem } from '../x509/pem.ts';
import type { Evidence, RowEvidence } from './evidence.ts';
import { checkHygiene, checkSerials, type PlacedCertificate } from './hygiene.ts';

/** The certificates in a text, also such as no reader takes. */
function certificatesIn(pem: string): readonly Uint8Array[] {
  return readableBlocks(readPem(pem)).flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [der] : []));
}

/** The certificates of a row that the reader refuses. How they are encoded may say why. */
function refusedCertificates({ files, kubeconfig, unreadable }: RowEvidence): readonly Uint8Array[] {
  const refused = unreadable.filter(({ what }) => what === 'certificate').map(({ path }) => path);
  if (refused.length === 0) return [];
  const embedded = [kubeconfig?.clientCertificate, kubeconfig?.certificateAuthority].flatMap((part) =>
    part !== undefined && 'pem' in part ? [part.pem] : [],
  );
  const texts = files.filter(({ path }) => refused.includes(path)).map(({ contents = '' }) => contents);
  return [...texts, ...embedded].flatMap(certificatesIn);
}

/** Holds every certificate to what certificates are held to, whatever they are for; one in several places once. */
export function checkCertificates(evidence: Evidence): readonly Finding[] {
  const placed = [...evidence.values()].flatMap((row): readonly PlacedCertificate[] => {
    const place = { row: row.desired.id, path: row.files[0]?.path ?? '' };
    const read = [...row.certificates, ...row.others, ...row.trust];
    return [
      ...read.map((certificate) => ({ ...place, der: certificate.der, certificate })),
      ...refusedCertificates(row).map((der) => ({ ...place, der })),
    ];
  });
  // What one file has unread another may have read.
  const inOrder = placed.toSorted(
    (a, b) => Number(b.certificate !== undefined) - Number(a.certificate !== undefined),
  );
  // By their bytes and in linear time: a bundle may hold thousands.
  const byBytes = new Map<string, PlacedCertificate>();
  for (const one of inOrder) {
    const bytes = Buffer.from(one.der).toString('base64');
    if (!byBytes.has(bytes)) byBytes.set(bytes, one);
  }
  const distinct = [...byBytes.values()];
  const findings = [...distinct.flatMap(checkHygiene), ...checkSerials(distinct)];
  return findings.filter((finding) => !isWanted(finding, evidence));
}

/** What the table itself asks for is worth no notice: keyEncipherment on RSA clients (R4). */
function isWanted({ severity, field, row = '' }: Finding, evidence: Evidence): boolean {
  const { desired, certificates } = evidence.get(row) ?? {};
  if (severity !== 'notice' || field !== 'keyUsage' || desired === undefined || !('certificate' in desired))
    return false;
  const found = certificates?.[0]?.keyUsage ?? [];
  const wanted = desired.certificate.keyUsage;
  return found.length === wanted.length && found.every((usage) => wanted.includes(usage));
}
