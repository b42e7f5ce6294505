import { PkiError } from '../errors.ts';
import { resolveDirectory } from './directories.ts';
import type { FileState } from './files.ts';
import { readFiles } from './files.ts';
import type { Claimant, HostProcess } from './holder.ts';
import { readHolder } from './holder.ts';
import { leaderOf, stagingPaths } from './journal.ts';
import type { Lock } from './lock.ts';
import { findLock, releaseLock, sweepLock, takeLock } from './lock.ts';
import type { Recovery } from './recovery.ts';
import { findLeftover, recover } from './recovery.ts';
import type { NewFile, StepListener } from './staging.ts';
import { runTransaction } from './transaction.ts';

/** What a store is opened with. */
export interface StoreOptions {
  /** The process that the locks are taken for: Node's `process`. */
  readonly self: HostProcess;
  readonly onStep?: StepListener;
  /**
   * Further directories to write to. They are locked with the others, but the journal never lies there: whoever opens the
   * others finds it.
   */
  readonly beside?: readonly string[];
  /** Directories of which everything that is created, themselves included, is open to its owner alone. */
  readonly secluded?: readonly string[];
}

/** How files are written. */
export interface CommitOptions {
  readonly signal?: AbortSignal;
  /** The absolute paths of files that are removed in the same transaction; one that is not there already is. */
  readonly removed?: readonly string[];
}

/** Target directories that this run alone may write to. */
export interface Store {
  /** What was done about interrupted runs when the store was opened. */
  readonly recovered: readonly Recovery[];
  /** What lies at the absolute paths, as {@link readFiles}: nobody else's run changes it before the store is closed. */
  read(paths: readonly string[]): Promise<ReadonlyMap<string, FileState>>;
  /**
   * Writes all of the files, and removes those that are to go, or does none of it. An abort before the commit undoes everything; after it the files are put in place.
   *
   * @throws {PkiError} `ERR_OBSTACLE`, `ERR_INTERRUPTED`, `ERR_STORE`.
   */
  commit(files: readonly NewFile[], options?: CommitOptions): Promise<void>;
  /** Gives the locks back, and removes the directories that the run created if they are empty. May be called again. */
  close(): Promise<void>;
}

/** An interrupted run, as those see it who only read. */
export interface PendingTransaction {
  /** What the next writing run does about it; `unclear`: it refuses, and the operator must look. */
  readonly outcome: 'finish' | 'roll-back' | 'unclear';
  /** Where the record of it lies. */
  readonly path: string;
  /** The absolute paths of all files of that run; empty where that is unclear. */
  readonly files: readonly string[];
  /** Why it is unclear, as what is said of `path`: `belongs to the user 1000`. */
  readonly why?: string;
  /** Who holds the lock, where that process runs or may run: then the run may be under way, not interrupted. */
  readonly heldBy?: string;
}

function inOrder(directories: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = [...new Set(directories)].toSorted();
  if (first === undefined) throw new RangeError('"directories" expected one or more, got none');
  return [first, ...others];
}

/**
 * What interrupted runs have left in the directories, for commands that only read. Takes no lock and changes nothing.
 *
 * @param directories As {@link resolveDirectory} gives them.
 */
export async function inspectPending(
  directories: readonly string[],
  { self }: Pick<StoreOptions, 'self'>,
): Promise<readonly PendingTransaction[]> {
  const claimant: Claimant = { self, own: readHolder(self) };
  const pending = new Map<string, PendingTransaction>();
  for (const directory of inOrder(directories)) {
    const found = findLeftover(directory);
    if (found === undefined || found.outcome === 'discard') continue;
    const lock = findLock(directory, claimant);
    const held = lock === undefined || lock.verdict === 'dead' ? {} : { heldBy: lock.holder };
    if (found.outcome === 'unclear') {
      pending.set(found.path, {
        outcome: found.outcome,
        path: found.path,
        files: [],
        why: found.why,
        ...held,
      });
    } else {
      const { outcome, journal } = found;
      const { folder: path } = stagingPaths(leaderOf(journal));
      pending.set(path, { outcome, path, files: journal.files.map((file) => file.path), ...held });
    }
  }
  return [...pending.values()];
}

async function assertResolved(directory: string): Promise<void> {
  const resolved = await resolveDirectory(directory);
  if (resolved === directory) return;
  throw new PkiError(
    'ERR_STORE',
    `${directory}: expected a path without symbolic links, found one to ${resolved}`,
    {
      detail: { path: directory, operation: 'open' },
      hint: 'a link was put there meanwhile: run again',
    },
  );
}

/**
 * Takes the locks of the directories, in an order that is the same for everybody, and finishes or undoes what
 * interrupted runs have left in them. Directories that are not there are created, 0755 or where they are secluded 0700. Never waits for another run.
 *
 * @param directories As {@link resolveDirectory} gives them.
 * @throws {PkiError} `ERR_LOCKED`; `ERR_STORE`, `ERR_OBSTACLE`. All locks are given back then.
 */
export async function openStore(directories: readonly string[], options: StoreOptions): Promise<Store> {
  const { self, onStep = () => undefined, beside = [], secluded = [] } = options;
  const targets = inOrder(directories);
  const others = beside.filter((directory) => !targets.includes(directory)).toSorted();
  const claimant: Claimant = { self, own: readHolder(self) };
  const locks: Lock[] = [];
  const takeLocks = async (wanted: readonly string[]): Promise<void> => {
    for (const directory of wanted.filter((path) => !locks.some((lock) => lock.directory === path))) {
      await assertResolved(directory);
      onStep(`lock ${directory}`);
      const lock = await takeLock(directory, claimant, secluded);
      locks.push(lock);
      sweepLock(lock);
    }
  };
  const close = async (): Promise<void> => {
    // The inner ones first: a directory that the run created goes only when nothing is in it.
    for (const lock of locks.splice(0).toSorted((a, b) => (a.directory < b.directory ? 1 : -1))) {
      onStep(`unlock ${lock.directory}`);
      releaseLock(lock);
    }
  };

  try {
    await takeLocks(inOrder([...targets, ...others]));
    const recovered: Recovery[] = [];
    for (const { directory, uid } of locks) {
      const leftover = findLeftover(directory, uid);
      if (leftover === undefined) continue;
      // Whoever changes a transaction holds all its locks, and this run has one: it stays as found until the others are taken.
      if ('journal' in leftover) await takeLocks(inOrder(leftover.journal.directories));
      const recovery = await recover(leftover, onStep);
      if (recovery !== undefined) recovered.push(recovery);
    }
    return {
      recovered,
      read: readFiles,
      commit: async (files, { signal, removed } = {}) => {
        if (locks.length === 0) throw new TypeError('expected an open store, got one that was closed');
        await runTransaction(files, {
          id: locks.map((lock) => lock.id).join('-'),
          directories: [...targets, ...others],
          secluded,
          created: locks.flatMap((lock) => lock.created),
          onStep,
          signal,
          removed,
        });
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
