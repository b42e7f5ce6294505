import type { PresentFile } from './checks/evidence.ts';
import type { Directories } from './cluster/directories.ts';
import { isPkiError } from './errors.ts';
import { namedFilesOf, parseKubeconfig } from './kubeconfig/parse.ts';
import { absolutePath, namedPath } from './layout.ts';
import { knownPaths } from './resolve/paths.ts';
import { resolveDirectory } from './store/directories.ts';
import type { FileState } from './store/files.ts';

/** Why there is no text to read, as it follows the name of the file; empty where there is no reason. */
export function obstacleOf(state: FileState): string {
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
      return 'is not there';
    case 'file':
      return '';
  }
}

/**
 * Every place where a file of a PKI may lie on this host: absolute path by logical path. Where no root is kept apart, what
 * is kept apart has no place.
 */
export function knownPlaces(directories: Directories): ReadonlyMap<string, string> {
  const places = knownPaths().map((path) => [path, absolutePath(path, directories)] as const);
  return new Map(places.filter(([, place], at) => places.findIndex((other) => other[1] === place) === at));
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

/** The directories without symbolic links, so that one that is moved meanwhile leads nothing astray. */
export async function resolveDirectories(directories: Directories): Promise<Directories> {
  const { certDir, kubeconfigDir, rootCaDir } = directories;
  return {
    certDir: await resolveDirectory(certDir),
    kubeconfigDir: await resolveDirectory(kubeconfigDir),
    ...(rootCaDir === undefined ? {} : { rootCaDir: await resolveDirectory(rootCaDir) }),
  };
}

/** The logical paths of what the kubeconfigs among these files name within the directories, other than the files themselves. */
export async function namedPaths(
  files: readonly PresentFile[],
  directories: Directories,
): Promise<readonly string[]> {
  const kubeconfigs = files.filter(({ path, contents }) => !path.includes('/') && contents !== undefined);
  const named = await Promise.all(
    kubeconfigs.map(async ({ path, contents = '' }) =>
      (await filesNamedIn(contents)).flatMap((file) => namedPath(file, path, directories)?.path ?? []),
    ),
  );
  const there = new Set(files.map(({ path }) => path));
  return [...new Set(named.flat())].filter((path) => !there.has(path));
}

async function filesNamedIn(text: string): Promise<readonly string[]> {
  try {
    return namedFilesOf(await parseKubeconfig(text));
  } catch (error) {
    // What cannot be read names nothing; that it cannot be read, the checks say.
    if (isPkiError(error, 'ERR_KUBECONFIG')) return [];
    throw error;
  }
}
