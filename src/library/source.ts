import { basename, dirname, join, resolve } from 'node:path';
import type { Directories } from '../cluster/directories.ts';
import { takeOptions } from '../cluster/given.ts';
import type { ClusterOptions } from '../cluster/options.ts';
import { PkiError } from '../errors.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readTree, type ReadTreeOptions, resolveDirectories } from '../present.ts';
import type { Source } from '../sources/source.ts';
import { knownPaths } from '../resolve/paths.ts';
import { readChunks } from '../store/chunks.ts';
import { followLinks, isInside } from '../store/directories.ts';
import { attempt, unless } from '../store/failure.ts';
import { entryAt, isStream } from '../store/files.ts';
import { assertNone } from './assert.ts';
import { pendingSentences } from './pending.ts';

/** How many files of the table are in a directory as in a certificate directory. */
function fitsIn(directory: string): number {
  const inside = knownPaths().filter((path) => path.startsWith('pki/'));
  return inside.filter(
    (path) => unless(['EACCES'], () => entryAt(join(directory, path.slice(4)))) !== undefined,
  ).length;
}

/**
 * The certificate directory that a word names: itself, or the `pki` in it. What holds the files of the table is what is meant,
 * whatever has been put into a `pki` below it; a file or two of them beside that are copies.
 */
function certificateDirectory(named: string): string {
  const below = join(named, 'pki');
  const entry = unless(['EACCES'], () => entryAt(below));
  if (entry?.isDirectory() !== true && entry?.isSymbolicLink() !== true) return named;
  const fits = fitsIn(named);
  const isItself = fits > 0 && (basename(named) === 'pki' || fits * 2 >= fitsIn(below));
  return isItself ? named : below;
}

/** @throws {PkiError} `ERR_CONFIG` where a directory is named by something else than one text. */
function assertNamed({ certDir, kubeconfigDir, rootCaDir }: ClusterOptions): void {
  takeOptions({ certDir, kubeconfigDir, rootCaDir }).assertSound();
}

/** The directories of what is to be audited: `directory` is the certificate directory, or the one that holds a `pki`. */
function directoriesOf(directory: string, options: ClusterOptions): Directories {
  const certDir = certificateDirectory(resolve(options.certDir ?? directory));
  // A certificate directory of any other name may hold the kubeconfigs as well.
  const beside = basename(certDir) === 'pki' ? dirname(certDir) : certDir;
  return {
    certDir,
    kubeconfigDir: options.kubeconfigDir === undefined ? beside : resolve(options.kubeconfigDir),
    ...(options.rootCaDir === undefined ? {} : { rootCaDir: resolve(options.rootCaDir) }),
  };
}

function assertThere(directory: string): void {
  const reading = { path: directory, operation: 'read', hint: 'run as a user who may look into it' };
  const entry = attempt(reading, () => entryAt(directory));
  if (entry?.isDirectory() === true || entry?.isSymbolicLink() === true) {
    // Where nothing in it may be looked at, not one file is unreadable but the directory.
    attempt(reading, () => entryAt(`${directory}/.`));
    return;
  }
  throw new PkiError(
    'ERR_STORE',
    `${directory}: expected a directory, found ${entry === undefined ? 'nothing' : 'something else'}`,
    {
      detail: { path: directory, operation: 'read' },
      hint: 'name the certificate directory or the one that holds it, an archive of either, or - for what comes on stdin',
    },
  );
}

/** @throws {PkiError} `ERR_CONFIG` where the word and the flag name a directory each; `ERR_STORE` where the word names nothing. */
function assertOneDirectory(word: string | undefined, { certDir }: ClusterOptions): void {
  if (word === undefined || certDir === undefined) return;
  assertThere(resolve(word));
  const rule = 'names a directory inside an archive, and what is named is a directory already';
  const hint = 'name the one that is to be audited, and no other';
  assertNone([{ option: 'cert-dir', value: certDir, rule, hint }]);
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

/** Whether more was named than a certificate directory by itself: nothing at all stands for the host. */
function isHostNamed(word: string | undefined, { certDir }: Directories, asked: ClusterOptions): boolean {
  return asked.kubeconfigDir !== undefined || resolve(word ?? asked.certDir ?? '/etc/kubernetes') !== certDir;
}

/**
 * Reads the directories that the words name. Takes no lock and changes nothing.
 *
 * @throws {PkiError} `ERR_STORE` where there is no directory, or one that is a link leads elsewhere.
 */
async function readDirectorySource(
  word: string | undefined,
  options: ClusterOptions,
  reading: ReadTreeOptions,
): Promise<Source> {
  assertOneDirectory(word, options);
  const asked = directoriesOf(word ?? '/etc/kubernetes/pki', options);
  assertThere(asked.certDir);
  if (options.kubeconfigDir !== undefined) assertThere(asked.kubeconfigDir);
  if (asked.rootCaDir !== undefined) assertThere(asked.rootCaDir);
  if (!reading.followsLinks) targetDirectories(asked).forEach(assertNotLedAway);
  const directories = await resolveDirectories(asked);
  const tree = await readTree(directories, reading);
  return {
    files: tree.files,
    findings: [],
    places: tree.directories,
    directories: targetDirectories(directories),
    readFrom: directories,
    wantsKubeconfigs: isHostNamed(word, asked, options),
    pathOf: (path) => absolutePath(path, directories),
    notices: await pendingSentences(targetDirectories(directories)),
  };
}

/** What chooses among what a directory, an archive or a list of Secrets holds. */
export interface ReadSourceOptions extends Pick<ClusterOptions, 'certDir' | 'kubeconfigDir' | 'rootCaDir'> {
  /** Links that lead out of the directory are followed, too. A copy of a disk has links that lead to the host that looks. */
  readonly followsLinks?: boolean;
  /** The cluster whose Secrets are meant. */
  readonly secretsOf?: string | undefined;
  /** Ends the wait for what comes through a pipe, which may be for ever. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads everything that `k8s-pki verify` looks at: of directories also what belongs to nothing, modes and owners; a tar archive
 * or Secrets in a file, either of them on stdin for `-`. Takes no lock and changes nothing.
 *
 * @param place The certificate directory, the one that holds it, or a file; default: /etc/kubernetes/pki.
 * @throws {PkiError} `ERR_CONFIG` where a directory is named twice, or by something else than one text; `ERR_STORE` where there is nothing or it cannot be read;
 * `ERR_SOURCE` where nothing of it can be audited; `ERR_INTERRUPTED` where the signal comes first.
 *
 * @example
 * ```ts
 * import { generateClusterPki, readSource, verifyClusterPki, writeClusterPki } from 'k8s-pki';
 *
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * await writeClusterPki(pki, './audited/pki');
 * const { findings } = await verifyClusterPki({ source: await readSource('./audited') });
 * console.log(findings.length);
 * ```
 */
export async function readSource(
  place: string | undefined,
  options: ReadSourceOptions = {},
): Promise<Source> {
  assertNamed(options);
  const { secretsOf: of, followsLinks = false, certDir, kubeconfigDir, rootCaDir } = options;
  const isStandardInput = place === '-';
  if (place === undefined || (!isStandardInput && !isStream(place)))
    return readDirectorySource(place, options, { followsLinks });
  // Only whoever gives an archive or Secrets waits for what reads them.
  const { parseSource } = await import('../sources/parse.ts');
  return parseSource(readChunks(isStandardInput ? undefined : resolve(place), options.signal), {
    name: isStandardInput ? 'stdin' : resolve(place),
    of,
    certDir,
    kubeconfigDir,
    rootCaDir,
  });
}
