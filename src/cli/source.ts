import { basename, dirname, join, resolve } from 'node:path';
import type { PresentDirectory, PresentFile } from '../checks/evidence.ts';
import type { Directories } from '../cluster/directories.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readTree, type ReadTreeOptions, resolveDirectories } from '../present.ts';
import { followLinks, isInside } from '../store/directories.ts';
import { entryAt } from '../store/files.ts';
import { pendingSentences } from './pending.ts';

/** What is audited, wherever it comes from. */
export interface Source {
  readonly files: readonly PresentFile[];
  /** The directories that hold them, where there are some. */
  readonly places?: readonly PresentDirectory[];
  /** What it is called, what holds the certificates first. */
  readonly directories: readonly string[];
  /** What a logical path is called where the files come from. */
  readonly pathOf: (logicalPath: string) => string;
  /** Where they were read, where that is a place. */
  readonly readFrom?: Directories;
  /** What was noticed on the way, a sentence each. */
  readonly notices: readonly string[];
}

/** The directories of what is to be audited: `directory` is the certificate directory, or the one that holds a `pki`. */
function directoriesOf(directory: string, options: ClusterOptions): Directories {
  const named = resolve(options.certDir ?? directory);
  const below = entryAt(join(named, 'pki'));
  const isParent = below?.isDirectory() === true || below?.isSymbolicLink() === true;
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

/**
 * A directory that is named is followed where it is a link, but not out of the directory that holds the link: on a copy of a
 * disk, an absolute link leads to the host that looks.
 */
function assertNotLedAway(directory: string): void {
  if (entryAt(directory)?.isSymbolicLink() !== true) return;
  const target = followLinks(directory);
  if (isInside(target, followLinks(dirname(directory)))) return;
  throw new PkiError('ERR_STORE', `${directory}: is a symbolic link that leads to ${target}`, {
    detail: { path: directory, operation: 'follow' },
    hint: 'name the directory that is to be audited itself; where the link is right, say --follow-links',
  });
}

/**
 * Reads the directories that the words name. Takes no lock and changes nothing.
 *
 * @throws {PkiError} `ERR_STORE` where there is no directory, or one that is a link leads elsewhere.
 */
export async function readDirectorySource(
  directory: string,
  options: ClusterOptions,
  reading: ReadTreeOptions,
): Promise<Source> {
  const asked = directoriesOf(directory, options);
  assertThere(asked.certDir);
  if (!reading.followsLinks) targetDirectories(asked).forEach(assertNotLedAway);
  const directories = await resolveDirectories(asked);
  const tree = await readTree(directories, reading);
  return {
    files: tree.files,
    places: tree.directories,
    directories: targetDirectories(directories),
    readFrom: directories,
    pathOf: (path) => absolutePath(path, directories),
    notices: await pendingSentences(targetDirectories(directories)),
  };
}
