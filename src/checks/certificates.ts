import type { Finding } from '../finding.ts';
import type { Certificate } from '../x509/model.ts';
import { readableBlocks, readPem } from '../x509/pem.ts';
import { bounded } from './check.ts';
import type { Evidence, RowEvidence } from './evidence.ts';
import { checkHygiene, checkSerials, type PlacedCertificate } from './hygiene.ts';
import { positionText } from './text.ts';

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
    // Where some of them cannot be read, which is which cannot be said.
    const isWhole = row.unreadable.every(({ what }) => what !== 'certificate');
    const placedOf = (all: readonly Certificate[]): readonly PlacedCertificate[] =>
      all.map((certificate, index) => ({
        ...place,
        der: certificate.der,
        certificate,
        ...(isWhole && all.length > 1 ? { position: positionText(certificate, index + 1, all.length) } : {}),
      }));
    return [
      ...placedOf([...row.certificates, ...row.others]),
      ...placedOf(row.trust),
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
  return boundedByFile(findings.filter((finding) => !isWanted(finding, evidence)));
}

/** Of what is alike in one file the first few. */
function boundedByFile(findings: readonly Finding[]): readonly Finding[] {
  const alike = new Map<string, Finding[]>();
  for (const finding of findings) {
    const kind = `${finding.code} ${finding.path}`;
    const known = alike.get(kind);
    if (known === undefined) alike.set(kind, [finding]);
    else known.push(finding);
  }
  return [...alike.values()].flatMap((some) => {
    const [first] = some;
    return first === undefined ? [] : bounded(some, first.path).map((one) => ({ ...kindOf(first), ...one }));
  });
}

/** What all findings of a kind have in common. */
function kindOf({ code, severity, row, remedy }: Finding): Omit<Finding, 'path' | 'message'> {
  return {
    code,
    severity,
    ...(row === undefined ? {} : { row }),
    ...(remedy === undefined ? {} : { remedy }),
  };
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
