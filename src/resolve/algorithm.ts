import type { KeyAlgorithm } from '../x509/algorithms.ts';
import type { DesiredCertificate, DesiredRow } from './desired.ts';

/** The usages of a key of one kind, from those of another: only some can encipher (RFC 8813 3). */
function usagesFor(
  { keyUsage }: DesiredCertificate,
  algorithm: KeyAlgorithm,
): DesiredCertificate['keyUsage'] {
  return algorithm.canEncipherKeys ? keyUsage : keyUsage.filter((usage) => usage !== 'keyEncipherment');
}

/** A row whose certificate is for a key of another kind; the same where none is given. */
export function withAlgorithm(row: DesiredRow, algorithm: KeyAlgorithm | undefined): DesiredRow {
  if (algorithm === undefined || (row.kind !== 'certificate' && row.kind !== 'kubeconfig')) return row;
  const { renewedAlgorithm: _, ...certificate } = row.certificate;
  return {
    ...row,
    certificate: { ...certificate, algorithm, keyUsage: usagesFor(certificate, algorithm) },
  };
}
