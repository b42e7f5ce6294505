import { posix } from 'node:path';
import type { Directories } from '../cluster/directories.ts';
import type { Finding } from '../finding.ts';
import { absolutePath, targetDirectories } from '../layout.ts';
import { readTree } from '../present.ts';
import { type Bytes, openBytes } from './bytes.ts';
import { archiveFileTree, mounted } from './file-tree.ts';
import { type ArchiveTree, archiveTree } from './links.ts';
import { certificateDirectories } from './places.ts';
import { archivedTwice, damaged, type Source, unreadableSource, WHOLE } from './source.ts';
import { type Archive, parseTar, pathInside } from './tar.ts';

/** What of an archive is meant. */
export interface ArchiveOptions {
  /** What it is called in paths and messages; default: `archive`. */
  readonly name?: string;
  /** The certificate directory inside of it; default: the one where the files of the table are. */
  readonly certDir?: string | undefined;
  /** The directory of the kubeconfigs inside of it; default: the parent of the certificate directory, where that is called pki. */
  readonly kubeconfigDir?: string | undefined;
  /** The directory of a root that is kept apart, inside of it. */
  readonly rootCaDir?: string | undefined;
}

const directoryInside = (name: string): string => pathInside(name) || '.';

/** Where it is clear which directory is meant although there are several: the one where kubeadm has it. */
const USUAL = 'etc/kubernetes/pki';

/** Of a fleet in one archive nobody reads the whole list; `choices` has it. */
const MAXIMUM_SHOWN = 10;

/** The certificate directory that is meant, and those beside it that are not looked at. */
function chooseDirectory(
  name: string,
  archive: Archive,
  tree: ArchiveTree,
): { readonly chosen: string; readonly others: readonly string[] } {
  const files = [...archive.entries].filter(([, { kind }]) => kind !== 'directory').map(([path]) => path);
  const found = certificateDirectories(files);
  // A link that is called pki leads to what the files fit: the link is what the components were given.
  const links = files.filter(
    (path) => archive.entries.get(path)?.kind === 'link' && posix.basename(path) === 'pki',
  );
  const named = found.map(
    (directory) => links.find((link) => tree.realPath(link) === directory) ?? directory,
  );
  const [first] = named;
  if (first === undefined) {
    throw unreadableSource(name, 'holds no file that the table has', {
      hint: '--cert-dir names the certificate directory inside the archive, by its path there',
    });
  }
  if (named.length === 1) return { chosen: first, others: [] };
  if (named.includes(USUAL)) return { chosen: USUAL, others: named.filter((path) => path !== USUAL) };
  const shown = named.slice(0, MAXIMUM_SHOWN).join(', ');
  const more = named.length > MAXIMUM_SHOWN ? ` and ${named.length - MAXIMUM_SHOWN} more` : '';
  throw unreadableSource(name, `holds several certificate directories: ${shown}${more}`, {
    choices: named,
    hint: `name the one that is meant: --cert-dir ${first}`,
  });
}

function directoriesOf(chosen: string, { kubeconfigDir, rootCaDir }: ArchiveOptions): Directories {
  // As in a real directory: one of any other name may hold the kubeconfigs as well.
  const beside = posix.basename(chosen) === 'pki' ? posix.dirname(chosen) : chosen;
  return {
    certDir: chosen,
    kubeconfigDir: kubeconfigDir === undefined ? beside : directoryInside(kubeconfigDir),
    ...(rootCaDir === undefined ? {} : { rootCaDir: directoryInside(rootCaDir) }),
  };
}

/** The directories as those of a disk that is mounted. */
function mountedDirectories({ certDir, kubeconfigDir, rootCaDir }: Directories): Directories {
  return {
    certDir: mounted(certDir),
    kubeconfigDir: mounted(kubeconfigDir),
    ...(rootCaDir === undefined ? {} : { rootCaDir: mounted(rootCaDir) }),
  };
}

/** What is wrong with the archive, as far as it concerns the files, which are given by their paths in it. */
function findingsOf({ twice, damage }: Archive, files: ReadonlyMap<string, string>): readonly Finding[] {
  const again = twice.flatMap((place) => files.get(place) ?? []);
  return [
    ...(damage === undefined ? [] : [damaged({ path: WHOLE, message: damage })]),
    ...again.map((path) => archivedTwice({ path, message: 'is in the archive more than once' })),
  ];
}

/** As {@link parseArchive}, of bytes that are known to be a tar archive. */
export async function archiveSource(
  chunks: AsyncIterable<Uint8Array>,
  { name = 'archive', ...options }: ArchiveOptions,
): Promise<Source> {
  const archive = await parseTar(name, chunks);
  const tree = archiveTree(archive.entries);
  if (archive.entries.size === 0) {
    throw unreadableSource(
      name,
      archive.damage === undefined ? 'is empty' : `${archive.damage}: nothing of it can be read`,
    );
  }
  const { chosen, others } =
    options.certDir === undefined
      ? chooseDirectory(name, archive, tree)
      : { chosen: directoryInside(options.certDir), others: [] };
  const directories = directoriesOf(chosen, options);
  const named = [
    ...(options.certDir === undefined ? [] : [chosen]),
    ...(options.kubeconfigDir === undefined ? [] : [directories.kubeconfigDir]),
    ...(directories.rootCaDir === undefined ? [] : [directories.rootCaDir]),
  ];
  const absent = named.find((directory) => tree.stateAt(directory).kind !== 'directory');
  if (absent !== undefined) {
    throw unreadableSource(name, `holds no directory ${absent}`, {
      hint: 'tar -tf lists what is in the archive',
    });
  }
  const readFrom = mountedDirectories(directories);
  const reading = { followsLinks: true };
  const { files, directories: places } = await readTree(readFrom, reading, archiveFileTree(archive, tree));
  const placed = files.flatMap(({ path }) => {
    const place = tree.realPath(absolutePath(path, directories));
    return place === undefined ? [] : [[place, path] as const];
  });
  // Who archives the directory of the kubeconfigs archives those; who archives the other one may have no others.
  const isPartial = archive.damage !== undefined;
  const wantsKubeconfigs =
    !isPartial &&
    (options.kubeconfigDir !== undefined ||
      (directories.kubeconfigDir !== chosen && archive.directories.has(directories.kubeconfigDir)));
  return {
    files,
    places,
    readFrom,
    wantsKubeconfigs,
    findings: findingsOf(archive, new Map(placed)),
    ...(isPartial ? { isPartial } : {}),
    directories: targetDirectories(directories).map((directory) => `${name}:${directory}`),
    pathOf: (path) => (path === WHOLE ? name : `${name}:${absolutePath(path, directories)}`),
    notices: others.map(
      (directory) => `${name}:${directory}: is not looked at; --cert-dir ${directory} does`,
    ),
  };
}

/**
 * Reads a tar archive, as it is or in gzip, into what {@link VerifyClusterPkiOptions} takes as `files`: what belongs to the
 * certificate directory that is in it and to the kubeconfigs beside that. Names, modes, owners and links are those in the
 * archive; a link is followed inside of it alone. Reads and writes no file. Files of more than 1 MiB are not kept.
 *
 * What is damaged gives what could be read and a finding that says so.
 *
 * @throws {PkiError} `ERR_SOURCE` where there is nothing of a PKI in it, more than one, or more than any PKI has.
 *
 * @example
 * ```ts
 * import { execFileSync } from 'node:child_process';
 * import { generateClusterPki, parseArchive, verifyClusterPki, writeClusterPki } from 'k8s-pki';
 *
 * const pki = await generateClusterPki({ hostIp: '10.0.0.5', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256' });
 * await writeClusterPki(pki, './out/pki');
 * const archive = await parseArchive(execFileSync('tar', ['-czf', '-', './out/pki']));
 * const { findings } = await verifyClusterPki({ source: archive });
 * console.log(findings.length);
 * ```
 */
export async function parseArchive(bytes: Bytes, options: ArchiveOptions = {}): Promise<Source> {
  const { name = 'archive' } = options;
  const { form, chunks } = await openBytes(name, bytes);
  if (form !== 'tar') throw unreadableSource(name, 'is no tar archive');
  return archiveSource(chunks, options);
}
