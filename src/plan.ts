import type { Check } from './checks/check.ts';
import type { Evidence, RowEvidence } from './checks/evidence.ts';
import { PkiError } from './errors.ts';
import type { Finding } from './finding.ts';
import { timeText } from './checks/time.ts';
import type { DesiredRow } from './resolve/desired.ts';
import { resolveValidity, type Validity } from './resolve/template.ts';

/**
 * What becomes of a row: `create` all of it, `complete` it with what can be derived from what is there, `keep` it as it
 * is, or `refuse` because what is there contradicts the request.
 */
export type RowAction = 'create' | 'complete' | 'keep' | 'refuse';

export interface PlannedFile {
  readonly path: string;
  readonly action: 'create' | 'keep';
}

/** What becomes of one row, and why. */
export interface PlannedRow {
  readonly id: string;
  readonly purpose: string;
  readonly action: RowAction;
  /** The files that will be there; one that may stay away, as the key of an external CA, is not listed. */
  readonly files: readonly PlannedFile[];
  readonly findings: readonly Finding[];
  /** When the certificate begins and ends, where one is issued. */
  readonly validity?: Validity;
}

/** Everything that a run would do. One plan is printed, carried out and tested. */
export interface Plan {
  readonly rows: readonly PlannedRow[];
  /** Something is refused, so nothing at all is done. */
  readonly isRefused: boolean;
  /** Every file is there already. */
  readonly isComplete: boolean;
}

function planFiles(row: RowEvidence): readonly PlannedFile[] {
  const isAbsent = row.files.length === 0;
  return row.desired.files.flatMap(({ path, holds }): readonly PlannedFile[] => {
    if (row.files.some((file) => file.path === path)) return [{ path, action: 'keep' }];
    // A key that is not there is never made for a certificate that is: the CA is external (R2.6). Nor is a copy: where a
    // root is kept apart, its directory may be a mount point with nothing mounted.
    const mayStayAway = holds === 'key' || holds === 'copy';
    return !isAbsent && mayStayAway ? [] : [{ path, action: 'create' }];
  });
}

function planAction(files: readonly PlannedFile[], findings: readonly Finding[]): RowAction {
  if (findings.some((finding) => finding.severity === 'error')) return 'refuse';
  if (files.every((file) => file.action === 'keep')) return 'keep';
  return files.some((file) => file.action === 'keep') ? 'complete' : 'create';
}

/** What only a plan can find: it is about what is not there yet. */
export const VALIDITY_CAPPED: Omit<Check, 'run'> = Object.freeze({
  code: 'validity-capped',
  only: 'plan',
  severity: 'notice',
  says: 'A certificate that is issued lives as long as was asked for, unless its CA ends before',
  citation: 'kubeadm.md 1.3',
  remedy: 'renew the CA, or ask for a shorter --cert-validity',
  appliesTo: ['ca', 'certificate', 'kubeconfig'] as const,
});

function cappedFinding(row: DesiredRow, validity: Validity): Finding {
  return {
    code: VALIDITY_CAPPED.code,
    severity: VALIDITY_CAPPED.severity,
    row: row.id,
    path: row.files[0]?.path ?? '',
    field: 'notAfter',
    message: 'ends with the CA that signs it, earlier than was asked for',
    found: timeText(validity.notAfter),
    remedy: VALIDITY_CAPPED.remedy,
  };
}

/** Decides from the findings what becomes of each row. Does not compare anything itself: the checks did. */
export function planRows(evidence: Evidence, findings: readonly Finding[], now: Date): Plan {
  const validities = new Map<string, Pick<Validity, 'notBefore' | 'notAfter'>>();
  const rows: PlannedRow[] = [];
  for (const row of evidence.values()) {
    const { desired } = row;
    const files = planFiles(row);
    const own = findings.filter((finding) => finding.row === desired.id);
    const action = planAction(files, own);
    if (row.authority !== undefined) validities.set(desired.id, row.authority);
    const validity =
      action === 'create' && 'certificate' in desired
        ? resolveValidity(desired.certificate, now, validities.get(desired.certificate.signer ?? ''))
        : undefined;
    if (validity !== undefined) validities.set(desired.id, validity);
    rows.push({
      id: desired.id,
      purpose: desired.purpose,
      action,
      files,
      findings: validity?.isCapped === true ? [...own, cappedFinding(desired, validity)] : own,
      ...(validity === undefined ? {} : { validity }),
    });
  }
  return {
    rows,
    isRefused: rows.some((row) => row.action === 'refuse'),
    isComplete: rows.every((row) => row.action === 'keep'),
  };
}

/** A refused plan as an error. `wouldKeep`: requests under which everything that is there would be kept. */
export function refusalOf(plan: Plan, wouldKeep: readonly string[]): PkiError<'ERR_REFUSED'> {
  const findings = plan.rows.flatMap((row) => row.findings);
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  return new PkiError(
    'ERR_REFUSED',
    `what is there contradicts the request in ${errors} ${errors === 1 ? 'place' : 'places'}`,
    {
      detail: { findings, wouldKeep },
      hint: 'nothing was changed: mend or move away what is named, or ask for what is there',
    },
  );
}
