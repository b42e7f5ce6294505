import type { Places } from '../cluster/directories.ts';
import { absolutePath, writtenDirectories } from '../layout.ts';
import type { GeneratedPki } from '../pki.ts';
import { type Plan, pathsOf } from '../plan.ts';
import { count } from '../report/columns.ts';
import { NODES } from '../resolve/paths.ts';
import { backupsDirectory, closeBackups, pruneSnapshots, takeSnapshot } from '../snapshot.ts';
import { surveyDestinations } from '../store/destinations.ts';
import { assertWritable } from '../store/directories.ts';
import type { Recovery } from '../store/recovery.ts';
import type { NewFile } from '../store/staging.ts';
import type { Store } from '../store/store.ts';
import { printMessages } from './terminal.ts';

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
  /** How many snapshots stay; absent: none is taken. */
  readonly keep?: number | undefined;
  /** The name of the snapshot that is put back. */
  readonly restores?: string | undefined;
}

/** What was kept of what was replaced. */
export interface Written {
  /** The directory of the snapshot; absent where none was taken. */
  readonly snapshot?: string;
}

/** A file by its logical path. */
export interface LogicalFile {
  readonly path: string;
  readonly contents: string | Uint8Array;
  readonly mode: number;
}

/** What becomes of what is there, by logical paths. */
export interface Fates {
  readonly replaced: readonly string[];
  readonly removed?: readonly string[];
  /** What stays, and goes back with what is replaced or removed: the key of a certificate. */
  readonly beside: readonly string[];
}

/** What becomes of what is there by a plan. */
export function fatesOf(plan: Plan): Fates {
  const touched = plan.rows.filter(({ files }) => files.some(({ action }) => action === 'replace'));
  const kept = touched.flatMap(({ files }) => files.filter(({ action }) => action === 'keep'));
  return { replaced: pathsOf(plan, 'replace'), beside: kept.map(({ path }) => path) };
}

/**
 * Writes and removes files, and writes a snapshot of what was there, in one transaction; then removes the oldest snapshots.
 *
 * @throws {PkiError} `ERR_OBSTACLE`, `ERR_INTERRUPTED`, `ERR_STORE`.
 */
export async function writeChange(
  store: Store,
  files: readonly LogicalFile[],
  { replaced, removed = [], beside, ...writing }: Writing & Fates,
): Promise<Written> {
  const { directories, command, now, signal, keep, restores } = writing;
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
  const gone = removed.map((path) => absolutePath(path, directories));
  // First, whatever is in the way: what is no file is not read either.
  const going = gone.map((path) => ({ path, replace: true }));
  surveyDestinations([...written, ...going], writtenDirectories(directories));
  const changed = [...replaced, ...removed];
  if (keep === undefined || changed.length + created.length === 0) {
    await store.commit(written, { signal, removed: gone });
    return {};
  }
  const change = { directories, command, kept: [...changed, ...beside], created, restores };
  const snapshot = takeSnapshot(change, now);
  closeBackups(directories, process.geteuid?.());
  await store.commit([...snapshot.files, ...written], { signal, removed: gone });
  printMessages(pruneSnapshots(directories, keep).map(({ message }) => `warning: ${message}`));
  return { snapshot: snapshot.directory };
}

/** Writes what was generated, as {@link writeChange}. */
export function writeGenerated(
  store: Store,
  { plan, files, keep, ...writing }: Writing & Pick<GeneratedPki, 'plan' | 'files'>,
): Promise<Written> {
  // There is no way back to nothing: what was removed then would be the CAs.
  const isThere = plan.rows.some((row) => row.files.some(({ action }) => action !== 'create'));
  return writeChange(store, files, { ...writing, ...fatesOf(plan), keep: isThere ? keep : undefined });
}
