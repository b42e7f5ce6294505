import type { Finding } from '../finding.ts';
import { generalNameText, nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { SpecIssue } from '../errors.ts';
import type { Plan, PlannedRow } from '../plan.ts';
import type { PkiCertificate } from '../pki.ts';
import type { ReloadPlan } from '../resolve/reload.ts';
import type { Certificate } from '../x509/model.ts';
import { columns, count } from './columns.ts';
import { reloadJson, reloadText } from './reload.ts';

/** What a run of `init` did or would do; what every form of its report is made from. */
export interface InitReport {
  readonly outcome: 'created' | 'unchanged' | 'planned' | 'refused';
  readonly spec: ClusterSpec;
  readonly directories: readonly string[];
  readonly plan: Plan;
  /** Empty where nothing was issued. */
  readonly certificates: readonly PkiCertificate[];
  readonly warnings: readonly SpecIssue[];
  /** Requests that would keep everything that is there. */
  readonly wouldKeep: readonly string[];
  /** What became, or will become, of runs that were interrupted earlier, a sentence each. */
  readonly recovery: readonly string[];
  /** Where what was replaced lies, and what was created is written down; absent where nothing was. */
  readonly snapshot?: string;
  /** The snapshots of earlier runs that told nobody of what they had changed: `reload` covers it as well. */
  readonly untold?: readonly string[];
  /** What is to be done afterwards; absent where nothing is replaced. */
  readonly reload?: ReloadPlan;
  readonly pathOf: (logicalPath: string) => string;
}

/** When the certificate of a row ends, issued or to be issued. */
export function endOf(row: PlannedRow, certificates: readonly PkiCertificate[]): Date | undefined {
  return (
    certificates.find((certificate) => certificate.id === row.id)?.certificate.notAfter ??
    row.validity?.notAfter
  );
}

/** Of the directories the one that a file belongs to. */
function innermost(path: string, directories: readonly string[]): string | undefined {
  return directories
    .filter((directory) => path.startsWith(directory === '/' ? '/' : `${directory}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

function summary(report: InitReport): string {
  const { plan, outcome } = report;
  const files = plan.rows.flatMap((row) => row.files);
  const created = files.filter((file) => file.action === 'create').map((file) => report.pathOf(file.path));
  const replaced = files.filter((file) => file.action === 'replace').map((file) => report.pathOf(file.path));
  const again = replaced.length === 0 ? '' : `, ${replaced.length} replaced`;
  const isNew = created.length;
  const where = report.directories
    .filter((directory) =>
      [...created, ...replaced].some((path) => innermost(path, report.directories) === directory),
    )
    .join(' and ');
  const ends = plan.rows
    .map((row) => endOf(row, report.certificates))
    .filter((end) => end !== undefined)
    .toSorted((a, b) => a.getTime() - b.getTime());
  const expiry =
    ends[0] === undefined ? '' : `; the first certificate expires on ${timeText(ends[0]).slice(0, 10)}`;
  const before = report.snapshot === undefined ? '' : `; what was there before is in ${report.snapshot}`;
  switch (outcome) {
    case 'created':
      return `${count(isNew, 'file')} created${again} in ${where}${expiry}${before}`;
    case 'planned':
      return `${count(isNew, 'file')} would be created${again} in ${where}; nothing was changed (--dry-run)`;
    case 'unchanged':
      if (plan.rows.length === 0) return 'nothing to do';
      return `nothing to do: all ${count(files.length, 'file')} are there and as requested${expiry}`;
    case 'refused':
      return 'nothing was changed';
  }
}

/** The report as people read it: a line for each row of the table, and a last line that says where and until when. */
export function initText(report: InitReport): readonly string[] {
  const { spec, plan, pathOf } = report;
  const head = `profile ${spec.profile}, Kubernetes ${spec.kubernetesVersion.text}, ${spec.keyAlgorithm}`;
  const reload = report.reload === undefined ? [] : ['', ...reloadText(report.reload, pathOf)];
  const rows = plan.rows.map((row) => {
    const end = endOf(row, report.certificates);
    return [
      row.action,
      row.id,
      end === undefined ? '-' : timeText(end).slice(0, 10),
      row.files.map((file) => pathOf(file.path)).join(' '),
    ];
  });
  return [
    head,
    '',
    ...columns([['ACTION', 'NAME', 'EXPIRES', 'FILES'], ...rows]),
    '',
    summary(report),
    ...reload,
  ];
}

/** What a report says of a certificate. */
export function certificateJson(certificate: Certificate): object {
  const { subject, issuer, serialHex, notBefore, notAfter, subjectAltName = [] } = certificate;
  return {
    subject: nameText(subject),
    issuer: nameText(issuer),
    serialNumber: serialHex,
    notBefore: timeText(notBefore),
    notAfter: timeText(notAfter),
    subjectAltName: subjectAltName.map(generalNameText),
  };
}

function findingJson(finding: Finding, pathOf: InitReport['pathOf']): object {
  return { ...finding, path: pathOf(finding.path) };
}

/** The rows of a plan, with what was issued. */
export function rowsJson({
  plan,
  certificates,
  pathOf,
}: Pick<InitReport, 'plan' | 'certificates' | 'pathOf'>): readonly object[] {
  return plan.rows.map((row) => {
    const issued = certificates.find((certificate) => certificate.id === row.id)?.certificate;
    return {
      id: row.id,
      purpose: row.purpose,
      action: row.action,
      files: row.files.map((file) => ({ path: pathOf(file.path), action: file.action })),
      ...(issued === undefined ? {} : { certificate: certificateJson(issued) }),
      findings: row.findings.map((finding) => findingJson(finding, pathOf)),
    };
  });
}

/** The report for programs: `docs/json.md` describes it, and it changes only by additions within a schema version. */
export function initJson(report: InitReport): object {
  const { spec } = report;
  return {
    schema: 'k8s-pki/init/v1',
    outcome: report.outcome,
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    keyAlgorithm: spec.keyAlgorithm,
    directories: report.directories,
    recovery: report.recovery,
    warnings: report.warnings,
    wouldKeep: report.wouldKeep,
    ...(report.snapshot === undefined ? {} : { snapshot: report.snapshot }),
    ...(report.reload === undefined ? {} : { reload: reloadJson(report.reload, report.pathOf) }),
    rows: rowsJson(report),
  };
}
