import type { ReloadPlan } from '../resolve/reload.ts';
import type { Snapshot } from '../snapshot.ts';
import { columns, count } from './columns.ts';
import { reloadJson, reloadText } from './reload.ts';

/** What a run of `rollback` did or would do. Paths are absolute. */
export interface RollbackReport {
  readonly outcome: 'restored' | 'unchanged' | 'planned';
  /** The snapshot that was put back. */
  readonly from: string;
  readonly restored: readonly string[];
  /** What the run that is taken back has created: it was not there before. */
  readonly removed: readonly string[];
  /** The snapshot of what was there until now. */
  readonly snapshot?: string;
  /** What is to be done afterwards; absent where nothing is put back. */
  readonly reload?: ReloadPlan;
  readonly pathOf: (logicalPath: string) => string;
}

function summary({ outcome, restored, removed, from, snapshot }: RollbackReport): string {
  const before = snapshot === undefined ? '' : `; what was there until now is in ${snapshot}`;
  const gone = removed.length === 0 ? '' : `, ${count(removed.length, 'file')} removed`;
  switch (outcome) {
    case 'restored':
      return `${count(restored.length, 'file')} put back from ${from}${gone}${before}`;
    case 'planned':
      return `${count(restored.length, 'file')} would be put back from ${from}${gone}; nothing was changed (--dry-run)`;
    case 'unchanged':
      return `nothing to do: everything is as in ${from}`;
  }
}

/** The report as people read it. */
export function rollbackText(report: RollbackReport): readonly string[] {
  const { restored, removed, reload, pathOf } = report;
  const files = [...restored, ...removed.map((place) => `${place} (removed: it was not there)`)];
  const next = reload === undefined ? [] : ['', ...reloadText(reload, pathOf)];
  return [...files, ...(files.length === 0 ? [] : ['']), summary(report), ...next];
}

/** The report for programs: `docs/json.md` describes it. */
export function rollbackJson({
  outcome,
  from,
  restored,
  removed,
  snapshot,
  reload,
  pathOf,
}: RollbackReport): object {
  return {
    schema: 'k8s-pki/rollback/v1',
    outcome,
    from,
    restored,
    removed,
    // Of what it says nothing is left since all of it is removed; the schema promises the member.
    left: [],
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(reload === undefined ? {} : { reload: reloadJson(reload, pathOf) }),
  };
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
