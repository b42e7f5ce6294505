import type { PendingStatus, RowStatus } from '../csr/status.ts';
import { columns, count } from './columns.ts';
import { findingLines } from './findings.ts';

type PathOf = (logicalPath: string) => string;

const NONE: Readonly<Record<RowStatus['key'], string>> = {
  there: 'yes',
  missing: 'MISSING',
  elsewhere: 'elsewhere',
  none: '-',
};

/** The status as people read it: a line for each row. */
export function statusText({ rows, isComplete }: PendingStatus): readonly string[] {
  const lines = rows.map((row) => [
    row.state,
    row.id,
    NONE[row.key],
    NONE[row.request],
    NONE[row.certificate],
    NONE[row.chain],
    row.next ?? '',
  ]);
  const open = rows.filter(({ state }) => state !== 'complete').length;
  return [
    ...columns([['STATE', 'NAME', 'KEY', 'REQUEST', 'CERTIFICATE', 'CHAIN', 'NEXT'], ...lines]),
    '',
    isComplete
      ? `all ${rows.length} are there and as they should be`
      : `${count(open, 'item')} of ${rows.length} missing or wrong`,
  ];
}

/** What is wrong with what is there. */
export function statusMessages({ rows }: PendingStatus, pathOf: PathOf): readonly string[] {
  return rows.flatMap(({ findings }) => findings.flatMap((finding) => findingLines(finding, pathOf)));
}

/** The status for programs: `docs/json.md` describes it. */
export function statusJson(
  { spec, rows, isComplete }: PendingStatus,
  directories: readonly string[],
  pathOf: PathOf,
): object {
  return {
    schema: 'k8s-pki/status/v1',
    isComplete,
    profile: spec.profile,
    kubernetesVersion: spec.kubernetesVersion.text,
    directories,
    rows: rows.map(({ path, findings, ...row }) => ({
      ...row,
      path: pathOf(path),
      findings: findings.map((finding) => ({ ...finding, path: pathOf(finding.path) })),
    })),
  };
}
