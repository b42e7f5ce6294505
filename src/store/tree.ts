import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from './failure.ts';

/** More entries, or deeper ones, than any PKI has: what lies there is something else. */
const MAXIMUM_ENTRIES = 10_000;
export const MAXIMUM_DEPTH = 8;

/** A directory, as far as it can be looked at. */
export interface DirectoryState {
  /** The twelve permission bits, and whom it belongs to; absent where the directory above is closed. */
  readonly status?: { readonly mode: number; readonly uid: number; readonly gid: number };
  /** Why its entries cannot be read. */
  readonly errno?: string;
}

/** What lies below a directory. */
export interface Tree {
  /** The path of everything that is no directory itself, relative to the top, sorted. */
  readonly files: readonly string[];
  /** The directories by their paths, that of the top empty. */
  readonly directories: ReadonlyMap<string, DirectoryState>;
  /** Whether there was more of it than is listed. */
  readonly isCut: boolean;
}

/** What `read` gives, or the error number with which the file system refuses. */
function orErrno<T>(read: () => T): { readonly value: T } | { readonly errno: string } {
  try {
    return { value: read() };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return { errno };
  }
}

function readDirectory(path: string): {
  readonly state: DirectoryState;
  readonly entries: readonly Dirent[];
} {
  const found = orErrno(() => lstatSync(path));
  const { mode, uid, gid } = 'value' in found ? found.value : {};
  const status =
    mode === undefined || uid === undefined || gid === undefined
      ? {}
      : { status: { mode: mode & 0o7777, uid, gid } };
  const listed = orErrno(() => readdirSync(path, { withFileTypes: true }));
  return 'value' in listed
    ? { state: status, entries: listed.value }
    : { state: { ...status, errno: listed.errno }, entries: [] };
}

/** The names of the directories that lie right in a directory: every one of them, however much there is in each. */
export function listDirectories(directory: string): {
  readonly names: readonly string[];
  /** Why they cannot be read: then there may be some. */
  readonly errno?: string | undefined;
} {
  const { state, entries } = readDirectory(directory);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return { names, errno: state.errno };
}

/**
 * Lists what lies below a directory, down to 10,000 entries and eight levels; of the directories in it, only what lies in those
 * whose names are entered. What lies in a directory itself comes before what lies deeper, which may be any number. Follows no symbolic link, and never throws for what the file system says.
 */
export function listTree(directory: string, enters: (name: string) => boolean = () => true): Tree {
  const files: string[] = [];
  const directories = new Map<string, DirectoryState>();
  let isCut = false;
  const visit = (relative: string, depth: number): void => {
    const { state, entries } = readDirectory(join(directory, relative));
    directories.set(relative, state);
    const below = entries.filter((entry) => entry.isDirectory());
    for (const entry of [...entries.filter((other) => !other.isDirectory()), ...below]) {
      if (files.length + directories.size >= MAXIMUM_ENTRIES) {
        isCut = true;
        return;
      }
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (!entry.isDirectory()) files.push(path);
      else if (relative === '' && !enters(entry.name)) continue;
      else if (depth < MAXIMUM_DEPTH) visit(path, depth + 1);
      else isCut = true;
    }
  };
  visit('', 1);
  return { files: files.toSorted(), directories, isCut };
}
