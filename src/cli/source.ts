import { basename, dirname, join, resolve } from 'node:path';
import type { PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { knownPlaces, namedPaths, presentFiles, resolveDirectories } from '../present.ts';
import { entryAt, readFiles } from '../store/files.ts';
import { listTree } from '../store/tree.ts';
import { pendingSentences } from './pending.ts';

/** What is audited, wherever it comes from. */
export interface Source {
  readonly files: readonly PresentFile[];
  /** What it is called, what holds the certificates first. */
  readonly directories: readonly string[];
  /** What a logical path is called where the files come from. */
  readonly pathOf: (logicalPath: string) => string;
  /** Where they were read, where that is a place. */
  readonly places?: Directories;
  /** What was noticed on the way, a sentence each. */
  readonly notices: readonly string[];
}

/** The directories of what is to be audited: `directory` is the certificate directory, or the one that holds a `pki`. */
function directoriesOf(directory: string, options: ClusterOptions): Directories {
  const named = resolve(options.certDir ?? directory);
  const isParent = entryAt(join(named, 'pki'))?.isDirectory() === true;
  const certDir = isParent ? join(named, 'pki') : named;
  // A certificate directory of any other name may hold the kubeconfigs as well.
  const beside = basename(certDir) === 'pki' ? dirname(certDir) : certDir;
  return {
    certDir,
    kubeconfigDir: options.kubeconfigDir === undefined ? beside : resolve(options.kubeconfigDir),
    ...(options.rootCaDir === undefined ? {} : { rootCaDir: resolve(options.rootCaDir) }),
  };
}

function assertThere(directory: string): void {
  const entry = entryAt(directory);
  if (entry?.isDirectory() === true || entry?.isSymbolicLink() === true) return;
  throw new PkiError(
    'ERR_STORE',
    `${directory}: expected a directory, found ${entry === undefined ? 'nothing' : 'a file'}`,
    {
      detail: { path: directory, operation: 'read' },
      hint: 'name the certificate directory, or the one that holds it: /etc/kubernetes/pki',
    },
  );
}

/** Everything that lies in the directories: what the table knows with its contents, the rest by name. */
async function readDirectories(directories: Directories): Promise<readonly PresentFile[]> {
  const places = knownPlaces(directories);
  const known = presentFiles(places, await readFiles([...places.values()]));
  const named = new Map(
    (await namedPaths(known, directories)).map((path) => [path, absolutePath(path, directories)]),
  );
  const taken = new Set([...places.values(), ...named.values()]);
  const others = listTree(directories.certDir)
    .filter((path) => !taken.has(join(directories.certDir, path)))
    .map((path) => ({ path: `pki/${path}` }));
  return [...known, ...presentFiles(named, await readFiles([...named.values()])), ...others];
}

/**
 * Reads the directories that the words name. Takes no lock and changes nothing.
 *
 * @throws {PkiError} `ERR_STORE` where there is no directory.
 */
export async function readDirectorySource(directory: string, options: ClusterOptions): Promise<Source> {
  const asked = directoriesOf(directory, options);
  assertThere(asked.certDir);
  const directories = await resolveDirectories(asked);
  return {
    files: await readDirectories(directories),
    directories: targetDirectories(directories),
    places: directories,
    pathOf: (path) => absolutePath(path, directories),
    notices: await pendingSentences(targetDirectories(directories)),
  };
}
