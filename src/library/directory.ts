import type { PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import { parseDirectories } from '../cluster/parse.ts';
import type { SpecIssue } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import type { PkiFile } from '../pki.ts';
import { knownPlaces, placesWithRequests, presentFiles, resolveDirectories } from '../present.ts';
import { readFiles } from '../store/files.ts';
import { openStore } from '../store/store.ts';
import { assertNone, unknownPaths } from './assert.ts';

/** A certificate directory, or the directories one by one. */
export type ClusterPkiDirectory = string | Directories;

function directoriesOf(directory: ClusterPkiDirectory): Directories {
  return typeof directory === 'string' ? parseDirectories({ certDir: directory }, process.cwd()) : directory;
}

/** What to read beside the files of the table. */
export interface ReadClusterPkiOptions {
  /** Also the requests for certificates that are signed elsewhere. */
  readonly requests?: boolean;
  /** With the requests, also what there is of these nodes. */
  readonly nodes?: readonly string[];
}

/**
 * Reads every file of a PKI that any profile and release knows, as `existing` takes it. Files that are not there are
 * left out; one that cannot be read stands there with the obstacle. Locks and changes nothing.
 *
 * @throws {PkiError} `ERR_CONFIG` where the place of the kubeconfigs is not clear.
 *
 * @example
 * ```ts
 * import { generateClusterPki, readClusterPki } from 'k8s-pki';
 *
 * const existing = await readClusterPki('/etc/kubernetes/pki');
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', existing });
 * ```
 */
export async function readClusterPki(
  directory: ClusterPkiDirectory,
  { requests = false, nodes = [] }: ReadClusterPkiOptions = {},
): Promise<readonly PresentFile[]> {
  const directories = directoriesOf(directory);
  const places = requests ? placesWithRequests(directories, nodes) : knownPlaces(directories);
  return presentFiles(places, await readFiles([...places.values()]));
}

function apartIssues(files: readonly PkiFile[], { rootCaDir }: Directories): readonly SpecIssue[] {
  const apart = files.filter(({ path }) => path.startsWith('root-ca/'));
  if (rootCaDir !== undefined) return [];
  return apart.map(({ path }) => ({
    option: 'files',
    value: path,
    rule: 'belongs to a root that is kept apart, and no directory is given for it',
    hint: '{ certDir: …, kubeconfigDir: …, rootCaDir: … }',
  }));
}

/**
 * Writes the new files of a PKI in one transaction: all of them or none, with their modes from the first byte. Never
 * overwrites. A transaction that an earlier run left unfinished is finished or taken back first.
 *
 * @throws {PkiError} `ERR_OBSTACLE` where something is in the way; `ERR_STORE` where the file system refuses; `ERR_LOCKED`
 * where another run is at work; `ERR_CONFIG` where it is not clear where a file belongs.
 *
 * @example
 * ```ts
 * import { generateClusterPki, writeClusterPki } from 'k8s-pki';
 *
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * await writeClusterPki(pki, './out/pki');
 * ```
 */
export async function writeClusterPki(
  pki: { readonly files: readonly PkiFile[] },
  directory: ClusterPkiDirectory,
): Promise<void> {
  const directories = await resolveDirectories(directoriesOf(directory));
  assertNone([
    ...unknownPaths(
      'files',
      pki.files.map(({ path }) => path),
    ),
    ...apartIssues(pki.files, directories),
  ]);
  const store = await openStore(targetDirectories(directories), { self: process });
  try {
    await store.commit(
      pki.files.map(({ path, contents, mode }) => ({
        path: absolutePath(path, directories),
        contents,
        mode,
        replace: false,
      })),
    );
  } finally {
    await store.close();
  }
}
