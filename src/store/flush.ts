import { closeSync, constants, fsync, openSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Attempt } from './failure.ts';
import { attempt, errnoOf, storeError, unless } from './failure.ts';

// All other calls of the store take microseconds, and are made directly: through the thread pool, 26 files take three times
// as long. Waiting for the disk is the one thing worth doing for several files at once.
const fsyncAsync = promisify(fsync);

// libuv has four threads unless told otherwise; some more keep them busy, and 10,000 files never need 10,000 descriptors.
const WIDTH = 16;

/**
 * Does `work` for every item, a few at a time. Once one fails no further one is begun, those under way are waited for,
 * and the first failure is thrown: nothing goes on behind the caller's back.
 */
export async function forEachParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        await work(item, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  if (failures.length > 0) throw failures[0];
}

/** A file that is not there yet. */
export interface Creation {
  readonly path: string;
  readonly contents: string | Uint8Array;
  /** What is done with the file before it is flushed, beyond writing it with mode 0600. */
  readonly prepare?: (descriptor: number) => void;
}

/**
 * Creates a file and waits until its contents are on the disk; not its name: that is up to {@link syncDirectories}.
 * Until `prepare` says otherwise, nobody but the owner can read it. Fails where something is at the path.
 */
export async function createFile({ path, contents, prepare }: Creation, what: Attempt): Promise<void> {
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeFileSync(descriptor, contents);
      prepare?.(descriptor);
      await fsyncAsync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw storeError(error, what);
  }
}

/** Waits until what was created, renamed or removed in the directories is on the disk. Passes over those that are gone. */
export async function syncDirectories(paths: readonly string[]): Promise<void> {
  await forEachParallel([...new Set(paths)], async (path) => {
    const what: Attempt = { path, operation: 'flush the directory' };
    const descriptor = attempt(what, () => unless(['ENOENT'], () => openSync(path, 'r')));
    if (descriptor === undefined) return;
    try {
      await fsyncAsync(descriptor);
    } catch (error) {
      // Some network file systems cannot flush a directory, and say so with EINVAL: fsync(2).
      if (errnoOf(error) !== 'EINVAL') throw storeError(error, what);
    } finally {
      closeSync(descriptor);
    }
  });
}
