import { lstatSync, mkdtempSync, readdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PkiError, isPkiError } from '../errors.ts';
import {
  createDirectories,
  isInside,
  missingDirectories,
  removeEmptyDirectories,
  secludedAmong,
} from './directories.ts';
import { attempt, errnoOf, storeError, unless } from './failure.ts';
import { readFileState } from './files.ts';
import { createFile } from './flush.ts';
import type { Claimant, Holder, Verdict } from './holder.ts';
import { judgeHolder } from './holder.ts';
import { isRecord, isStringArray, parseJson } from './json.ts';

// A lock is a directory with one file in it, named by the id of the lock and saying who holds it. It appears with its
// contents by the rename of a directory that was filled before, which the system refuses where the target is a
// directory that is not empty. A dead holder's lock is taken over by removing that one file and renaming again:
// the id is never used twice, so that a slower run cannot remove the lock that a faster one has just taken, and a
// crash at any point leaves an empty directory, which is nobody's lock.
const LOCK = '.k8s-pki.lock';

/** A lock that this run holds. */
export interface Lock {
  readonly directory: string;
  /** Differs from that of every other lock. */
  readonly id: string;
  /** The user who this run's files belong to. */
  readonly uid: number;
  /** Directories that were created to put the lock in, the outermost first. */
  readonly created: readonly string[];
}

/** A lock as found. */
export interface HeldLock {
  /** Absolute path of the lock. */
  readonly path: string;
  /** The holder in words: `process 4711 on cp1`. */
  readonly holder: string;
  readonly verdict: Verdict;
  /** The file that makes it a lock; absent where that is not certain. */
  readonly record?: string;
  /** Directories that the holder created to put the lock in, the outermost first. */
  readonly created: readonly string[];
}

interface LockRecord extends Holder {
  readonly version: 1;
  readonly created: readonly string[];
}

function parseRecord(text: string, directory: string): LockRecord | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value['version'] !== 1) return undefined;
  const { pid, startTicks, bootId, pidNamespace, hostName, created } = value;
  const isText = (field: unknown): field is string | null => field === null || typeof field === 'string';
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1) return undefined;
  if (startTicks !== null && typeof startTicks !== 'number') return undefined;
  if (!isText(bootId) || !isText(pidNamespace) || typeof hostName !== 'string') return undefined;
  // Who takes the lock over removes these directories if they are empty: no others than those above the lock.
  const mayBeCreated = (path: string): boolean => path === directory || isInside(directory, path);
  if (!isStringArray(created) || !created.every(mayBeCreated)) return undefined;
  return { version: 1, pid, startTicks, bootId, pidNamespace, hostName, created };
}

/** The lock of a directory as it stands; undefined where there is none. Takes nothing over. */
export function findLock(directory: string, claimant: Claimant): HeldLock | undefined {
  const path = join(directory, LOCK);
  const doubtful = (holder: string): HeldLock => ({ path, holder, verdict: 'doubtful', created: [] });
  let names: readonly string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno === 'ENOENT' ? undefined : doubtful(`unknown, it cannot be read (${errno})`);
  }
  const [name, ...others] = names;
  if (name === undefined) return undefined;
  const file = join(path, name);
  const state = readFileState(file);
  if (state.kind === 'absent') return undefined;
  const record =
    others.length === 0 && state.kind === 'file' && !state.isLink
      ? parseRecord(state.contents, directory)
      : undefined;
  if (record === undefined) return doubtful('unknown, what it holds is not what this program writes');
  return {
    path,
    holder: `process ${record.pid} on ${record.hostName}`,
    verdict: judgeHolder(record, claimant),
    record: file,
    created: record.created,
  };
}

function lockedError({ path, holder, verdict }: Pick<HeldLock, 'path' | 'holder' | 'verdict'>): PkiError {
  const isAlive = verdict === 'alive';
  const says = isAlive ? 'another run is under way' : 'cannot tell whether another run is under way';
  return new PkiError('ERR_LOCKED', `${path}: ${says}, the holder is ${holder}`, {
    detail: { path, holder },
    hint: isAlive
      ? 'wait until it has ended, then run again'
      : `make sure that no run on these directories is under way, also on other hosts and in other containers, then: rm -r ${path}`,
  });
}

/** Gives a prepared lock its name, and says which directories were created for those it takes over. */
function putInPlace(temporary: string, directory: string, claimant: Claimant): readonly string[] {
  const path = join(directory, LOCK);
  const inherited: string[] = [];
  for (;;) {
    try {
      renameSync(temporary, path);
      return inherited;
    } catch (error) {
      if (errnoOf(error) === 'ENOTDIR') {
        throw lockedError({ path, holder: 'unknown, it is not a directory', verdict: 'doubtful' });
      }
      if (!['EEXIST', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw error;
    }
    const found = findLock(directory, claimant);
    if (found === undefined) {
      // Nobody's; but there are file systems that rename no directory onto another, not even onto an empty one.
      removeEmptyDirectories([path]);
      continue;
    }
    if (found.record === undefined || found.verdict !== 'dead') throw lockedError(found);
    inherited.push(...found.created);
    const { record } = found;
    unless(['ENOENT'], () => unlinkSync(record));
  }
}

/**
 * Takes the lock of a directory, which is created where it is not there: at once or not at all, it never waits. The
 * lock of a process that has ended is taken over, and with it the duty to remove the directories created for it.
 *
 * @param secluded Directories of which everything that is created, themselves included, is open to its owner alone.
 * @throws {PkiError} `ERR_LOCKED` where another run holds it or may hold it; `ERR_STORE`.
 */
export async function takeLock(
  directory: string,
  claimant: Claimant,
  secluded: readonly string[] = [],
): Promise<Lock> {
  const path = join(directory, LOCK);
  const missing = missingDirectories(directory);
  const created = createDirectories(missing, secludedAmong(missing, secluded));
  let temporary: string | undefined;
  try {
    temporary = mkdtempSync(`${path}.`);
    const id = temporary.slice(path.length + 1);
    const file = join(temporary, id);
    const record: LockRecord = { version: 1, ...claimant.own, created };
    await createFile({ path: file, contents: JSON.stringify(record) }, { path, operation: 'take the lock' });
    const { uid } = lstatSync(file);
    const inherited = putInPlace(temporary, directory, claimant);
    return { directory, id, uid, created: [...inherited, ...created] };
  } catch (error) {
    const prepared = temporary;
    if (prepared !== undefined) {
      attempt({ path: prepared, operation: 'remove it' }, () =>
        rmSync(prepared, { recursive: true, force: true }),
      );
    }
    removeEmptyDirectories(created);
    const failure = storeError(error, { path, operation: 'take the lock' });
    if (!isPkiError(failure, 'ERR_STORE') || failure.detail.errno !== 'ENOENT') throw failure;
    // Whoever gets the lock sweeps away what others had prepared; it may have ended since.
    const found = findLock(directory, claimant);
    throw lockedError(found ?? { path, holder: 'a process that has just ended', verdict: 'alive' });
  }
}

/** Removes what killed or refused runs had prepared for a lock that this run holds now. */
export function sweepLock({ directory }: Lock): void {
  attempt({ path: directory, operation: 'remove what was prepared for a lock' }, () => {
    const names = readdirSync(directory);
    for (const name of names.filter((candidate) => candidate.startsWith(`${LOCK}.`))) {
      rmSync(join(directory, name), { recursive: true, force: true });
    }
  });
}

/**
 * Gives a lock back, and removes the directories created for it that are empty. What the file system refuses stays
 * behind: this process will have ended by the time that anybody asks who holds the lock.
 */
export function releaseLock({ directory, id, created }: Lock): void {
  const path = join(directory, LOCK);
  try {
    unless(['ENOENT'], () => unlinkSync(join(path, id)));
    removeEmptyDirectories([...created, path]);
  } catch (error) {
    if (errnoOf(error) === undefined && !isPkiError(error, 'ERR_STORE')) throw error;
  }
}
