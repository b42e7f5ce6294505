import { createHash } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { PkiError, isPkiError } from '../errors.ts';
import { surveyDestinations } from './destinations.ts';
import { removeEmptyDirectories, secludedAmong } from './directories.ts';
import { attempt } from './failure.ts';
import { readFileBytes } from './files.ts';
import { syncDirectories } from './flush.ts';
import type { Journal, JournalFile } from './journal.ts';
import { leaderOf, stagedPath, stagingPaths } from './journal.ts';
import type { NewFile, StepListener } from './staging.ts';
import { cleanStaging, createStaging, stage } from './staging.ts';

/** Where and how a transaction takes place. */
export interface TransactionOptions {
  /** Differs from that of every other transaction. */
  readonly id: string;
  readonly directories: readonly [string, ...string[]];
  /** Directories that the run created before, and that must not be lost while the files are kept. */
  readonly created: readonly string[];
  /** Directories of which everything that the transaction creates, themselves included, is open to its owner alone. */
  readonly secluded: readonly string[];
  readonly onStep: StepListener;
  readonly signal?: AbortSignal | undefined;
  /** The absolute paths of files that are removed; one that is not there already is. */
  readonly removed?: readonly string[] | undefined;
}

/** The SHA-256 of bytes, or of a text in UTF-8, in hexadecimal. */
export function sha256Hex(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex');
}

/** A file as it has to be still when it is removed. */
type Removal = Pick<JournalFile, 'path' | 'sha256Hex' | 'mode'>;

function readRemovals(paths: readonly string[]): readonly Removal[] {
  return paths.flatMap((path): readonly Removal[] => {
    const state = readFileBytes(path);
    if (state.kind === 'absent') return [];
    if (state.kind === 'file') return [{ path, sha256Hex: sha256Hex(state.bytes), mode: state.mode }];
    throw new PkiError('ERR_STORE', `${path}: expected a file that can be read, found none`, {
      detail: { path, operation: 'remove the file' },
    });
  });
}

function planTransaction(
  files: readonly NewFile[],
  { id, directories, secluded, removed = [] }: TransactionOptions,
): Journal {
  const created = surveyDestinations(
    [...files, ...removed.map((path) => ({ path, replace: true }))],
    directories,
  );
  const missing = new Set(created);
  // The innermost directory that is there, not the target directory: it may be a mount point or a subvolume of its own,
  // and that the folder can be made there proves that the file can be put there later.
  const siteOf = (path: string): string => (missing.has(path) ? siteOf(dirname(path)) : path);
  return {
    version: 1,
    id,
    directories,
    created,
    secluded: secludedAmong(created, secluded),
    files: [
      ...files.map(({ path, contents, mode, replace }) => ({
        path,
        site: siteOf(dirname(path)),
        sha256Hex: sha256Hex(contents),
        mode,
        replace,
      })),
      // After all that is put in place: a certificate is never without its key for longer than it has to be.
      ...readRemovals(removed).map((file) => ({
        ...file,
        site: dirname(file.path),
        replace: true,
        removes: true,
      })),
    ],
  };
}

function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  const reason = String(signal.reason);
  throw new PkiError('ERR_INTERRUPTED', `interrupted by ${reason}: nothing was put in place`, {
    detail: { signal: reason },
  });
}

/** Brings back the state before a transaction that is not committed. May be done again after a crash. */
export async function rollBack(journal: Journal): Promise<void> {
  removeEmptyDirectories(journal.created);
  await cleanStaging(journal);
}

/** How a committed transaction is finished. */
export interface FinishOptions {
  /** The files that are not in place yet. */
  readonly staged: ReadonlySet<JournalFile>;
  readonly onStep: StepListener;
}

function place(journal: Journal, index: number, { path, removes }: JournalFile): void {
  if (removes === true) attempt({ path, operation: 'remove the file' }, () => rmSync(path, { force: true }));
  else
    attempt({ path, operation: 'put the file in place' }, () => renameSync(stagedPath(journal, index), path));
}

/** Puts in place what is staged of a committed transaction, removes what it removes, and every trace of it. May be done again after a crash. */
export async function finish(journal: Journal, { staged, onStep }: FinishOptions): Promise<void> {
  for (const [index, file] of journal.files.entries()) {
    if (!staged.has(file)) continue;
    onStep(`${file.removes === true ? 'remove' : 'place'} ${file.path}`);
    place(journal, index, file);
  }
  onStep('flush');
  await syncDirectories(journal.files.map((file) => dirname(file.path)));
  onStep('clean');
  await cleanStaging(journal);
}

function pendingError(error: unknown): unknown {
  if (!isPkiError(error, 'ERR_STORE')) return error;
  return new PkiError('ERR_STORE', error.message, {
    detail: error.detail,
    hint: 'all files are written, but not all are in place: mend this, and the next writing run finishes it',
    cause: error,
  });
}

/**
 * Writes and removes all of the files or none of them.
 *
 * @throws {PkiError} `ERR_OBSTACLE`, `ERR_INTERRUPTED`: nothing was changed. `ERR_STORE`: nothing was changed, or the
 * hint says that the transaction is committed and the next writing run finishes it.
 */
export async function runTransaction(files: readonly NewFile[], options: TransactionOptions): Promise<void> {
  const { signal, onStep, removed = [] } = options;
  if (files.length + removed.length === 0) return;
  assertNotAborted(signal);
  const journal = planTransaction(files, options);
  const leader = leaderOf(journal);
  const { folder, intent, journal: committed } = stagingPaths(leader);
  onStep(`stage in ${leader}`);
  // Outside of the try: a folder that is already there is not for this run to remove.
  createStaging(leader);
  try {
    await stage(journal, files, {
      flush: options.created.map(dirname),
      onStep,
      assertWanted: () => assertNotAborted(signal),
    });
    assertNotAborted(signal);
    onStep('commit');
    attempt({ path: committed, operation: 'commit' }, () => renameSync(intent, committed));
  } catch (error) {
    // What cannot be removed now, the next writing run removes; what went wrong first is what matters.
    await rollBack(journal).catch(() => undefined);
    throw error;
  }
  try {
    await syncDirectories([folder]);
    await finish(journal, { staged: new Set(journal.files), onStep });
  } catch (error) {
    throw pendingError(error);
  }
}
