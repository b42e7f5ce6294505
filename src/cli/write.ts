import type { Places } from '../cluster/directories.ts';
import { absolutePath, writtenDirectories } from '../layout.ts';
import type { GeneratedPki } from '../pki.ts';
import { type Plan, pathsOf } from '../plan.ts';
import { count } from '../report/columns.ts';
import { NODES } from '../resolve/paths.ts';
import { backupsDirectory, pruneSnapshots, takeSnapshot } from '../snapshot.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { assertWritable } from '../store/directories.ts';
import type { Recovery } from '../store/recovery.ts';
import type { NewFile } from '../store/staging.ts';
import type { Store } from '../store/store.ts';

/** What became of a run that was interrupted earlier. */
export function recoverySentence({ kind, files }: Recovery): string {
  const what = kind === 'finished' ? 'finished what it had begun' : 'took back what it had begun';
  return `an earlier run was interrupted: ${what} (${count(files.length, 'file')})`;
}

/** Looks for what would keep the files from being written: the plan that is printed is the one that would be carried out. */
export function assertPlaceable(plan: Plan, directories: Places): void {
  const targets = writtenDirectories(directories);
  const place = (replace: boolean) => (path: string) => ({ path: absolutePath(path, directories), replace });
  const replaced = pathsOf(plan, 'replace');
  const destinations = [...pathsOf(plan, 'create').map(place(false)), ...replaced.map(place(true))];
  surveyDestinations(destinations, targets);
  if (destinations.length > 0) for (const directory of targets) assertWritable(directory);
  if (replaced.length > 0) assertWritable(backupsDirectory(directories));
}

/** Files to be written, and what they are written with. */
export interface Writing {
  readonly directories: Places;
  readonly command: string;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** How many snapshots stay. */
  readonly keep: number;
}

/** What was kept of what was replaced. */
export interface Written {
  /** The directory of the snapshot; absent where nothing was replaced. */
  readonly snapshot?: string;
}

/** A file by its logical path. */
export interface LogicalFile {
  readonly path: string;
  readonly contents: string | Uint8Array;
  readonly mode: number;
}

/**
 * Writes files and a snapshot of those that they replace in one transaction, then removes the oldest snapshots.
 *
 * @throws {PkiError} `ERR_OBSTACLE`, `ERR_INTERRUPTED`, `ERR_STORE`.
 */
export async function writeChange(
  store: Store,
  files: readonly LogicalFile[],
  { replaced, ...writing }: Writing & { readonly replaced: readonly string[] },
): Promise<Written> {
  const { directories, command, now, signal, keep } = writing;
  // What other nodes need is none of what there is a way back to.
  const created = files
    .map(({ path }) => path)
    .filter((path) => !replaced.includes(path) && !path.startsWith(NODES));
  const written = files.map(
    ({ path, contents, mode }): NewFile => ({
      path: absolutePath(path, directories),
      contents,
      mode,
      replace: replaced.includes(path),
    }),
  );
  // First, whatever is in the way: what is no file is not read either.
  surveyDestinations(written, writtenDirectories(directories));
  const snapshot =
    replaced.length === 0 ? undefined : takeSnapshot({ directories, command, replaced, created }, now);
  await store.commit([...(snapshot?.files ?? []), ...written], { signal });
  if (snapshot === undefined) return {};
  pruneSnapshots(directories, keep);
  return { snapshot: snapshot.directory };
}

/** Writes what was generated, as {@link writeChange}. */
export function writeGenerated(
  store: Store,
  { plan, files, ...writing }: Writing & Pick<GeneratedPki, 'plan' | 'files'>,
): Promise<Written> {
  return writeChange(store, files, { ...writing, replaced: pathsOf(plan, 'replace') });
}
