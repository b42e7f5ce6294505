import { dirname, join } from 'node:path';
import type { Directories, Places } from './cluster/directories.ts';
import { isPkiError, PkiError } from './errors.ts';
import { absolutePath, targetDirectories } from './layout.ts';
import { isNodePath } from './resolve/nodes.ts';
import { knownPaths } from './resolve/paths.ts';
import { surveyDestinations } from './store/destinations.ts';
import { closeDirectory, isInside, removeFile, removeTree } from './store/directories.ts';
import { entryAt, readFileBytes, readFileState } from './store/files.ts';
import type { NewFile } from './store/staging.ts';
import type { StoreOptions } from './store/store.ts';
import { sha256Hex } from './store/transaction.ts';
import { listDirectories, listTree } from './store/tree.ts';

/** The description of a snapshot, in its folder. A folder without one is none. */
const MANIFEST = 'snapshot.json';
/** Beside it as long as nobody was told what has to take up what was changed. */
const MARK = 'untold';
const NAME = /^\d{8}T\d{6}\.\d{3}Z$/;

/** A file as it was, by its logical path. */
export interface SnapshotFile {
  readonly path: string;
  readonly mode: number;
  readonly sha256Hex: string;
}

/** What a snapshot holds. */
export interface SnapshotManifest {
  readonly version: 1;
  /** The command that changed the files afterwards. */
  readonly command: string;
  readonly certDir: string;
  readonly kubeconfigDir: string;
  readonly files: readonly SnapshotFile[];
  /** The logical paths of what that command created: it was not there before. */
  readonly created: readonly string[];
  /** The name of the snapshot that the command put back, where it was a rollback. */
  readonly restores?: string | undefined;
}

/** A snapshot that is there. */
export interface Snapshot extends SnapshotManifest {
  /** When it was taken, in UTC: `20261126T021500.000Z`; one that was taken later has a later name, also after the clock was set back. */
  readonly name: string;
  readonly directory: string;
  /** Whether somebody was told what has to take up what was changed. */
  readonly isTold: boolean;
}

/** Where the snapshots of a PKI lie: beside its certificate directory. */
export function backupsDirectory({ certDir }: Directories): string {
  return join(dirname(certDir), 'pki-backups');
}

/** What a store has to be opened with to take snapshots of what it replaces, and to put down what other nodes need. */
export function storePlaces(places: Places): Required<Pick<StoreOptions, 'beside' | 'secluded'>> {
  const { nodesDir } = places;
  const secluded = [backupsDirectory(places), ...(nodesDir === undefined ? [] : [nodesDir])];
  const targets = targetDirectories(places);
  const isBelow = (path: string): boolean => targets.some((target) => isInside(path, target));
  return { secluded, beside: secluded.filter((path) => !isBelow(path)) };
}

const nameOf = (time: Date): string => time.toISOString().replaceAll(/[-:]/g, '');
const timeOf = (name: string): number =>
  Date.parse(name.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, '$1-$2-$3:$4:'));

/** The names of the folders that may hold one, the oldest first. */
function snapshotNames(directories: Directories): readonly string[] {
  const { names } = listDirectories(backupsDirectory(directories));
  return names.filter((name) => NAME.test(name) && !Number.isNaN(timeOf(name))).toSorted();
}

/** A name for a snapshot of this moment, behind all that are there: the newest is the way back, and the last to be removed. */
function nextName(directories: Directories, now: Date): string {
  const last = snapshotNames(directories).at(-1);
  const name = nameOf(now);
  if (last === undefined || last < name) return name;
  return nameOf(new Date(timeOf(last) + 1));
}

/** What is about to be changed. */
export interface Change {
  readonly directories: Directories;
  readonly command: string;
  /** The logical paths of what is replaced or removed, and of what stays beside that: a certificate goes back with its key. */
  readonly kept: readonly string[];
  /** Of what is created. */
  readonly created: readonly string[];
  /** The name of the snapshot that is put back. */
  readonly restores?: string | undefined;
}

/**
 * Reads what is about to be replaced, and says which files keep it: to be written in the transaction that replaces it, so that
 * there is never one without the other. What is created cannot be kept: it is removed on the way back.
 *
 * @throws {PkiError} `ERR_STORE` where a file cannot be read any more.
 */
export function takeSnapshot(
  { directories, command, kept: paths, created, restores }: Change,
  now: Date,
): { readonly directory: string; readonly files: readonly NewFile[] } {
  const name = nextName(directories, now);
  const directory = join(backupsDirectory(directories), name);
  const kept = paths.map((path) => {
    const place = absolutePath(path, directories);
    const state = readFileBytes(place);
    if (state.kind !== 'file') throw damaged(place, 'is no file that can be kept');
    return { path, mode: state.mode, bytes: state.bytes };
  });
  const manifest: SnapshotManifest = {
    version: 1,
    command,
    certDir: directories.certDir,
    kubeconfigDir: directories.kubeconfigDir,
    files: kept.map(({ path, mode, bytes }) => ({ path, mode, sha256Hex: sha256Hex(bytes) })),
    created,
    restores,
  };
  const file = (path: string, contents: string | Uint8Array): NewFile => ({
    path: join(directory, path),
    contents,
    mode: 0o600,
    replace: false,
  });
  return {
    directory,
    files: [
      ...kept.map(({ path, bytes }) => file(path, bytes)),
      file(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`),
      file(MARK, 'what was changed after this snapshot was told to nobody yet\n'),
    ],
  };
}

function damaged(path: string, why: string, hint?: string): PkiError<'ERR_STORE'> {
  const detail = { path, operation: 'read a snapshot' };
  return new PkiError('ERR_STORE', `${path}: ${why}`, { detail, ...(hint === undefined ? {} : { hint }) });
}

const ANOTHER = 'nothing was changed: name another snapshot; k8s-pki rollback --list lists them';

const isKnown = (path: string): boolean => knownPaths().includes(path) || isNodePath(path);

function isSnapshotFile(value: unknown): value is SnapshotFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path, mode, sha256Hex: hash }: Partial<SnapshotFile> = value;
  // Of the table alone: nothing else is ever put anywhere.
  return isKnown(String(path)) && Number.isInteger(mode) && typeof hash === 'string';
}

function isManifest(value: unknown): value is SnapshotManifest {
  if (typeof value !== 'object' || value === null) return false;
  const { version, command, certDir, kubeconfigDir, files, created, restores }: Partial<SnapshotManifest> =
    value;
  return (
    version === 1 &&
    [command, certDir, kubeconfigDir, restores ?? ''].every((text) => typeof text === 'string') &&
    Array.isArray(files) &&
    files.every(isSnapshotFile) &&
    Array.isArray(created) &&
    created.every((path) => isKnown(String(path)))
  );
}

function parseManifest(text: string): SnapshotManifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @throws {PkiError} `ERR_OBSTACLE`, `ERR_STORE` where snapshots cannot be looked for: then there may be some. */
function assertListable(backups: string): void {
  surveyDestinations([{ path: join(backups, MANIFEST), replace: true }], [dirname(backups)]);
  const { errno } = listDirectories(backups);
  if (errno === undefined || errno === 'ENOENT') return;
  throw damaged(backups, `cannot be read (${errno})`);
}

/** Every snapshot beside these directories, the newest first: also those of others. Folders that hold none are passed over. */
function snapshotsBeside(directories: Directories): readonly Snapshot[] {
  const backups = backupsDirectory(directories);
  assertListable(backups);
  return snapshotNames(directories)
    .toReversed()
    .flatMap((name) => {
      const directory = join(backups, name);
      const state = readFileState(join(directory, MANIFEST));
      const manifest = state.kind === 'file' ? parseManifest(state.contents) : undefined;
      if (manifest === undefined) return [];
      return [{ ...manifest, name, directory, isTold: entryAt(join(directory, MARK)) === undefined }];
    });
}

const isOf =
  ({ certDir, kubeconfigDir }: Directories) =>
  (snapshot: Snapshot): boolean =>
    snapshot.certDir === certDir && snapshot.kubeconfigDir === kubeconfigDir;

/**
 * The snapshots of a PKI, the newest first. Another PKI beside it may have its own in the same place.
 *
 * @throws {PkiError} `ERR_OBSTACLE`, `ERR_STORE` where they cannot be looked for.
 */
export function listSnapshots(directories: Directories): readonly Snapshot[] {
  return snapshotsBeside(directories).filter(isOf(directories));
}

/** What is wrong with the description in a folder; undefined also where the folder was made, and never filled. */
function faultIn(directory: string): PkiError<'ERR_STORE'> | undefined {
  const manifest = join(directory, MANIFEST);
  const state = readFileState(manifest);
  if (state.kind === 'file' && parseManifest(state.contents) !== undefined) return undefined;
  if (state.kind === 'absent' && listTree(directory).files.length === 0) return undefined;
  const why = 'is gone, cannot be read, or is no description of a snapshot';
  return damaged(manifest, why, ANOTHER);
}

/** What is wrong with the snapshots that no list has, the newest first; whose they are cannot be told. */
export function damagedSnapshots(directories: Directories): readonly PkiError<'ERR_STORE'>[] {
  const backups = backupsDirectory(directories);
  return snapshotNames(directories)
    .toReversed()
    .flatMap((name) => faultIn(join(backups, name)) ?? []);
}

/** @throws {PkiError} `ERR_STORE` where what is asked for, or what is newer than what would be taken, cannot be read. */
function assertLegible(
  directories: Directories,
  name: string | undefined,
  taken: Snapshot | undefined,
): void {
  const asked = snapshotNames(directories).filter((one) =>
    name === undefined ? taken === undefined || one > taken.name : one === name,
  );
  for (const one of asked) {
    const fault = faultIn(join(backupsDirectory(directories), one));
    if (fault !== undefined) throw fault;
  }
}

/**
 * The snapshot of that name, or the newest.
 *
 * @throws {PkiError} `ERR_USAGE` where there is none of these directories; `ERR_STORE` where it is damaged: an older one would
 * bring back what nobody has asked for.
 */
export function findSnapshot(directories: Directories, name: string | undefined): Snapshot {
  const named = snapshotsBeside(directories).filter(
    (snapshot) => name === undefined || snapshot.name === name,
  );
  const own = named.find(isOf(directories));
  assertLegible(directories, name, own);
  if (own !== undefined) return own;
  const [other] = named;
  const what = name === undefined ? 'snapshot' : `snapshot ${name}`;
  if (other === undefined)
    throw new PkiError('ERR_USAGE', `there is no ${what}`, {
      detail: {},
      hint: 'k8s-pki rollback --list lists them',
    });
  throw new PkiError('ERR_USAGE', `there is no ${what} of these directories, but one of others`, {
    detail: {},
    hint: `--cert-dir ${other.certDir} --kubeconfig-dir ${other.kubeconfigDir}`,
  });
}

/**
 * The files of a snapshot as they were.
 *
 * @throws {PkiError} `ERR_STORE` where one is gone or was changed.
 */
export function readSnapshot({ directory, files }: Snapshot): readonly {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}[] {
  return files.map(({ path, mode, sha256Hex: expected }) => {
    const place = join(directory, path);
    const state = readFileBytes(place);
    if (state.kind !== 'file' || sha256Hex(state.bytes) !== expected)
      throw damaged(place, 'is gone, or was changed since the snapshot was taken', ANOTHER);
    return { path, mode, bytes: state.bytes };
  });
}

/** Whether a run wrote this snapshot whose files are these, by their absolute paths. */
export function isWrittenWith({ directory }: Snapshot, paths: readonly string[]): boolean {
  return paths.includes(join(directory, MANIFEST));
}

/** The logical paths of what is there and not as it was before the change that a snapshot was taken for. */
export function changedSince({ files, created }: Snapshot, directories: Directories): readonly string[] {
  const before = new Map(files.map(({ path, sha256Hex: hash }) => [path, hash]));
  return [...before.keys(), ...created].filter((path) => {
    const state = readFileBytes(absolutePath(path, directories));
    return state.kind === 'file' && sha256Hex(state.bytes) !== before.get(path);
  });
}

/**
 * Takes note that somebody was told of what was changed after the snapshots in these directories.
 *
 * @throws {PkiError} `ERR_STORE`.
 */
export function noteTold(snapshots: readonly string[]): void {
  for (const directory of snapshots) removeFile(join(directory, MARK));
}

/** Others could put something in the place of a snapshot: whoever has made the directory before may have left it open. */
export function closeBackups(directories: Directories, uid: number | undefined): void {
  closeDirectory(backupsDirectory(directories), uid);
}

function removeSnapshot({ directory }: Snapshot): readonly PkiError[] {
  try {
    // As long as something is left of it there is a description, and the next run goes on.
    removeTree(directory, MANIFEST);
    return [];
  } catch (error) {
    if (isPkiError(error, 'ERR_STORE')) return [error];
    throw error;
  }
}

/**
 * Removes all snapshots of a PKI but the newest ones and those of which nobody was told yet, and says why one stays that should
 * not. What was changed is changed by then: it is no failure.
 */
export function pruneSnapshots(directories: Directories, keep: number): readonly PkiError[] {
  return listSnapshots(directories)
    .slice(keep)
    .filter(({ isTold }) => isTold)
    .flatMap(removeSnapshot);
}
