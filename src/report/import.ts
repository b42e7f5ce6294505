import { timeText } from '../checks/time.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { Fate } from '../csr/import.ts';
import type { ReloadPlan } from '../resolve/reload.ts';
import { columns, count, printable } from './columns.ts';
import { findingLines } from './findings.ts';
import { certificateJson } from './init.ts';
import { reloadJson, reloadText } from './reload.ts';

type PathOf = (logicalPath: string) => string;

/** What a run of `certs import` did or would do. */
export interface ImportReport {
  readonly outcome: 'imported' | 'unchanged' | 'planned';
  readonly spec: ClusterSpec;
  readonly directories: readonly string[];
  /** What becomes of the CAs that were named. */
  readonly authorities: readonly Fate[];
  /** What becomes of the certificates that came back. */
  readonly fates: readonly Fate[];
  readonly recovery: readonly string[];
  /** Where what was replaced lies; absent where nothing was. */
  readonly snapshot?: string;
  /** What is to be done afterwards; absent where nothing is replaced. */
  readonly reload?: ReloadPlan;
  readonly pathOf: PathOf;
}

/** Whether something was refused, or nothing that came back was waited for; where CAs alone were named nothing came back. */
export function isPartial({ authorities, fates }: ImportReport): boolean {
  if (fates.some(({ outcome }) => outcome === 'refused')) return true;
  // A CA that is here came along with the rest: nobody waited for that either.
  const others = fates.filter(({ outcome, row }) => outcome !== 'kept' || row !== undefined);
  if (others.length === 0) return authorities.length + fates.length === 0;
  return others.every(({ outcome }) => outcome === 'passed-over');
}

const allOf = ({ authorities, fates }: ImportReport): readonly Fate[] => [...authorities, ...fates];

/** A file, and which of several certificates in it. */
function sourceText({ source, position }: Pick<Fate, 'source' | 'position'>): string {
  return printable(position === undefined ? source : `${source} (certificate ${position})`);
}

/** Why each certificate that has not taken its place has not, and what is odd about those that have. */
export function importMessages({ fates, pathOf }: ImportReport): readonly string[] {
  return fates.flatMap((fate) => {
    const { outcome, why, row, findings } = fate;
    const source = sourceText(fate);
    const lines = findings.flatMap((finding) => findingLines(finding, pathOf));
    if (outcome === 'refused')
      return [printable(`error: ${source}: ${why ?? `is refused for ${row ?? ''}`}`), ...lines];
    return outcome === 'passed-over' ? [printable(`notice: ${source}: ${why ?? ''}`)] : lines;
  });
}

function summary(report: ImportReport): string {
  const { outcome, snapshot } = report;
  const fates = allOf(report);
  const of = (wanted: Fate['outcome']): number => fates.filter((fate) => fate.outcome === wanted).length;
  const refused = of('refused') === 0 ? '' : `; ${of('refused')} refused`;
  const before = snapshot === undefined ? '' : `; what was there before is in ${snapshot}`;
  switch (outcome) {
    case 'imported':
      return `${count(of('installed'), 'certificate')} installed${refused}${before}; k8s-pki certs status says what is missing`;
    case 'planned':
      return `${count(of('installed'), 'certificate')} would be installed${refused}; nothing was changed (--dry-run)`;
    case 'unchanged':
      return `nothing was changed${refused}`;
  }
}

/** The report as people read it: a line for each certificate. */
export function importText(report: ImportReport): readonly string[] {
  const rows = allOf(report).map((fate) => [
    fate.outcome,
    fate.row ?? '-',
    fate.certificate === undefined ? '-' : timeText(fate.certificate.notAfter).slice(0, 10),
    sourceText(fate),
  ]);
  const table =
    rows.length === 0 ? [] : [...columns([['OUTCOME', 'NAME', 'EXPIRES', 'SOURCE'], ...rows]), ''];
  const { reload, pathOf } = report;
  return [...table, summary(report), ...(reload === undefined ? [] : ['', ...reloadText(reload, pathOf)])];
}

/** The report for programs: `docs/json.md` describes it. */
export function importJson(report: ImportReport): object {
  const { spec, pathOf, snapshot, reload } = report;
  return {
    schema: 'k8s-pki/import/v1',
    outcome: report.outcome,
    isPartial: isPartial(report),
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    directories: report.directories,
    recovery: report.recovery,
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(reload === undefined ? {} : { reload: reloadJson(reload, pathOf) }),
    certificates: allOf(report).map(({ certificate, findings, row, why, ...fate }) => ({
      ...fate,
      ...(row === undefined ? {} : { row }),
      ...(why === undefined ? {} : { why }),
      ...(certificate === undefined ? {} : { certificate: certificateJson(certificate) }),
      findings: findings.map((finding) => ({ ...finding, path: pathOf(finding.path) })),
    })),
  };
}
