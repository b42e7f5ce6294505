import type { Finding } from '../finding.ts';
import { timeText } from '../checks/time.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import type { PkiCertificate } from '../pki.ts';
import { ISSUING, type Plan } from '../plan.ts';
import { columns, count } from './columns.ts';
import type { OtherNode } from '../renew.ts';
import type { ReloadPlan } from '../resolve/reload.ts';
import { endOf, rowsJson } from './init.ts';
import { reloadJson, reloadText } from './reload.ts';

/** What a run of `certs renew` or `recover` did or would do. */
export interface RenewReport {
  readonly outcome: 'renewed' | 'unchanged' | 'planned';
  /** What the files fit best, with what was given. */
  readonly spec: ClusterSpec;
  readonly directories: readonly string[];
  readonly plan: Plan;
  readonly certificates: readonly PkiCertificate[];
  /** Where what is there says something else than what was given. */
  readonly differences: readonly Finding[];
  /** Which of the two was asked for. */
  readonly from?: 'spec' | 'certificate' | undefined;
  /** The nodes that are other hosts. */
  readonly nodes: readonly OtherNode[];
  readonly recovery: readonly string[];
  /** Where what was replaced lies, and what was created is written down; absent where nothing was. */
  readonly snapshot?: string;
  /** The snapshots of earlier runs that told nobody of what they had changed: `reload` covers it as well. */
  readonly untold?: readonly string[];
  /** What is to be done afterwards; absent where nothing is replaced. */
  readonly reload?: ReloadPlan;
  readonly pathOf: (logicalPath: string) => string;
}

/** The rows that were asked for: renewed, or not. */
function askedFor({ plan }: RenewReport): Plan['rows'] {
  return plan.rows.filter(({ action }) => action !== 'keep');
}

/** Whether something that was asked for could not be done. */
export function isPartial(report: RenewReport): boolean {
  return report.plan.rows.some(({ action }) => action === 'refuse');
}

function summary(report: RenewReport): string {
  const renewed = report.plan.rows.filter(({ action }) => action === 'renew').length;
  const left = report.plan.rows.filter(({ action }) => action === 'refuse').length;
  const rest = left === 0 ? '' : `; ${left} could not be renewed`;
  switch (report.outcome) {
    case 'renewed':
      return `${count(renewed, 'certificate')} renewed${rest}; what was there before is in ${report.snapshot ?? ''}`;
    case 'planned':
      return `${count(renewed, 'certificate')} would be renewed${rest}; nothing was changed (--dry-run)`;
    case 'unchanged':
      return left === 0 ? 'nothing to do: nothing is due' : `nothing was changed${rest}`;
  }
}

/** A line for each row that was asked for, and an empty one; nothing where nothing was. */
export function rowsText(report: RenewReport): readonly string[] {
  const { certificates, pathOf } = report;
  const rows = askedFor(report).map((row) => {
    const isNew = ISSUING.includes(row.action) && report.outcome === 'planned';
    const end = isNew ? row.validity?.notAfter : endOf(row, certificates);
    const files = row.files.filter(({ action }) => action !== 'keep');
    return [
      row.action,
      row.id,
      end === undefined ? '-' : timeText(end).slice(0, 10),
      files.map((file) => pathOf(file.path)).join(' ') || '-',
    ];
  });
  return rows.length === 0 ? [] : [...columns([['ACTION', 'NAME', 'EXPIRES', 'FILES'], ...rows]), ''];
}

/** The report as people read it. */
export function renewText(report: RenewReport): readonly string[] {
  const { reload, pathOf } = report;
  const next = reload === undefined ? [] : ['', ...reloadText(reload, pathOf)];
  return [...rowsText(report), summary(report), ...next];
}

/** The report for programs: `docs/json.md` describes it. */
export function renewJson(report: RenewReport): object {
  return { schema: 'k8s-pki/renew/v1', outcome: report.outcome, ...renewalJson(report) };
}

/** What every form of it for programs has. */
export function renewalJson(report: RenewReport): object {
  const { pathOf, snapshot, from, reload } = report;
  return {
    isPartial: isPartial(report),
    profile: report.spec.profile,
    kubernetesVersion: report.spec.kubernetesVersion.text,
    directories: report.directories,
    recovery: report.recovery,
    ...(from === undefined ? {} : { from }),
    differences: report.differences.map((finding) => ({ ...finding, path: pathOf(finding.path) })),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(reload === undefined ? {} : { reload: reloadJson(reload, pathOf) }),
    rows: rowsJson(report),
  };
}
