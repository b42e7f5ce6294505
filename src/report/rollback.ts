import type { Snapshot } from '../snapshot.ts';
import { columns, count } from './columns.ts';

/** What a run of `rollback` did or would do. Paths are absolute. */
export interface RollbackReport {
  readonly outcome: 'restored' | 'unchanged' | 'planned';
  /** The snapshot that was put back. */
  readonly from: string;
  readonly restored: readonly string[];
  /** What the run that is taken back has created: it was not there before, and stays. */
  readonly left: readonly string[];
  /** The snapshot of what was there until now. */
  readonly snapshot?: string;
}

const SUMMARIES: Readonly<Record<RollbackReport['outcome'], (report: RollbackReport) => string>> = {
  restored: ({ restored, from, snapshot }) =>
    `${count(restored.length, 'file')} put back from ${from}${snapshot === undefined ? '' : `; what was there until now is in ${snapshot}`}`,
  planned: ({ restored, from }) =>
    `${count(restored.length, 'file')} would be put back from ${from}; nothing was changed (--dry-run)`,
  unchanged: ({ from }) => `nothing to do: everything is as in ${from}`,
};

/** The report as people read it. */
export function rollbackText(report: RollbackReport): readonly string[] {
  const files = report.restored.length === 0 ? [] : [...report.restored, ''];
  return [...files, SUMMARIES[report.outcome](report)];
}

/** The report for programs: `docs/json.md` describes it. */
export function rollbackJson(report: RollbackReport): object {
  return { schema: 'k8s-pki/rollback/v1', ...report };
}

/** The snapshots as a table, the newest first. */
export function snapshotsText(snapshots: readonly Snapshot[]): readonly string[] {
  if (snapshots.length === 0) return ['there is no snapshot'];
  const rows = snapshots.map(({ name, command, files }) => [name, command, String(files.length)]);
  return columns([['SNAPSHOT', 'BEFORE', 'FILES'], ...rows]);
}

/** The snapshots for programs. */
export function snapshotsJson(snapshots: readonly Snapshot[]): object {
  return {
    schema: 'k8s-pki/snapshots/v1',
    snapshots: snapshots.map(({ name, directory, command, files, created }) => ({
      name,
      directory,
      command,
      files: files.map(({ path }) => path),
      created,
    })),
  };
}
