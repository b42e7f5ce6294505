import { posix } from 'node:path';
import type { FileState } from '../store/files.ts';
import type { ArchiveEntry } from './tar.ts';

/** As Linux has it (path_resolution(7)); more lead in a circle. */
const MAXIMUM_LINKS = 40;

/** An archive as a file system: a look at a path follows the links in it, and they lead nowhere outside of it. */
export interface ArchiveTree {
  /** What lies at a path, as the store would say it of a real one. */
  readonly stateAt: (path: string) => FileState;
  /** The path behind the links in it; undefined where they lead to nothing. */
  readonly realPath: (path: string) => string | undefined;
}

/** The path of every directory above one of the paths. */
function directoriesAbove(paths: Iterable<string>): ReadonlySet<string> {
  const found = new Set(['.']);
  for (const path of paths) {
    for (let above = posix.dirname(path); !found.has(above); above = posix.dirname(above)) found.add(above);
  }
  return found;
}

interface Resolved {
  readonly path: string;
  readonly isLink: boolean;
  readonly state: FileState;
}

export function archiveTree(entries: ReadonlyMap<string, ArchiveEntry>): ArchiveTree {
  const implied = directoriesAbove(entries.keys());

  const resolve = (wanted: string): Resolved => {
    let links = 0;
    let isLink = false;
    let done = '';
    let left = wanted.split('/').filter((part) => part !== '' && part !== '.');
    while (left.length > 0) {
      const [part = '', ...others] = left;
      const path = posix.join('/', done, part).slice(1);
      const entry = entries.get(path);
      if (entry?.kind === 'link') {
        links += 1;
        if (links > MAXIMUM_LINKS)
          return { path, isLink: true, state: { kind: 'unreadable', errno: 'ELOOP' } };
        isLink = isLink || others.length === 0;
        // The top of the archive stands for the root, as for chroot(2).
        const target = posix.resolve('/', done, entry.target).slice(1);
        done = '';
        left = [...target.split('/').filter((name) => name !== ''), ...others];
      } else {
        const isPassable = entry === undefined || entry.kind === 'directory' || others.length === 0;
        if (!isPassable) return { path: wanted, isLink, state: { kind: 'absent' } };
        done = path;
        left = others;
      }
    }
    const path = done === '' ? '.' : done;
    const entry = entries.get(path);
    if (entry !== undefined && entry.kind !== 'link') return { path, isLink, state: entry };
    return { path, isLink, state: { kind: implied.has(path) ? 'directory' : 'absent' } };
  };

  return {
    stateAt: (path) => {
      const { state, isLink } = resolve(path);
      if (!isLink) return state;
      if (state.kind === 'absent') return { kind: 'dangling-link' };
      return state.kind === 'file' ? { ...state, isLink } : state;
    },
    realPath: (path) => {
      const { path: real, state } = resolve(path);
      return state.kind === 'absent' ? undefined : real;
    },
  };
}
