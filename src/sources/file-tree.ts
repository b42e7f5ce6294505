import { posix } from 'node:path';
import type { FileTree } from '../present.ts';
import { type DirectoryState, MAXIMUM_DEPTH, type Tree } from '../store/tree.ts';
import type { ArchiveTree } from './links.ts';
import type { Archive } from './tar.ts';

/** Where an archive stands as if it were a disk that is mounted: its own paths are those of the host that it is from. */
const MOUNT = '/.archive';

/** The path of what lies in an archive, as {@link archiveFileTree} takes it. */
export function mounted(path: string): string {
  return posix.join(MOUNT, path);
}

const unmounted = (path: string): string => posix.relative(MOUNT, path) || '.';

/** An archive as what the files of a PKI are read from. */
export function archiveFileTree({ entries, directories }: Archive, tree: ArchiveTree): FileTree {
  const stateOf = (path: string): DirectoryState => {
    const status = directories.get(path);
    return status === undefined ? {} : { status };
  };
  const listTree: FileTree['listTree'] = (directory, enters = () => true): Tree => {
    const named = unmounted(directory);
    const top = tree.realPath(named) ?? named;
    if (tree.stateAt(top).kind !== 'directory')
      return { files: [], directories: new Map([['', { errno: 'ENOENT' }]]), isCut: false };
    const found = new Map([['', stateOf(top)]]);
    const files: string[] = [];
    let isCut = false;
    for (const [path, { kind }] of entries) {
      const relative = posix.relative(top === '.' ? '/' : `/${top}`, `/${path}`);
      if (relative === '' || relative.split('/', 1)[0] === '..') continue;
      const parts = relative.split('/');
      const [first = ''] = parts;
      if ((parts.length > 1 || kind === 'directory') && !enters(first)) continue;
      if (parts.length > MAXIMUM_DEPTH) isCut = true;
      const above = parts.slice(0, kind === 'directory' ? undefined : -1);
      for (let length = 1; length <= Math.min(above.length, MAXIMUM_DEPTH - 1); length += 1) {
        const below = parts.slice(0, length).join('/');
        found.set(below, stateOf(posix.join(top, below)));
      }
      if (kind !== 'directory' && parts.length <= MAXIMUM_DEPTH) files.push(relative);
    }
    return { files: files.toSorted(), directories: found, isCut };
  };
  return {
    stateAt: (path) => tree.stateAt(unmounted(path)),
    followLinks: (path) => mounted(tree.realPath(unmounted(path)) ?? unmounted(path)),
    listTree,
    isOneHost: true,
  };
}
