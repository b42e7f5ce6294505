import type { AuditFinding, Finding } from '../finding.ts';

/**
 * Gives each finding what it is known by in another audit of the same: neither the contents of the file nor the values of
 * the finding count, so that what is found again after a renewal is the same.
 */
export function withFingerprints<T extends Finding>(
  findings: readonly T[],
): readonly (T & Pick<AuditFinding, 'fingerprint'>)[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const { code, path, field } = finding;
    const identity = [code, path, field].filter((part) => part !== undefined).join(' ');
    const number = (seen.get(identity) ?? 0) + 1;
    seen.set(identity, number);
    return { ...finding, fingerprint: `${identity}:${number}` };
  });
}
