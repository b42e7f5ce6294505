import { fchmodSync, fchownSync, fstatSync, linkSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Destination } from './destinations.ts';
import { createDirectories, createDirectory } from './directories.ts';
import { attempt } from './failure.ts';
import { entryAt, readFileState } from './files.ts';
import { createFile, forEachParallel, syncDirectories } from './flush.ts';
import type { Journal, Marker } from './journal.ts';
import { followersOf, leaderOf, parseMarker, stagedPath, stagingPaths } from './journal.ts';

/** A file to be written. */
export interface NewFile extends Destination {
  /** Text, which is written in UTF-8, or bytes. */
  readonly contents: string | Uint8Array;
  /** Permission bits, exactly, whatever the umask. */
  readonly mode: number;
}

/** Told what is done next, just before it is: for a trace. What it throws stops the run there. */
export type StepListener = (step: string) => void;

/** What staging is done with beside the journal and the files. */
export interface StagingOptions {
  /** Directories whose own entries must be on the disk before the transaction counts. */
  readonly flush: readonly string[];
  readonly onStep: StepListener;
  /** Throws where the run is to stop. */
  readonly assertWanted: () => void;
}

/** Creates the staging folder of a directory, 0700. Fails where there is one. */
export function createStaging(directory: string): void {
  const path = stagingPaths(directory).folder;
  attempt({ path, operation: 'create the staging folder' }, () => createDirectory(path, 0o700));
}

/**
 * Gives a file a further name. Where rename(2) over it or unlink(2) would fail after the commit, link(2) fails now: on a file
 * that is a mount point of its own (EXDEV), and on an immutable one (EPERM).
 */
function linkOld(path: string, name: string, operation: string): void {
  attempt({ path, operation }, () => linkSync(path, name));
}

/** Gives a staged file the owner of the file that it will replace, and proves that this one can be replaced. */
function inheritOwner(descriptor: number, path: string, staged: string): void {
  const old = entryAt(path);
  if (old === undefined) return;
  linkOld(path, `${staged}.old`, 'replace the file');
  const { uid, gid } = fstatSync(descriptor);
  if (old.uid === uid && old.gid === gid) return;
  const operation = `keep the owner ${old.uid}:${old.gid} of the file`;
  attempt({ path, operation, hint: 'run as root, or as the owner' }, () =>
    fchownSync(descriptor, old.uid, old.gid),
  );
}

async function stageFile({ path, contents, mode, replace }: NewFile, staged: string): Promise<void> {
  const prepare = (descriptor: number): void => {
    if (replace) inheritOwner(descriptor, path, staged);
    fchmodSync(descriptor, mode);
  };
  await createFile({ path: staged, contents, prepare }, { path, operation: 'write the file' });
}

/**
 * Writes everything that a transaction puts in place, and waits until it is on the disk; what it removes, which stands last in
 * the journal, gets a further name. Into the leader's staging folder, which is there and empty, and the followers', which are not
 * there. Undoes nothing after a failure.
 */
export async function stage(
  journal: Journal,
  files: readonly NewFile[],
  options: StagingOptions,
): Promise<void> {
  const { flush, onStep, assertWanted } = options;
  const leader = leaderOf(journal);
  const followers = followersOf(journal);
  const { folder, intent } = stagingPaths(leader);
  onStep(`record ${intent}`);
  await createFile(
    { path: intent, contents: JSON.stringify(journal) },
    { path: intent, operation: 'write the journal' },
  );
  // Before anything is anywhere else: whoever finds a follower's folder finds this too, also after a power failure.
  await syncDirectories([folder, leader]);

  await forEachParallel(followers, async (site) => {
    onStep(`stage in ${site}`);
    createStaging(site);
    const { marker: path } = stagingPaths(site);
    const marker: Marker = { version: 1, id: journal.id, leader };
    await createFile({ path, contents: JSON.stringify(marker) }, { path, operation: 'write the marker' });
  });
  onStep('create directories');
  createDirectories(journal.created, journal.secluded);
  await forEachParallel(journal.files, async ({ path }, index) => {
    assertWanted();
    onStep(`stage ${path}`);
    const file = files[index];
    const staged = stagedPath(journal, index);
    if (file === undefined) linkOld(path, staged, 'remove the file');
    else await stageFile(file, staged);
  });
  onStep('flush');
  await syncDirectories([
    ...[leader, ...followers].flatMap((site) => [stagingPaths(site).folder, site]),
    ...journal.created.flatMap((path) => [path, dirname(path)]),
    ...flush,
  ]);
}

/** Removes the staging folder of a directory with all that is in it, if it is there. */
export async function removeStaging(directory: string): Promise<void> {
  const path = stagingPaths(directory).folder;
  attempt({ path, operation: 'remove the staging folder' }, () => {
    // On a read-only file system even `force` fails for what is not there, in the standalone's runtime.
    if (entryAt(path) !== undefined) rmSync(path, { recursive: true });
  });
  await syncDirectories([directory]);
}

/** Whether the staging folder of a directory is that of another transaction; one without a record is not. */
function isForeign(directory: string, id: string): boolean {
  const { journal, intent, marker } = stagingPaths(directory);
  if ([journal, intent].some((path) => entryAt(path) !== undefined)) return true;
  const state = readFileState(marker);
  const found = state.kind === 'file' ? parseMarker(state.contents) : undefined;
  return found !== undefined && found.id !== id;
}

/**
 * Removes the staging folders of a transaction, the leader's last: as long as one is left, there is a record of it.
 * Leaves alone what belongs to another transaction. May be done again after a crash.
 */
export async function cleanStaging(journal: Journal): Promise<void> {
  const followers = followersOf(journal).filter((site) => !isForeign(site, journal.id));
  await forEachParallel(followers, removeStaging);
  await removeStaging(leaderOf(journal));
}
