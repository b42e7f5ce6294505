import type { ClusterSpec } from '../cluster/spec.ts';
import type { SpecIssue } from '../errors.ts';
import type { Plan } from '../plan.ts';
import { columns, count } from './columns.ts';

/** What a run of `certs generate-csr` did or would do. */
export interface RequestsReport {
  readonly outcome: 'created' | 'unchanged' | 'planned';
  readonly spec: ClusterSpec;
  readonly directories: readonly string[];
  readonly plan: Plan;
  readonly warnings: readonly SpecIssue[];
  readonly recovery: readonly string[];
  readonly pathOf: (logicalPath: string) => string;
}

function summary({ outcome, plan }: RequestsReport): string {
  const files = plan.rows.flatMap((row) => row.files);
  const created = count(files.filter(({ action }) => action === 'create').length, 'file');
  switch (outcome) {
    case 'created':
      return `${created} created: have the requests signed, then k8s-pki certs import`;
    case 'planned':
      return `${created} would be created; nothing was changed (--dry-run)`;
    case 'unchanged':
      return `nothing to do: all ${count(files.length, 'file')} are there`;
  }
}

/** The report as people read it. */
export function requestsText(report: RequestsReport): readonly string[] {
  const rows = report.plan.rows.map(({ action, id, files }) => [
    action,
    id,
    files.map(({ path }) => report.pathOf(path)).join(' '),
  ]);
  return [...columns([['ACTION', 'NAME', 'FILES'], ...rows]), '', summary(report)];
}

/** The report for programs: `docs/json.md` describes it. */
export function requestsJson(report: RequestsReport): object {
  const { spec, pathOf } = report;
  return {
    schema: 'k8s-pki/requests/v1',
    outcome: report.outcome,
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    directories: report.directories,
    recovery: report.recovery,
    warnings: report.warnings,
    rows: report.plan.rows.map(({ id, purpose, action, files }) => ({
      id,
      purpose,
      action,
      files: files.map(({ path, action: of }) => ({ path: pathOf(path), action: of })),
    })),
  };
}
