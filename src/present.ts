import { basename, dirname, join, relative } from 'node:path';
import type { OutwardLink, PresentDirectory, PresentFile } from './checks/evidence.ts';
import type { Directories } from './cluster/directories.ts';
import { isPkiError } from './errors.ts';
import { type Kubeconfig, isKubeconfig, namedFilesOf, parseKubeconfig } from './kubeconfig/parse.ts';
import { absolutePath, namedPath, targetDirectories } from './layout.ts';
import { nodePaths } from './resolve/nodes.ts';
import { CERTIFICATES, isCopyPath, knownPaths } from './resolve/paths.ts';
import { knownRequestPaths } from './resolve/requests.ts';
import { followLinks, isInside, resolveDirectory } from './store/directories.ts';
import { type FileState, readFileState } from './store/files.ts';
import { listTree, type Tree } from './store/tree.ts';
import { companionOf } from './table/companions.ts';
import { holdsPrivateKey } from './x509/pem-form.ts';

const DIRECTORY = 'is a directory';
const DANGLING = 'is a symbolic link to nothing';
const cannotBeRead = (errno: string): string => `cannot be read (${errno})`;

/** Whether what stands in the place of a file is for kubeadm the same as nothing (kubeadm.md 10, readwriter_test). */
export const isNoFile = (obstacle: string): boolean => obstacle === DIRECTORY || obstacle === DANGLING;

/** Why there is no text to read, as it follows the name of the file; empty where there is no reason. */
export function obstacleOf(state: FileState): string {
  switch (state.kind) {
    case 'directory':
      return DIRECTORY;
    case 'special':
      return 'is a pipe, a socket or a device';
    case 'dangling-link':
      return DANGLING;
    case 'too-large':
      return `is too large for a file of a PKI (${state.bytes} bytes)`;
    case 'unreadable':
      return cannotBeRead(state.errno);
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

/** The same, with the requests beside them and what there is of further nodes. */
export function placesWithRequests(
  directories: Directories,
  nodes: readonly string[],
): ReadonlyMap<string, string> {
  const further = [...knownRequestPaths(), ...nodes.flatMap(nodePaths)];
  return new Map([
    ...knownPlaces(directories),
    ...further.map((path) => [path, absolutePath(path, directories)] as const),
  ]);
}

function presentFile(path: string, state: FileState, link?: OutwardLink): PresentFile {
  const led = link === undefined ? {} : { link };
  if (state.kind !== 'file') return { path, obstacle: obstacleOf(state), ...led };
  const { contents, mode, uid, gid } = state;
  return { path, contents, mode, owner: { uid, gid }, ...led };
}

/** Of the known places, those where something is, with what is there. */
export function presentFiles(
  places: ReadonlyMap<string, string>,
  states: ReadonlyMap<string, FileState>,
): readonly PresentFile[] {
  return [...places].flatMap(([path, place]): readonly PresentFile[] => {
    const state = states.get(place);
    return state === undefined || state.kind === 'absent' ? [] : [presentFile(path, state)];
  });
}

/** What the store never replaces, as it is spoken of. */
const NEVER_REPLACED: ReadonlyMap<FileState['kind'], string> = new Map([
  ['directory', 'a directory'],
  ['special', 'a pipe, a socket or a device'],
  ['dangling-link', 'a symbolic link'],
]);

function blockAt(place: string, state: FileState): string | undefined {
  const directory = dirname(place);
  // The directories of the PKI have no link in their paths any more; what is below them may be one.
  if (followLinks(directory) !== directory)
    return `behind the symbolic link ${directory}, which is never followed`;
  const kind = state.kind === 'file' && state.isLink ? 'a symbolic link' : NEVER_REPLACED.get(state.kind);
  return kind === undefined ? undefined : `${kind}, which is never replaced`;
}

/** Of the known places, those that the store writes nothing to, with why. The directories are resolved. */
export function blockedPlaces(
  places: ReadonlyMap<string, string>,
  states: ReadonlyMap<string, FileState>,
): ReadonlyMap<string, string> {
  return new Map(
    [...places].flatMap(([path, place]) => {
      const state = states.get(place);
      const block = state && blockAt(place, state);
      return block === undefined ? [] : [[path, block] as const];
    }),
  );
}

/** What is looked at of files that no row has, beside those that a row has. */
const MAXIMUM_STRAYS = 1000;
const MAXIMUM_STRAY_BYTES = 32 * 1024 * 1024;

/**
 * What in the directory of the kubeconfigs is looked at: what may be one or hold a key, copies and backups as well. Others keep
 * their own files there.
 */
const BESIDE_NAME = /\.(?:conf|kubeconfig|key|pem|p12|pfx|jks)(?:[.~_-].*)?$|\.(?:bak|old)$|^config$/;

/**
 * The directories beside the certificate directory that are looked into for the same: a copy of it that was made before a
 * renewal or an upgrade holds every key, too. Their names say that they are copies: `certs` and `tls` may be anybody's.
 */
const BESIDE_DIRECTORY =
  /(?<![a-z])(?:bak|backups?|old|orig|saved?|copy)(?![a-z])|^(?:pki|ssl|kubernetes)[-._~ ]/i;

function isOfPki({ path, contents }: PresentFile): boolean {
  const isCopy = isCopyPath(path);
  if (!isCopy && path.includes('/')) return true;
  // In a copy only a key that can be compared says that the file is of this PKI.
  if (contents === undefined) return !isCopy;
  return isKubeconfig(contents) || holdsPrivateKey(contents);
}

/** What is read first where not all is: snapshots of our own, which are many, hide nothing else. */
function nearness(path: string): number {
  if (companionOf(path)?.isUsual === true) return 3;
  if (isCopyPath(path)) return 2;
  return path.includes('/') ? 0 : 1;
}

/** Everything that lies in the directories of a PKI. */
export interface PresentTree {
  readonly files: readonly PresentFile[];
  readonly directories: readonly PresentDirectory[];
}

/** How directories are read. */
export interface ReadTreeOptions {
  /** Whether to read what symbolic links lead to outside of the directories: on a copy of a disk, files of the wrong host. */
  readonly followsLinks: boolean;
}

/** What there is at absolute paths: on this host, or in what was made of another one's directories. */
export interface FileTree {
  readonly stateAt: (path: string) => FileState;
  /** Where a path leads, as far as what it leads to is there. */
  readonly followLinks: (path: string) => string;
  /** What lies below a directory; of the directories in it, only in those whose names are entered. */
  readonly listTree: (directory: string, enters?: (name: string) => boolean) => Tree;
  /** Whether nothing in it can lead to another host. */
  readonly isOneHost: boolean;
}

const FILE_SYSTEM: FileTree = Object.freeze({
  stateAt: readFileState,
  followLinks,
  listTree,
  isOneHost: false,
});

type ReadOne = (path: string) => PresentFile | undefined;

/** Reads what lies under a logical path; undefined where nothing does. */
function readerIn(directories: Directories, { followsLinks }: ReadTreeOptions, source: FileTree): ReadOne {
  // Everything lies below the root directory: beside a certificate directory it bounds nothing.
  const within = targetDirectories(directories).filter(
    (directory) => directory !== '/' || directory === directories.certDir,
  );
  return (path) => {
    const place = absolutePath(path, directories);
    const target = source.followLinks(place);
    const isWithin = source.isOneHost || within.some((directory) => isInside(target, directory));
    const link = isWithin ? undefined : { target, isFollowed: followsLinks };
    if (link?.isFollowed === false)
      return { path, obstacle: `leads out of what is audited, to ${target}`, link };
    const state = source.stateAt(place);
    return state.kind === 'absent' ? undefined : presentFile(path, state, link);
  };
}

/** The logical paths of what was listed and no row has: all among the certificates, beside them what may be a kubeconfig or a key. */
function otherPaths(
  directories: Directories,
  taken: readonly string[],
  {
    tree,
    beside,
    source,
  }: { readonly tree: Tree; readonly beside: Tree | undefined; readonly source: FileTree },
): readonly string[] {
  const places = taken.map((path) => absolutePath(path, directories));
  // What a file of a row leads to within the directories is that file.
  const known = new Set([...places, ...places.map(source.followLinks)]);
  return [
    ...tree.files.map((path) => `pki/${path}`),
    ...(beside?.files ?? []).filter((path) => BESIDE_NAME.test(basename(path))),
  ]
    .filter((path) => {
      const place = absolutePath(path, directories);
      return !known.has(place) && known.add(place);
    })
    .toSorted((a, b) => nearness(a) - nearness(b));
}

/** Whether a link is no file by itself: what it leads to is listed where it lies, or told by each file behind it. */
function isLinkToDirectory({ path, obstacle, link }: PresentFile): boolean {
  if (link === undefined) return obstacle === DIRECTORY;
  return knownPaths().some((known) => known.startsWith(`${path}/`));
}

function readOthers(
  paths: readonly string[],
  readOne: ReadOne,
): { readonly files: readonly PresentFile[]; readonly unread: readonly string[] } {
  const files: PresentFile[] = [];
  const unread: string[] = [];
  let bytes = 0;
  let count = 0;
  for (const path of paths) {
    const isFull = count >= MAXIMUM_STRAYS || bytes >= MAXIMUM_STRAY_BYTES;
    const file = isFull
      ? { path }
      : (readOne(path) ?? { path, obstacle: 'is gone, or has a name that is not UTF-8' });
    if (isFull) unread.push(path);
    bytes += file.contents?.length ?? 0;
    if (!isOfPki(file) || isLinkToDirectory(file)) continue;
    files.push(file);
    if (!isFull) count += 1;
  }
  return { files, unread };
}

/** Whether a name in the directory of the kubeconfigs is that of a directory that may hold a copy of the others. */
function isCalledLikeCopy(
  name: string,
  { certDir, kubeconfigDir, rootCaDir = certDir }: Directories,
): boolean {
  // The root directory has the `old` and the `backup` of everything.
  if (kubeconfigDir === '/' || !BESIDE_DIRECTORY.test(name)) return false;
  // What is called `pki` and is not the certificate directory has no logical path of its own.
  return isCopyPath(`${name}/`) && ![certDir, rootCaDir].includes(join(kubeconfigDir, name));
}

/** What lies in the directory of the kubeconfigs, and in what may hold a copy of the others. */
function listBeside(directories: Directories, source: FileTree): Tree | undefined {
  const { certDir, kubeconfigDir } = directories;
  if (kubeconfigDir === certDir) return undefined;
  return source.listTree(kubeconfigDir, (name) => isCalledLikeCopy(name, directories));
}

/** The links that are called like a copy and lead to a directory that is not listed where it lies: nobody looks into that. */
function linkedCopies(
  directories: Directories,
  beside: Tree | undefined,
  { readOne, source }: { readonly readOne: ReadOne; readonly source: FileTree },
): readonly PresentFile[] {
  const { certDir, kubeconfigDir } = directories;
  const isListed = (place: string): boolean =>
    isInside(place, certDir) || beside?.directories.has(relative(kubeconfigDir, place)) === true;
  return (beside?.files ?? []).flatMap((path): readonly PresentFile[] => {
    if (path.includes('/') || !isCalledLikeCopy(path, directories)) return [];
    if (isListed(source.followLinks(absolutePath(path, directories)))) return [];
    const file = readOne(path);
    // Whether what is outside is a directory is not asked: on a copy of a disk it is of another host.
    if (file?.link?.isFollowed === false) return [file];
    return file?.obstacle === DIRECTORY
      ? [{ path, obstacle: 'is a symbolic link to a directory, which is not looked into' }]
      : [];
  });
}

/** The directories beside the certificate directory that nobody can look into, each like a file that nobody can read. */
function closedBeside(beside: Tree | undefined): readonly PresentFile[] {
  return [...(beside?.directories ?? [])].flatMap(([path, { errno }]) =>
    path === '' || errno === undefined || errno === 'ENOENT' ? [] : [{ path, obstacle: cannotBeRead(errno) }],
  );
}

/** Whether a directory between that of the kubeconfigs and a file in a copy lets nobody through but its owner and its group. */
function isShutOff({ path }: PresentFile, beside: Tree | undefined): boolean {
  const above = isCopyPath(path) ? path.split('/').slice(0, -1) : [];
  return above.some((_, at, names) => {
    const { mode } = beside?.directories.get(names.slice(0, at + 1).join('/'))?.status ?? {};
    return mode !== undefined && (mode & 0o001) === 0;
  });
}

/** The directories of a tree, under the logical path of its top. */
function presentDirectories(top: string, tree: Tree | undefined): readonly PresentDirectory[] {
  return [...(tree?.directories ?? [])]
    .filter(([, { errno }]) => errno !== 'ENOENT')
    .map(([path, { status, errno }]) => ({
      path: `${top}${path}`,
      ...(status === undefined ? {} : { mode: status.mode, owner: { uid: status.uid, gid: status.gid } }),
      ...(errno === undefined ? {} : { obstacle: cannotBeRead(errno) }),
    }));
}

/**
 * Reads everything that lies in the directories, which are resolved: what any profile and release knows, whatever else lies
 * in the certificate directory, and the kubeconfigs and keys beside it, also in what is called like a copy of it. Changes nothing, takes no lock, and never throws for what the
 * file system says. Of files that nobody knows it reads 1,000 and 32 MiB.
 */
export async function readTree(
  directories: Directories,
  options: ReadTreeOptions,
  source: FileTree = FILE_SYSTEM,
): Promise<PresentTree> {
  const { certDir, rootCaDir = certDir } = directories;
  const readOne = readerIn(directories, options, source);
  const tree = source.listTree(certDir);
  const beside = listBeside(directories, source);
  const apart = rootCaDir === certDir ? undefined : source.listTree(rootCaDir, () => false);
  const paths = [...knownPlaces(directories).keys()];
  const known = paths.flatMap((path) => readOne(path) ?? []);
  const named = await namedPaths(known, directories);
  const linked = linkedCopies(directories, beside, { readOne, source });
  const taken = [...paths, ...named, ...linked.map(({ path }) => path)];
  const others = otherPaths(directories, taken, { tree, beside, source });
  const { files, unread } = readOthers(others, readOne);
  const limitsOf = (part: Tree | undefined, left: readonly string[]): readonly string[] => [
    ...(part?.isCut === true ? ['holds more files, or deeper ones, than are looked at'] : []),
    ...(left.length === 0
      ? []
      : [`holds more than is read: ${left.length} files that belong to nothing were not`]),
  ];
  const isWithin = (path: string): boolean => path.startsWith(CERTIFICATES);
  const limits = new Map([
    ['pki/', limitsOf(tree, unread.filter(isWithin))],
    [
      '.',
      limitsOf(
        beside,
        unread.filter((path) => !isWithin(path)),
      ),
    ],
  ]);
  const places = [
    ...presentDirectories('pki/', tree),
    // What lies in it is no directory of the PKI.
    ...presentDirectories('.', beside).filter(({ path }) => path === '.'),
    ...presentDirectories('root-ca/', apart),
  ];
  return {
    files: [
      ...known,
      ...named.flatMap((path) => readOne(path) ?? []),
      ...files,
      ...linked,
      ...closedBeside(beside),
    ].map((file) => (isShutOff(file, beside) ? { ...file, isShutOff: true } : file)),
    directories: places.map((directory) => {
      const own = limits.get(directory.path) ?? [];
      return own.length === 0 ? directory : { ...directory, limits: own };
    }),
  };
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
async function namedPaths(
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

/** The files that a kubeconfig names; none of what is no kubeconfig. */
export async function filesNamedIn(
  text: string,
  filesOf: (kubeconfig: Kubeconfig) => readonly string[] = namedFilesOf,
): Promise<readonly string[]> {
  try {
    return filesOf(await parseKubeconfig(text));
  } catch (error) {
    // What cannot be read names nothing; that it cannot be read, the checks say.
    if (isPkiError(error, 'ERR_KUBECONFIG')) return [];
    throw error;
  }
}
