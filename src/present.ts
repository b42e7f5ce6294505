import type { PresentFile } from './checks/evidence.ts';
import type { Directories } from './cluster/directories.ts';
import { absolutePath } from './layout.ts';
import { knownPaths } from './resolve/paths.ts';
import type { FileState } from './store/files.ts';

function obstacleOf(state: FileState): string {
  switch (state.kind) {
    case 'directory':
      return 'is a directory';
    case 'special':
      return 'is a pipe, a socket or a device';
    case 'dangling-link':
      return 'is a symbolic link to nothing';
    case 'too-large':
      return `is too large for a file of a PKI (${state.bytes} bytes)`;
    case 'unreadable':
      return `cannot be read (${state.errno})`;
    case 'absent':
    case 'file':
      return '';
  }
}

/** Every place where a file of a PKI may lie on this host: absolute path by logical path. */
export function knownPlaces(directories: Directories): ReadonlyMap<string, string> {
  return new Map(knownPaths().map((path) => [path, absolutePath(path, directories)]));
}

/** Of the known places, those where something is, with what is there. */
export function presentFiles(
  places: ReadonlyMap<string, string>,
  states: ReadonlyMap<string, FileState>,
): readonly PresentFile[] {
  return [...places].flatMap(([path, place]): readonly PresentFile[] => {
    const state = states.get(place);
    if (state === undefined || state.kind === 'absent') return [];
    if (state.kind !== 'file') return [{ path, obstacle: obstacleOf(state) }];
    return [{ path, contents: state.contents, mode: state.mode }];
  });
}
