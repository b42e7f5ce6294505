import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PkiError } from '../errors.ts';
import { attempt, unless } from './failure.ts';
import { entryAt } from './files.ts';

// What realpath(3) and readlink(2) say of a path that is not there, is closed, leads in a circle or is none.
const UNSEEN = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'EIO'];

function resolveExisting(path: string): string {
  const real = unless(['ENOENT'], () => realpathSync.native(path));
  if (real !== undefined) return real;
  const entry = entryAt(path);
  // Another run may have made it since.
  if (entry?.isSymbolicLink() === false) return resolveExisting(path);
  if (entry !== undefined) {
    throw new PkiError('ERR_STORE', `${path}: expected a directory, found a symbolic link to nothing`, {
      detail: { path, operation: 'resolve' },
      hint: 'create what the link points to, or remove the link',
    });
  }
  return join(resolveExisting(dirname(path)), basename(path));
}

/**
 * The absolute path of a directory without symbolic links, whether or not the directory is there yet. Every later
 * path is built on the result, so that a link that is moved meanwhile leads nothing astray.
 *
 * @throws {PkiError} `ERR_STORE` where something else than a directory is on the way.
 */
export async function resolveDirectory(path: string): Promise<string> {
  const absolute = resolve(path);
  return attempt({ path: absolute, operation: 'resolve' }, () => {
    const resolved = resolveExisting(absolute);
    const status = statSync(resolved, { throwIfNoEntry: false });
    if (status !== undefined && !status.isDirectory()) {
      throw new PkiError('ERR_STORE', `${resolved}: expected a directory, found a file`, {
        detail: { path: resolved, operation: 'resolve', errno: 'ENOTDIR' },
        hint: 'name another directory, or move the file away',
      });
    }
    return resolved;
  });
}

/** Whether `path` is absolute and free of `.`, `..` and doubled slashes. Says nothing about links. */
export function isResolved(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0') && resolve(path) === path;
}

/** Whether `path` lies below `directory`. Both are absolute and resolved. */
export function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/**
 * Where an absolute path leads: without symbolic links, as far as what they lead to is there. Never throws for what the file
 * system says: what cannot be looked at is taken for no link.
 */
export function followLinks(path: string): string {
  const real = unless(UNSEEN, () => realpathSync.native(path));
  if (real !== undefined) return real;
  const parent = dirname(path);
  if (parent === path) return path;
  const target = unless(['EINVAL', ...UNSEEN], () => readlinkSync(path));
  return target === undefined
    ? join(followLinks(parent), basename(path))
    : resolve(followLinks(parent), target);
}

/** Of `directory` and its parents, those that are not there; the outermost first. */
export function missingDirectories(directory: string): readonly string[] {
  const entry = attempt({ path: directory, operation: 'look at it' }, () => entryAt(directory));
  return entry === undefined ? [...missingDirectories(dirname(directory)), directory] : [];
}

/** Those of the directories that are one of `secluded`, or inside. */
export function secludedAmong(
  directories: readonly string[],
  secluded: readonly string[],
): readonly string[] {
  return directories.filter((path) => secluded.some((top) => path === top || isInside(path, top)));
}

/** Creates one directory, with exactly this mode whatever the umask; what it inherits beside that, such as setgid, stays. */
export function createDirectory(path: string, mode: number): void {
  mkdirSync(path, mode);
  const made = lstatSync(path).mode;
  if ((made & 0o777) !== mode) chmodSync(path, (made & 0o7000) | mode);
}

/**
 * Creates those of the directories that are not there, 0755 or where they are `secluded` 0700, and says which: all, or after
 * a failure none.
 */
export function createDirectories(
  paths: readonly string[],
  secluded: readonly string[] = [],
): readonly string[] {
  const created: string[] = [];
  try {
    for (const path of paths) {
      attempt({ path, operation: 'create the directory' }, () =>
        unless(['EEXIST'], () => {
          createDirectory(path, secluded.includes(path) ? 0o700 : 0o755);
          created.push(path);
        }),
      );
    }
    return created;
  } catch (error) {
    removeEmptyDirectories(created);
    throw error;
  }
}

/** Closes a directory to others where it belongs to this user; of one that is not there, or is somebody else's, nothing is changed. */
export function closeDirectory(path: string, uid: number | undefined): void {
  attempt({ path, operation: 'close the directory to others' }, () => {
    const entry = entryAt(path);
    const isOwn = entry?.isDirectory() === true && entry.uid === uid;
    if (isOwn && (entry.mode & 0o077) !== 0) chmodSync(path, (entry.mode & 0o7000) | 0o700);
  });
}

/** Removes a file, if it is there. */
export function removeFile(path: string): void {
  attempt({ path, operation: 'remove the file' }, () => rmSync(path, { force: true }));
}

/** Removes a directory with everything in it; `last`, a file of it, after all others. */
export function removeTree(path: string, last: string): void {
  attempt({ path, operation: 'remove the directory' }, () => {
    for (const name of readdirSync(path).filter((entry) => entry !== last))
      rmSync(join(path, name), { recursive: true });
    rmSync(path, { recursive: true });
  });
}

/** Removes those of the directories that are empty, the last first. */
export function removeEmptyDirectories(paths: readonly string[]): void {
  for (const path of paths.toReversed()) {
    attempt({ path, operation: 'remove the directory' }, () =>
      unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => rmdirSync(path)),
    );
  }
}

/**
 * Looks whether this process may create something in a directory, or in the nearest parent that is there. Changes nothing.
 *
 * @throws {PkiError} `ERR_STORE` where it may not.
 */
export function assertWritable(directory: string): void {
  const [outermost] = missingDirectories(directory);
  const path = outermost === undefined ? directory : dirname(outermost);
  attempt({ path, operation: 'write to the directory' }, () =>
    accessSync(path, constants.W_OK | constants.X_OK),
  );
}
